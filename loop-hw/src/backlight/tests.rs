use tempfile::TempDir;

use super::*;

/// Folders like those of a machine whose screen has its own light, of 255 steps.
fn with_kernel_light() -> TempDir {
    let dir = TempDir::new().unwrap();
    let light = dir.path().join("backlight/panel");
    std::fs::create_dir_all(&light).unwrap();
    for (name, value) in [
        ("max_brightness", "255"),
        ("brightness", "255"),
        ("bl_power", "4"),
    ] {
        std::fs::write(light.join(name), value).unwrap();
    }
    dir
}

fn config(backlight: BacklightChoice) -> PanelConfig {
    PanelConfig {
        backlight,
        ..PanelConfig::default()
    }
}

fn level(percent: i64) -> Level {
    Level::of(Brightness::clamped(percent))
}

#[test]
fn a_screen_with_a_light_of_its_own_is_dimmed_by_that() {
    let classes = with_kernel_light();
    let config = config(BacklightChoice::Auto);
    let (drive, trouble) = choose(&config, Behind::Framebuffer, classes.path());
    let mut drive = drive.unwrap();
    assert_eq!((drive.found(), trouble), (Some(Level::FULL), None));
    let content = |name| read_number(&classes.path().join("backlight/panel").join(name)).unwrap();
    drive.apply(level(50)).unwrap();
    assert_eq!((content("brightness"), content("bl_power")), (55, 0));
    drive.apply(level(1)).unwrap();
    assert_eq!(content("brightness"), 3);
    drive.apply(Level::DARK).unwrap();
    assert_eq!(content("brightness"), 0);
}

#[test]
fn a_light_whose_steps_look_equal_is_not_bent_again() {
    let classes = with_kernel_light();
    let dir = classes.path().join("backlight/panel");
    std::fs::write(dir.join("scale"), "non-linear\n").unwrap();
    let mut light = kernel::Light::open(classes.path()).unwrap();
    light.apply(level(50)).unwrap();
    assert_eq!(read_number(&dir.join("brightness")).unwrap(), 137);
    let found = light.found().unwrap();
    assert!(found.to_bits().abs_diff(level(50).to_bits()) < 40);
}

#[test]
fn what_is_none_of_ours_is_left_alone() {
    let classes = with_kernel_light();
    for (choice, behind) in [
        (BacklightChoice::None, Behind::Module),
        (BacklightChoice::None, Behind::Framebuffer),
    ] {
        let (drive, trouble) = choose(&config(choice), behind, classes.path());
        assert!(drive.is_none() && trouble.is_none());
    }
    let nothing = TempDir::new().unwrap();
    let auto = config(BacklightChoice::Auto);
    let (drive, trouble) = choose(&auto, Behind::Framebuffer, nothing.path());
    assert!(drive.is_none() && trouble.is_none());
}

#[test]
fn a_configured_channel_that_is_missing_is_named_before_the_next_is_tried() {
    let nothing = TempDir::new().unwrap();
    let config = PanelConfig {
        backlight_pwm: nothing.path().join("pwmchip3/pwm1"),
        ..config(BacklightChoice::Pwm)
    };
    let (_, trouble) = choose(&config, Behind::Module, nothing.path());
    let trouble = trouble.unwrap();
    assert!(trouble.contains("pwmchip3/export"), "{trouble}");
    assert!(trouble.contains("; the backlight is "), "{trouble}");
}

#[test]
fn a_configured_channel_is_taken() {
    let dir = TempDir::new().unwrap();
    let channel = dir.path().join("pwm0");
    std::fs::create_dir(&channel).unwrap();
    for name in ["period", "duty_cycle", "enable"] {
        std::fs::write(channel.join(name), "0").unwrap();
    }
    let config = PanelConfig {
        backlight_pwm: channel.clone(),
        ..config(BacklightChoice::Auto)
    };
    let (drive, trouble) = choose(&config, Behind::Module, dir.path());
    assert_eq!(trouble, None);
    drop(Fader::start(drive));
    assert_eq!(read_number(&channel.join("enable")).unwrap(), 0);
    let (drive, _) = choose(&config, Behind::Module, dir.path());
    let mut fader = Fader::start(drive);
    fader.set(Brightness::FULL).unwrap();
    drop(fader);
    assert_eq!(read_number(&channel.join("enable")).unwrap(), 1);
    assert_eq!(read_number(&channel.join("duty_cycle")).unwrap(), 1_000_000);
}
