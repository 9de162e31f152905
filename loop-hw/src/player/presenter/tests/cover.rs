//! What lies over the picture, and that nothing else is different for it.

use loop_proto::geometry::PANEL;
use proptest::prelude::*;

use super::*;

fn cover(shade: u8, height: u16) -> Cover {
    let mut picture = Frame::black();
    picture.as_bytes_mut().fill(shade);
    // Not the same everywhere, so that there is little between two of them.
    let row = Rect {
        y: u16::from(shade),
        height: 3,
        ..PANEL.rect()
    };
    picture.rows_mut(row).for_each(|row| row.fill(0xEE));
    Cover::bottom_of(&picture, height)
}

impl Scene {
    /// Lays a cover over the picture; tells whether it was answered at once.
    fn lay_over(&mut self, shade: u8, height: u16) -> bool {
        self.order(Order::Cover(cover(shade, height)));
        self.run();
        self.is_answered()
    }

    fn is_answered(&mut self) -> bool {
        let is_answer = |report: &Report| matches!(report, Report::Done(Answer::Cover(_), _));
        self.reports().iter().any(is_answer)
    }

    fn glass(&mut self) -> Box<Frame> {
        self.order(Order::Copy(Box::new(Frame::black())));
        self.run();
        let copied = self.reports().into_iter().find_map(|report| match report {
            Report::Done(Answer::Frame(_, frame), _) => Some(frame),
            _ => None,
        });
        copied.unwrap()
    }
}

/// What should be on the glass.
fn covered(picture: &Frame, shade: u8, height: u16) -> Frame {
    let mut picture = picture.clone();
    cover(shade, height).exchange(&mut picture);
    picture
}

#[test]
fn with_time_enough_a_cover_comes_at_once_and_without_it_comes_with_the_next_frame() {
    let mut scene = Scene::playing(3);
    let start = scene.now;
    scene.reports();
    assert!(scene.lay_over(9, 20));
    assert_eq!(scene.shown(), [1, 1]);
    scene.now = start + FRAME - COVER_ROOM + Duration::from_micros(1);
    assert!(!scene.lay_over(10, 20));
    assert_eq!(scene.shown(), [1, 1]);
    scene.now = start + FRAME;
    scene.run();
    assert!(scene.is_answered());
    assert_eq!(scene.shown(), [1, 1, 2], "one picture with both");
    let second = covered(&scene.clip.render(1).unwrap(), 10, 20);
    assert!(*scene.glass() == second);
    assert_eq!(scene.presenter.counters.health().worst_lateness_us, 0);
}

#[test]
fn a_frame_that_never_comes_is_not_waited_for() {
    let mut scene = Scene::playing(0);
    scene.reports();
    scene.now += FRAME - COVER_ROOM / 2;
    assert!(!scene.lay_over(9, 20));
    scene.run_for(COVER_ROOM);
    assert!(scene.is_answered());
    assert_eq!(scene.shown(), [1, 1]);
}

#[test]
fn before_the_first_picture_and_on_a_panel_that_fails_a_cover_waits_for_the_picture() {
    let mut scene = Scene::new();
    assert!(scene.lay_over(9, 20));
    assert!(scene.shown().is_empty());
    scene.cue(0, Place::Chosen);
    scene.run();
    assert!(*scene.glass() == covered(&scene.clip.render(0).unwrap(), 9, 20));
    scene.glass.lock().unwrap().fails = true;
    assert!(scene.lay_over(10, 20), "the one that fails");
    assert!(scene.lay_over(11, 20));
    scene.glass.lock().unwrap().fails = false;
    scene.run_for(RETRY);
    assert!(*scene.glass() == covered(&scene.clip.render(0).unwrap(), 11, 20));
}

#[test]
fn a_cover_that_hardly_changes_damages_hardly_anything() {
    let mut scene = Scene::playing(0);
    scene.presenter.draft.lay_over(&mut cover(9, 20));
    scene.presenter.draft.presented();
    scene.presenter.draft.lay_over(&mut cover(9, 20));
    assert!(matches!(scene.presenter.draft.damage(), Damage::Rects([])));
    let mut next = Frame::black();
    cover(9, 20).exchange(&mut next);
    let changed = Rect {
        x: 230,
        y: 100,
        width: 5,
        height: 2,
    };
    next.rows_mut(changed).for_each(|row| row.fill(1));
    scene
        .presenter
        .draft
        .lay_over(&mut Cover::bottom_of(&next, 20));
    let columns = Rect {
        x: 220,
        width: 20,
        ..changed
    };
    assert!(
        matches!(scene.presenter.draft.damage(), Damage::Rects([rect]) if *rect == columns),
        "{:?}",
        scene.presenter.draft.damage()
    );
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Frame,
    Cover(u8, u16),
    Screen(u8),
    Pass(u8),
}

fn event() -> impl Strategy<Value = Event> {
    let height = prop_oneof![Just(0u16), Just(6), Just(23)];
    prop_oneof![
        4 => Just(Event::Frame),
        3 => (0u8..3, height).prop_map(|(shade, height)| Event::Cover(shade, height)),
        1 => (1u8..255).prop_map(Event::Screen),
        3 => (0u8..60).prop_map(Event::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The panel checks at each picture that the damage tells all.
    #[test]
    fn the_glass_shows_the_picture_and_the_cover_whatever_comes_when(events in prop::collection::vec(event(), 1..40)) {
        let mut scene = Scene::playing(0);
        let (mut frame, mut over) = (0, (0, 0));
        let mut picture = scene.clip.render(0).unwrap();
        for event in events {
            match event {
                Event::Frame => {
                    frame = (frame + 1) % 20;
                    // After a screen only a whole picture can follow.
                    let place = if frame == 0 { Place::Chosen } else { Place::Within };
                    if frame == 0 || picture == scene.clip.render(frame - 1).unwrap() {
                        scene.cue(frame, place);
                        scene.run_for(FRAME);
                        picture = scene.clip.render(frame).unwrap();
                    }
                }
                Event::Cover(shade, height) => {
                    scene.order(Order::Cover(cover(shade, height)));
                    scene.run_for(FRAME);
                    over = (shade, height);
                }
                Event::Screen(shade) => {
                    picture.as_bytes_mut().fill(shade);
                    scene.order(Order::Show(Box::new(picture.clone())));
                    scene.run();
                }
                Event::Pass(millis) => scene.run_for(Duration::from_millis(millis.into())),
            }
            scene.reports();
            prop_assert!(*scene.glass() == covered(&picture, over.0, over.1), "{event:?}");
        }
    }
}
