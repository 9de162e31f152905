use std::sync::{Mutex, mpsc};

use nix::unistd::{Pid, gettid};

use super::*;

fn level(percent: i64) -> Level {
    Level::of(Brightness::clamped(percent))
}

/// Remembers what it was set to.
struct Memory {
    found: Option<Level>,
    levels: Arc<Mutex<Vec<Level>>>,
    broken: bool,
}

impl Drive for Memory {
    fn found(&self) -> Option<Level> {
        self.found
    }

    fn apply(&mut self, level: Level) -> Result<(), Error> {
        if self.broken {
            return Err(Error::NotFound(18));
        }
        self.levels.lock().unwrap().push(level);
        Ok(())
    }

    fn name(&self) -> &'static str {
        "a test"
    }
}

fn memory(found: Option<Level>) -> (Memory, Arc<Mutex<Vec<Level>>>) {
    let levels = Arc::new(Mutex::new(Vec::new()));
    let memory = Memory {
        found,
        levels: Arc::clone(&levels),
        broken: false,
    };
    (memory, levels)
}

#[test]
fn a_fade_goes_one_way_and_takes_its_time() {
    let start = Instant::now();
    let mut fade = Fade::steady(Level::DARK, start);
    fade.aim(level(80), start);
    let at = |ms| fade.at(start + Duration::from_millis(ms));
    let levels: Vec<Level> = (0..=300).step_by(10).map(at).collect();
    assert!(levels.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!((levels[0], levels[30]), (Level::DARK, level(80)));
    assert_eq!(fade.at(start + Duration::from_secs(9)), level(80));
}

#[test]
fn a_new_target_starts_from_where_the_light_is() {
    let start = Instant::now();
    let mut fade = Fade::steady(Level::DARK, start);
    fade.aim(Level::FULL, start);
    let middle = start + FADE / 2;
    let there = fade.at(middle);
    fade.aim(Level::DARK, middle);
    assert_eq!(fade.at(middle), there);
    assert!(fade.at(middle + FADE / 2) < there);
    assert_eq!(fade.at(middle + FADE), Level::DARK);
    // Saying the same again does not start anew.
    fade.aim(Level::DARK, middle + FADE / 2);
    assert_eq!(fade.at(middle + FADE), Level::DARK);
}

#[test]
fn the_first_light_comes_up_from_the_dark_without_a_flash() {
    let (drive, levels) = memory(Some(Level::DARK));
    let mut lamp = Lamp::new(Box::new(drive));
    let start = Instant::now();
    for ms in (0..=300).step_by(10) {
        lamp.step(level(40), false, start + Duration::from_millis(ms));
    }
    let levels = levels.lock().unwrap();
    assert!(levels.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(levels.len() > 20);
    assert_eq!(levels.last(), Some(&level(40)));
}

#[test]
fn a_light_found_as_it_should_be_is_not_touched() {
    let (drive, levels) = memory(Some(level(40)));
    let mut lamp = Lamp::new(Box::new(drive));
    assert!(lamp.step(level(40), false, Instant::now()));
    assert!(levels.lock().unwrap().is_empty());
}

#[test]
fn a_light_nobody_knows_about_is_set_without_a_fade() {
    let (drive, levels) = memory(None);
    let mut lamp = Lamp::new(Box::new(drive));
    assert!(lamp.step(level(40), false, Instant::now()));
    assert_eq!(*levels.lock().unwrap(), [level(40)]);
}

#[test]
fn the_last_brightness_asked_for_wins_and_stays_at_exit() {
    let (drive, levels) = memory(Some(Level::FULL));
    let mut fader = Fader::start(Some(Box::new(drive)));
    for percent in (1..=100).chain([7]) {
        fader.set(Brightness::clamped(percent)).unwrap();
    }
    drop(fader);
    assert_eq!(levels.lock().unwrap().last(), Some(&level(7)));
}

#[test]
fn a_light_nobody_has_set_is_left_alone() {
    let (drive, levels) = memory(Some(level(60)));
    drop(Fader::start(Some(Box::new(drive))));
    assert!(levels.lock().unwrap().is_empty());
}

#[test]
fn a_light_that_cannot_be_set_does_not_end_the_thread() {
    let (drive, _) = memory(Some(Level::DARK));
    let mut lamp = Lamp::new(Box::new(Memory {
        broken: true,
        ..drive
    }));
    let now = Instant::now();
    assert!(!lamp.step(level(50), false, now));
    assert!(lamp.step(level(50), false, now + FADE));
    assert!(lamp.failing);
}

/// Tells which thread it is on, and each level.
struct Reporter(mpsc::Sender<(Pid, Level)>);

impl Drive for Reporter {
    fn found(&self) -> Option<Level> {
        Some(Level::DARK)
    }

    fn apply(&mut self, level: Level) -> Result<(), Error> {
        self.0.send((gettid(), level)).unwrap();
        Ok(())
    }

    fn name(&self) -> &'static str {
        "a test"
    }
}

#[test]
fn the_thread_sleeps_when_the_light_is_steady() {
    let (levels, seen) = mpsc::channel();
    let mut fader = Fader::start(Some(Box::new(Reporter(levels))));
    let began = Instant::now();
    fader.set(Brightness::FULL).unwrap();
    let patience = Duration::from_secs(20);
    let last = std::iter::from_fn(|| seen.recv_timeout(patience).ok())
        .find(|(_, level)| *level == Level::FULL);
    assert!(began.elapsed() >= FADE);
    let status = format!("/proc/self/task/{}/status", last.unwrap().0);
    let wakes = || {
        // Nothing more comes, so this waits.
        assert!(seen.recv_timeout(Duration::from_millis(100)).is_err());
        let status = std::fs::read_to_string(&status).unwrap();
        let count = status
            .lines()
            .find(|line| line.starts_with("voluntary_ctxt"));
        count.unwrap().to_owned()
    };
    assert_eq!(wakes(), wakes());
}
