use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("loop.toml")).map_err(|error| error.to_string())
}

fn overlay(name: &str, value: &str) -> Result<Config, String> {
    let variables = [(name.to_owned(), value.to_owned())].into_iter();
    env::overlay(Config::default(), variables).map_err(|error| error.to_string())
}

#[test]
fn an_empty_file_gives_the_defaults() {
    assert_eq!(parse(""), Ok(Config::default()));
}

#[test]
fn light_and_mirror_can_be_chosen() {
    let panel = parse("[panel]\nmirror = true\nbacklight = \"pwm\"\n")
        .unwrap()
        .panel;
    assert_eq!(
        (panel.mirror, panel.backlight),
        (true, BacklightChoice::Pwm)
    );
    let channel = overlay("LOOP_PANEL_BACKLIGHT_PWM", "/sys/class/pwm/pwmchip0/pwm1");
    assert_eq!(
        channel.unwrap().panel.backlight_pwm,
        Path::new("/sys/class/pwm/pwmchip0/pwm1")
    );
    assert!(parse("[panel]\nbacklight = \"sun\"\n").is_err());
}

#[test]
fn an_unknown_key_is_refused_with_its_place() {
    let message = parse("[web]\nmax_websockets = 3\n  colour = 1\n").unwrap_err();
    assert!(
        message.starts_with("loop.toml:3:3: unknown field `colour`"),
        "{message}"
    );
}

#[test]
fn a_value_out_of_range_is_refused_with_its_place() {
    let message = parse("[panel]\nspi_speed_hz = 1\n").unwrap_err();
    assert!(
        message.starts_with("loop.toml:2:16: 1 is not within 100000..=125000000"),
        "{message}"
    );
    assert!(
        parse("[panel]\nrotation = 45\n")
            .unwrap_err()
            .contains("rotation 45")
    );
}

#[test]
fn a_daemon_that_would_listen_nowhere_is_refused() {
    let message = parse("[web]\nlisten = []\n").unwrap_err();
    assert_eq!(message, "loop.toml:2:10: at least one entry is needed");
}

#[test]
fn only_an_origin_can_be_a_source_of_the_page() {
    let good = ["https://unpkg.com", "http://10.0.0.2:8000", "http://[::1]"];
    for text in good {
        let config = overlay("LOOP_WEB_PAGE_SOURCES", text).unwrap();
        assert_eq!(config.web.page_sources, [text.parse().unwrap()]);
    }
    for text in [
        "unpkg.com",
        "https://",
        "https://a/b",
        "https://a; script-src *",
        "*",
        "data:",
    ] {
        let message = overlay("LOOP_WEB_PAGE_SOURCES", text).unwrap_err();
        assert!(message.contains("without a path"), "{message}");
    }
}

#[test]
fn every_kind_of_key_can_be_set_by_environment() {
    assert_eq!(
        overlay("LOOP_WEB_LISTEN", "127.0.0.1:1,[::1]:2")
            .unwrap()
            .web
            .listen
            .len(),
        2
    );
    assert_eq!(
        overlay("LOOP_PATHS_DATA", "/x").unwrap().paths.data,
        Path::new("/x")
    );
    assert_eq!(
        overlay("LOOP_PANEL_KIND", "simulated").unwrap().panel.kind,
        PanelChoice::Simulated
    );
    assert_eq!(
        overlay("LOOP_PANEL_SPI_SPEED_HZ", "62500000")
            .unwrap()
            .panel
            .spi_speed_hz
            .get(),
        62_500_000
    );
    assert!(
        !overlay("LOOP_PLAYBACK_AUTO_ADVANCE", "false")
            .unwrap()
            .playback
            .auto_advance
    );
    assert!(
        !overlay("LOOP_PLAYBACK_SHOW_PROGRESS", "false")
            .unwrap()
            .playback
            .show_progress
    );
    assert_eq!(
        overlay("LOOP_PLAYBACK_LOOP_COUNT", "-1")
            .unwrap()
            .playback
            .loop_count,
        -1
    );
}

#[test]
fn the_wire_and_its_lines_can_be_chosen() {
    let text = "[panel]\nwire = \"spidev\"\ngpio_chip = \"/dev/gpiochip4\"\nline_dc = 7\n";
    let panel = parse(text).unwrap().panel;
    assert_eq!(panel.wire, WireChoice::Spidev);
    assert_eq!(panel.gpio_chip, GpioChip::Path("/dev/gpiochip4".into()));
    assert_eq!((panel.line_dc.get(), panel.line_reset.get()), (7, 27));
    let chip = |value| overlay("LOOP_PANEL_GPIO_CHIP", value);
    assert_eq!(chip("auto").unwrap().panel.gpio_chip, GpioChip::Auto);
    assert!(chip("gpiochip0").unwrap_err().contains("from the root"));
    let message = parse("[panel]\nline_dc = 4000\n").unwrap_err();
    assert!(message.contains("4000 is not within 0..=1023"), "{message}");
}

#[test]
fn a_bad_variable_is_named() {
    for (name, value) in [
        ("LOOP_PANEL_WIRE", "parallel"),
        ("LOOP_PANEL_LINE_RESET", "GPIO27"),
        ("LOOP_WEB_LISTEN", "nowhere"),
        ("LOOP_WEB_LISTEN", ""),
        ("LOOP_WEB_COLOUR", "1"),
        ("LOOP_PANEL_ROTATION", "1"),
        ("LOOP_PLAYBACK_AUTO_ADVANCE", "perhaps"),
    ] {
        let message = overlay(name, value).unwrap_err();
        assert!(message.contains(name), "{message}");
    }
}

#[test]
fn other_variables_are_none_of_our_business() {
    assert_eq!(overlay("LOOP_LOG", "debug"), Ok(Config::default()));
    assert_eq!(overlay("HOME", "/root"), Ok(Config::default()));
}
