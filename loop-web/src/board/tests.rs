//! Clients that come at any moment, while several change something at the same time: what each knows from its first message
//! and the events after it is what is, with nothing missing and nothing twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use loop_proto::Slug;
use loop_proto::snapshot::{HwSnapshot, Playback};
use loop_proto::units::Brightness;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::live::tests::{clip, idle};
use crate::store::Disk;
use crate::store::tests::staged;

const SEEDS: u8 = 12;

/// Each on a thread of its own.
const WRITERS: u8 = 3;
const WRITES: usize = 30;
const COMERS: u8 = 3;

struct Dice(TestRng);

impl Dice {
    fn new(seed: [u8; 2]) -> Self {
        let seed = seed.repeat(16);
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0.next_u64() % sides
    }

    fn name(&mut self) -> String {
        format!("item{}", self.roll(5))
    }
}

/// What a client has put together.
struct Model {
    dashboard: Value,
    revision: u64,
}

impl Model {
    fn new(first: &str) -> Self {
        let first: Value = serde_json::from_str(first).unwrap();
        assert_eq!(first["type"], "initial_dashboard");
        Self {
            revision: first["revision"].as_u64().unwrap(),
            dashboard: first["data"].clone(),
        }
    }

    fn hear(&mut self, text: &str) {
        let message: Value = serde_json::from_str(text).unwrap();
        let (kind, data) = (message["type"].as_str().unwrap(), &message["data"]);
        let revision = message["revision"].as_u64().unwrap();
        if kind == "dashboard_update" {
            assert!(revision >= self.revision);
            self.dashboard = data.clone();
        } else {
            assert_eq!(
                revision,
                self.revision + 1,
                "a gap, or twice the same: {text}"
            );
            self.apply(kind, data);
        }
        self.revision = revision;
    }

    fn apply(&mut self, kind: &str, data: &Value) {
        let dashboard = &mut self.dashboard;
        let media = dashboard["media"].as_array_mut().unwrap();
        let place = media.iter().position(|item| item["slug"] == data["slug"]);
        match (kind, place) {
            ("media_uploaded" | "media_changed", Some(place)) => media[place] = data.clone(),
            ("media_uploaded", None) => media.push(data.clone()),
            ("media_deleted", Some(place)) => drop(media.remove(place)),
            ("loop_updated", _) => dashboard["loop"] = data["loop"].clone(),
            ("brightness_changed", _) => dashboard["display"] = data.clone(),
            ("playback_changed", _) => {
                dashboard["active"] = data["player"]["current_media"].clone();
                dashboard["status"]["player"] = data["player"].clone();
            }
            ("system_status_changed", _) => {
                dashboard["status"]["hardware"] = data["hardware"].clone();
            }
            other => panic!("{other:?} tells nothing"),
        }
    }

    /// All that events tell.
    fn gist(&self) -> Value {
        let mut dashboard = self.dashboard.clone();
        let media = dashboard["media"].as_array_mut().unwrap();
        media.sort_by_key(|item| item["slug"].as_str().unwrap().to_owned());
        if let Some(player) = dashboard["status"]["player"].as_object_mut() {
            // Worked out from two clocks each time.
            player.remove("position_at");
        }
        let status = &dashboard["status"];
        json!([
            dashboard["media"],
            dashboard["loop"],
            dashboard["active"],
            dashboard["display"],
            status["player"],
            status["hardware"]
        ])
    }
}

/// One client, from its coming to its going.
struct Client {
    board: Board,
    id: ClientId,
    model: Model,
}

impl Client {
    fn come(board: &Board) -> Self {
        let (id, _, first) = board.join();
        let (board, model) = (board.clone(), Model::new(&first));
        Self { board, id, model }
    }

    /// Hears one message, if there is one.
    fn listen(&mut self) -> bool {
        match self.board.take(self.id) {
            Some(Next::Message(text)) => self.model.hear(&text),
            Some(Next::Farewell) => panic!("nobody stops"),
            None => return false,
        }
        true
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.board.with_hub(|hub, _| hub.leave(self.id));
    }
}

async fn write(board: &Board, dice: &mut Dice) {
    let store = &board.0.store;
    let slug = Slug::nearest(&dice.name());
    match dice.roll(9) {
        0 | 1 => {
            let content = u8::try_from(dice.roll(200)).unwrap();
            let staged = staged(store, slug.as_str(), content);
            drop(store.add(staged).await);
        }
        2 => drop(store.delete(vec![slug]).await),
        3 => drop(store.add_to_order(slug).await),
        4 => drop(store.remove_from_order(slug).await),
        5 | 6 => {
            let order = (0..5).map(|_| Slug::nearest(&dice.name())).collect();
            drop(store.set_order(order).await);
        }
        _ => board.0.link.pretend(hardware(dice)),
    }
    // As after each change, before it is answered.
    board.refresh();
}

