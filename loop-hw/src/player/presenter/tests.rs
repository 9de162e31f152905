//! The presenter step by step, on a clock that the tests move.

mod cover;

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use loop_proto::clip::{Clip, ClipWriter, Position, Record};
use loop_proto::geometry::Rect;
use loop_proto::pixel::Frame;
use loop_proto::snapshot::PanelKind;
use loop_proto::units::Brightness;

use super::*;
use crate::bus::{self, Traffic};
use crate::panel::{Damage, Diagnosis};
use crate::player::rings::{DirectorEnd, rings};

const FRAME: Duration = Duration::from_millis(40);
/// Bytes that the panel heals in a millisecond.
const HEALED_PER_MS: u64 = 5000;

/// What a panel was asked for.
#[derive(Default)]
struct Glass {
    shown: Vec<u8>,
    budgets: Vec<Duration>,
    fails: bool,
}

/// Takes over what the damage tells and checks that this is the whole picture.
struct Fake {
    glass: Arc<Mutex<Glass>>,
    memory: Frame,
    healed: u64,
}

impl Panel for Fake {
    fn kind(&self) -> PanelKind {
        PanelKind::Simulated
    }

    fn present(&mut self, frame: &Frame, damage: Damage<'_>) -> Result<(), Error> {
        let mut glass = self.glass.lock().unwrap();
        if glass.fails {
            return Err(bus::Error::Write("told to fail".to_owned()).into());
        }
        match damage {
            Damage::Unknown => self.memory.copy_from(frame),
            Damage::Rects(rects) => rects
                .iter()
                .for_each(|rect| copy(frame, *rect, &mut self.memory)),
        }
        assert!(self.memory == *frame, "the damage does not tell all");
        glass.shown.push(frame.as_bytes()[0]);
        Ok(())
    }

    fn heal(&mut self, budget: Duration) -> Result<bool, Error> {
        self.healed += u64::try_from(budget.as_millis()).unwrap() * HEALED_PER_MS;
        self.glass.lock().unwrap().budgets.push(budget);
        Ok(true)
    }

    fn picture(&self, out: &mut Frame) {
        out.copy_from(&self.memory);
    }

    fn set_brightness(&mut self, _: Brightness) -> Result<(), Error> {
        Ok(())
    }

    fn diagnosis(&self) -> Diagnosis {
        let traffic = Traffic {
            bytes: self.healed,
            writes: 0,
        };
        Diagnosis {
            traffic,
            ..Diagnosis::default()
        }
    }
}

fn copy(from: &Frame, rect: Rect, to: &mut Frame) {
    for (to, from) in to.rows_mut(rect).zip(from.rows(rect)) {
        to.copy_from_slice(from);
    }
}

/// A presenter, the director's end, and the clock.
struct Scene {
    presenter: Presenter,
    end: DirectorEnd,
    glass: Arc<Mutex<Glass>>,
    now: Duration,
    clip: Clip<Vec<u8>>,
}

/// A clip whose frame `n` begins with the byte `n + 1`, and is different from the one before in one place more.
fn clip() -> Clip<Vec<u8>> {
    let mut writer = ClipWriter::new(Cursor::new(Vec::new())).unwrap();
    let mut frame = Frame::black();
    for shade in 1..=20 {
        frame.as_bytes_mut()[0] = shade;
        frame.as_bytes_mut()[usize::from(shade) * 5000..][..900].fill(shade);
        writer.push(&frame, FRAME).unwrap();
    }
    Clip::open(writer.finish().unwrap().0.into_inner()).unwrap()
}

impl Scene {
    fn new() -> Self {
        let glass = Arc::new(Mutex::new(Glass::default()));
        let panel = Box::new(Fake {
            glass: Arc::clone(&glass),
            memory: Frame::black(),
            healed: 0,
        });
        let (end, presenter_end) = rings();
        let counters = Arc::new(Counters::default());
        Self {
            presenter: Presenter::new(panel, presenter_end, counters, Instant::now()),
            end,
            glass,
            now: monotonic(),
            clip: clip(),
        }
    }

