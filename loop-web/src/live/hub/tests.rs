use std::cell::Cell;

use serde::Serializer;
use serde_json::Value;

use super::*;

/// Counts how often it becomes text.
#[derive(Default)]
struct Counted(Cell<usize>);

impl Serialize for Counted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.set(self.0.get() + 1);
        serializer.serialize_u64(7)
    }
}

fn text(next: Option<Next>) -> Utf8Bytes {
    match next {
        Some(Next::Message(text)) => text,
        other => panic!("{other:?} is no message"),
    }
}

fn revision(text: &Utf8Bytes) -> u64 {
    let value: Value = serde_json::from_str(text).unwrap();
    value["revision"].as_u64().unwrap()
}

#[test]
fn an_event_becomes_text_once_however_many_listen_and_never_for_nobody() {
    let mut hub = Hub::default();
    let clients: Vec<_> = (0..200).map(|_| hub.join().0).collect();
    let data = Counted::default();
    hub.send(&[Room::Dashboard], "event", &data);
    assert_eq!(data.0.get(), 1);
    let mut texts = clients.iter().map(|id| text(hub.take(*id)));
    let first = texts.next().unwrap();
    assert!(texts.all(|other| other.as_ptr() == first.as_ptr()));
    hub.send(&[Room::Progress], "event", &data);
    assert_eq!(data.0.get(), 1);
    assert!(clients.iter().all(|id| hub.take(*id).is_none()));
}

#[test]
fn who_is_too_slow_keeps_nothing_and_gets_the_whole_state_and_all_after_it() {
    for size in [1, 10_000, 300_000] {
        let mut hub = Hub::default();
        let ((slow, _), (fast, _)) = (hub.join(), hub.join());
        let data = "x".repeat(size);
        for number in 1..=100 {
            hub.send(&[Room::Dashboard], "event", &data);
            if size < WAITING_BYTES {
                assert_eq!(revision(&text(hub.take(fast))), number);
            }
            let client = &hub.clients[&slow];
            assert!(client.waiting.len() <= WAITING && client.bytes <= WAITING_BYTES);
        }
        assert!(hub.is_behind(slow));
        assert_eq!((hub.take(slow), hub.clients[&slow].bytes), (None, 0));
        assert_eq!(hub.healthy(), usize::from(size < WAITING_BYTES));
        assert_eq!(hub.catch_up(slow), Some(Room::Dashboard));
        assert!(!hub.is_behind(slow));
        hub.send(&[Room::Dashboard], "event", "small");
        assert_eq!(revision(&text(hub.take(slow))), 101);
    }
}

#[test]
fn who_comes_back_to_the_dashboard_gets_all_that_was_missed() {
    let mut hub = Hub::default();
    let (id, _) = hub.join();
    hub.enter(id, Room::Dashboard);
    assert!(!hub.is_behind(id));
    hub.exit(id, Room::Dashboard);
    hub.send(&[Room::Dashboard], "event", "missed");
    assert_eq!(hub.take(id), None);
    hub.enter(id, Room::Dashboard);
    assert!(hub.is_behind(id));
}

#[test]
fn who_was_too_slow_catches_up_with_each_room_and_with_no_other() {
    let mut hub = Hub::default();
    let (id, _) = hub.join();
    hub.exit(id, Room::Dashboard);
    hub.enter(id, Room::Progress);
    hub.enter(id, Room::Wifi);
    for _ in 0..=WAITING {
        hub.send(&[Room::Wifi], "event", "missed");
    }
    hub.send(&[Room::Progress], "event", "missed, too");
    assert_eq!(hub.take(id), None);
    assert_eq!(hub.catch_up(id), Some(Room::Progress));
    // From now on one hears of it again, but not yet of what is still to come as a whole.
    hub.send(&[Room::Wifi], "event", "in the whole");
    hub.send(&[Room::Progress], "event", "news");
    assert_eq!(hub.catch_up(id), None);
    assert!(text(hub.take(id)).contains("news"));
    assert_eq!(hub.catch_up(id), Some(Room::Wifi));
    assert_eq!((hub.catch_up(id), hub.take(id)), (None, None));
    assert!(!hub.is_behind(id));
}