fn hardware(dice: &mut Dice) -> LinkState {
    let mut state: HwSnapshot = idle();
    match dice.roll(6) {
        0 => return LinkState::Away(format!("reason {}", dice.roll(3)).into()),
        1 => state.player.playback = Playback::Paused,
        2 => state.player.current = Some(clip(Duration::from_millis(dice.roll(900)))),
        number => {
            let percent = u8::try_from(number * 10 + dice.roll(5)).unwrap();
            state.display.brightness = Brightness::try_from(percent).unwrap();
        }
    }
    LinkState::Connected(Arc::new(state))
}

async fn board(data: &TempDir) -> Board {
    let store = Store::open(data.path(), Disk::new(data.path(), 0)).await;
    let store = store.unwrap();
    let ingest = Ingest::idle(&store);
    Board::new("LOOP", store, Link::default(), JobList::default(), ingest)
}

/// Runs something to its end, on this thread.
fn here<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(work)
}

/// Comes, listens for a while or does not, and goes, over and over; the last one stays. Gives how many came.
fn come_and_go(board: &Board, mut dice: Dice, writing: &AtomicUsize) -> (Client, usize) {
    let (mut client, mut count) = (Client::come(board), 1);
    while writing.load(Ordering::Acquire) > 0 {
        for _ in 0..dice.roll(200) {
            if !client.listen() {
                std::thread::yield_now();
            }
        }
        if dice.roll(8) > 0 {
            client = Client::come(board);
            count += 1;
        }
    }
    (client, count)
}

fn campaign(seed: u8) -> usize {
    let data = TempDir::new().unwrap();
    let board = here(board(&data));
    let writing = AtomicUsize::new(usize::from(WRITERS));
    let first = Client::come(&board);
    let mut clients = std::thread::scope(|scope| {
        let (board, writing) = (&board, &writing);
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let mut dice = Dice::new([seed, writer]);
                here(async {
                    for _ in 0..WRITES {
                        write(board, &mut dice).await;
                    }
                });
                writing.fetch_sub(1, Ordering::Release);
            });
        }
        let comers = (0..COMERS).map(|comer| {
            let dice = Dice::new([seed, 100 + comer]);
            scope.spawn(move || come_and_go(board, dice, writing))
        });
        let comers: Vec<_> = comers.collect();
        let ended = comers.into_iter().map(|comer| comer.join().unwrap());
        ended.collect::<Vec<_>>()
    });
    clients.push((first, 1));
    let count = clients.iter().map(|(_, count)| count).sum();
    let known = Model::new(&board.join().2);
    let dashboard = serde_json::from_slice(board.ready().dashboard.json()).unwrap();
    let (revision, truth) = (known.revision, Model { dashboard, ..known }.gist());
    for (client, _) in &mut clients {
        while client.listen() {}
        let model = &client.model;
        assert_eq!(
            (model.revision, model.gist()),
            (revision, truth.clone()),
            "seed {seed}"
        );
    }
    count
}

#[test]
fn who_comes_at_any_moment_misses_nothing_and_hears_nothing_twice() {
    let count: usize = (0..SEEDS).map(campaign).sum();
    eprintln!("{count} clients came");
}

#[tokio::test]
async fn who_was_too_slow_gets_the_state_of_the_rooms_it_is_in_and_of_no_other() {
    let data = TempDir::new().unwrap();
    let board = board(&data).await;
    board.0.link.pretend(LinkState::Connected(Arc::new(idle())));
    let (id, _, _) = board.join();
    board.with_hub(|hub, _| {
        hub.exit(id, Room::Dashboard);
        for room in [Room::Progress, Room::Wifi, Room::System] {
            hub.enter(id, room);
        }
    });
    for percent in 0..100 {
        board.tell_upload("job", "film.mp4", Stage::Receiving, percent, "");
    }
    board.tell_upload("over", "still.png", Stage::Complete, 100, "");
    let mut heard = Vec::new();
    while let Some(Next::Message(text)) = board.take(id) {
        heard.push(serde_json::from_str::<Value>(&text).unwrap());
    }
    let kinds: Vec<_> = heard.iter().map(|message| &message["type"]).collect();
    assert_eq!(
        kinds,
        [
            "active_jobs",
            "wifi_status_changed",
            "system_status_changed"
        ]
    );
    let jobs = &heard[0]["data"]["active_jobs"];
    assert_eq!(jobs["job"]["progress"], 99);
    assert_eq!(jobs.as_object().unwrap().len(), 1);
    assert!(heard[1]["data"]["networks"].is_array(), "{}", heard[1]);
    assert_eq!(heard[2]["data"]["hardware"]["connected"], true);
}