    /// One whose first frame is on the glass, with these ready to follow.
    fn playing(following: u32) -> Self {
        let mut scene = Self::new();
        scene.cue(0, Place::Chosen);
        (1..=following).for_each(|frame| scene.cue(frame, Place::Within));
        scene.run();
        scene
    }

    fn cue(&mut self, frame: u32, place: Place) {
        let mut record = Record::default();
        self.clip.load(Position::Frame(frame), &mut record).unwrap();
        let cue = Cue {
            segment: 1,
            frame,
            record,
            duration: FRAME,
            place,
        };
        assert!(self.end.send(Message::Cue(cue)).is_none());
    }

    fn order(&mut self, order: Order) {
        assert!(self.end.send(Message::Order(order)).is_none());
    }

    /// Steps until there is nothing to do at this moment; returns when there will be.
    fn run(&mut self) -> Option<Duration> {
        loop {
            match self.presenter.step(self.now) {
                Next::Step => {}
                Next::Wait(until) => return until,
                Next::Stop => panic!("stopped"),
            }
        }
    }

    /// Wakes as it asks to, for so long.
    fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.run().filter(|at| *at <= end) {
            assert!(at > self.now, "it waits for the past");
            self.now = at;
        }
        self.now = end;
    }

    fn reports(&mut self) -> Vec<Report> {
        std::iter::from_fn(|| self.end.next_report()).collect()
    }

    fn fates(&mut self) -> Vec<(u32, Fate)> {
        let reports = self.reports().into_iter();
        let fates = reports.filter_map(|report| match report {
            Report::Cue(cue, fate, _) => Some((cue.frame, fate)),
            _ => None,
        });
        fates.collect()
    }

    fn shown(&self) -> Vec<u8> {
        self.glass.lock().unwrap().shown.clone()
    }
}

#[test]
fn frames_come_at_their_deadlines() {
    let mut scene = Scene::playing(3);
    let start = scene.now;
    for (number, shown) in (1..=3).zip([2, 3, 4]) {
        scene.now = start + FRAME * number - Duration::from_micros(1);
        scene.run();
        assert_eq!(scene.shown().last(), Some(&(shown - 1)));
        scene.now = start + FRAME * number;
        scene.run();
        assert_eq!(scene.shown().last(), Some(&shown));
    }
    assert_eq!(scene.presenter.counters.health().frames_dropped, 0);
}

#[test]
fn late_frames_are_united_and_shown_once() {
    let mut scene = Scene::playing(5);
    scene.now += FRAME * 4 + FRAME / 2;
    scene.run();
    assert_eq!(scene.shown(), [1, 5]);
    let dropped = [(1, Fate::Dropped), (2, Fate::Dropped), (3, Fate::Dropped)];
    let fates = scene.fates();
    assert_eq!(fates[0], (0, Fate::Shown));
    assert_eq!((&fates[1..4], fates[4]), (&dropped[..], (4, Fate::Shown)));
    let health = scene.presenter.counters.health();
    assert_eq!(
        (health.frames_dropped, health.worst_lateness_us),
        (3, 20_000)
    );
    scene.now += FRAME / 2;
    scene.run();
    assert_eq!(scene.shown(), [1, 5, 6], "the deadline did not move");
}

#[test]
fn halted_the_picture_stays_and_the_records_come_back() {
    let mut scene = Scene::playing(3);
    scene.order(Order::Halt);
    scene.now += FRAME * 9;
    scene.run();
    assert_eq!(scene.shown(), [1]);
    let unused = [1, 2, 3].map(|frame| (frame, Fate::Unused));
    assert_eq!(scene.fates()[1..], unused);
}

#[test]
fn a_choice_is_shown_while_paused_and_what_follows_is_not() {
    let mut scene = Scene::playing(2);
    scene.order(Order::Playback(Playback::Paused));
    scene.now += FRAME * 9;
    scene.run();
    assert_eq!(scene.shown(), [1]);
    scene.order(Order::Halt);
    scene.run();
    scene.cue(0, Place::Chosen);
    scene.cue(1, Place::Within);
    scene.run_for(FRAME * 9);
    assert_eq!(scene.shown(), [1, 1]);
    scene.order(Order::Playback(Playback::Playing));
    scene.run();
    scene.now += FRAME;
    scene.run();
    assert_eq!(scene.shown(), [1, 1, 2]);
}

#[test]
fn a_panel_that_fails_is_left_alone_and_then_gets_the_picture_of_the_moment() {
    let mut scene = Scene::playing(3);
    scene.reports();
    scene.glass.lock().unwrap().fails = true;
    scene.run_for(FRAME * 3);
    assert_eq!(scene.presenter.counters.health().panel_errors, 1);
    scene.glass.lock().unwrap().fails = false;
    let told = scene.reports();
    let panel = told
        .iter()
        .filter(|report| matches!(report, Report::Panel(Some(_))));
    assert_eq!(panel.count(), 1);
    scene.run_for(RETRY);
    assert_eq!(scene.shown(), [1, 4]);
    assert!(matches!(scene.reports()[..], [Report::Panel(None)]));
}

#[test]
fn a_director_that_does_not_listen_still_gets_every_answer_and_how_the_panel_is() {
    let mut scene = Scene::new();
    scene.glass.lock().unwrap().fails = true;
    for round in 0..3 {
        (0..RECORDS).for_each(|_| scene.cue(0, Place::Chosen));
        scene.order(Order::Halt);
        scene.run_for(RETRY * 2);
        // Works and fails again, which nobody hears.
        for fails in [false, true, round == 0] {
            scene.glass.lock().unwrap().fails = fails;
            scene.run_for(RETRY);
        }
        let reports = scene.reports();
        let cues = reports
            .iter()
            .filter(|report| matches!(report, Report::Cue(..)));
        assert_eq!(cues.count(), RECORDS);
        assert!(
            reports
                .iter()
                .any(|report| matches!(report, Report::Done(..)))
        );
        scene.run();
    }
    assert!(scene.presenter.untold.is_none());
}

#[test]
fn healing_ends_long_before_the_next_frame() {
    let mut scene = Scene::playing(7);
    let start = scene.now;
    for number in 1..7 {
        let (deadline, heals) = (
            start + FRAME * number,
            scene.glass.lock().unwrap().budgets.len(),
        );
        let spare = Duration::from_micros(u64::from(number) * 1500);
        scene.now = deadline - spare;
        // Long enough ago for the next slice to be due.
        scene.presenter.healing = Healing::default();
        scene.run();
        let budgets = scene.glass.lock().unwrap().budgets.clone();
        assert!(budgets[heals..].iter().all(|budget| *budget * 2 < spare));
        assert_eq!(budgets.len() > heals, number > 1, "{spare:?}");
        scene.now = deadline;
        scene.run();
    }
}

#[test]
fn paused_the_glass_is_swept_gently() {
    let mut scene = Scene::playing(1);
    scene.order(Order::Playback(Playback::Paused));
    scene.run_for(Duration::from_secs(6));
    let glass = scene.glass.lock().unwrap();
    let healed: Duration = glass.budgets.iter().sum();
    let sweeps = healed.as_secs_f64() * 5_000_000.0 / 153_600.0;
    assert!((3.0..=6.0).contains(&sweeps), "{sweeps} in 6 s");
    assert!(glass.budgets.len() < 60, "{}", glass.budgets.len());
}

#[test]
fn nothing_is_healed_before_the_first_picture_or_while_the_panel_fails() {
    let mut scene = Scene::new();
    scene.run_for(RETRY);
    scene.glass.lock().unwrap().fails = true;
    scene.cue(0, Place::Chosen);
    scene.run_for(RETRY * 3);
    assert_eq!(scene.glass.lock().unwrap().budgets, []);
}

#[test]
fn alone_it_stops() {
    let mut scene = Scene::playing(3);
    let (other, _) = rings();
    scene.end = other;
    assert_eq!(scene.presenter.step(scene.now), Next::Stop);
}
