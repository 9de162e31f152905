//! The live room against a loop-hw that shows what the test wants, as fast as it wants.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use loop_proto::clip::{Record, read_message};
use loop_proto::config::Config;
use loop_proto::geometry::Rotation;
use loop_proto::pixel::Frame;
use loop_proto::progress::Progress;
use loop_proto::server::serve_connection;
use loop_proto::service::{Hardware, Hello, Step, Switch};
use loop_proto::snapshot::{
    DisplayState, Entry, Glass, Health, HwSnapshot, News, NowPlaying, PanelKind, PanelState,
    Playback, PlayerState, Repeat, Scheduling, Update,
};
use loop_proto::units::Brightness;
use loop_proto::wifi::{AttemptId, Join, Network, Ssid, Unavailable, WifiState};
use loop_proto::{ClipId, Fault, FrameSerial, Revision, Slug};
use serde_json::{Value, json};
use tarpc::context::Context;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::http::tests::app;
use crate::http::{router, serve};
use crate::hw::{self, Link};
use crate::store::{Disk, Store};

#[derive(Clone)]
struct Fake {
    state: watch::Sender<(Revision, HwSnapshot)>,
    shown: watch::Sender<FrameSerial>,
    fetches: Arc<AtomicUsize>,
}

fn picture(serial: FrameSerial) -> Frame {
    let mut frame = Frame::black();
    let shade = u8::try_from(serial.0 % 251).unwrap();
    frame.as_bytes_mut()[5_000..6_000].fill(shade);
    frame
}

pub(crate) fn clip(position: Duration) -> NowPlaying {
    NowPlaying {
        slug: Slug::nearest("dance"),
        clip: ClipId::from_sha256(&[7; 32]),
        index: 0,
        frame_count: 25,
        duration: Duration::from_secs(1),
        position,
        as_of: loop_proto::clock::monotonic(),
    }
}

/// A display that works and shows nothing.
pub(crate) fn idle() -> HwSnapshot {
    HwSnapshot {
        player: PlayerState {
            playback: Playback::Playing,
            repeat: Repeat::All,
            current: None,
            showing_progress: false,
            showing_message: false,
        },
        playlist: Vec::new(),
        display: DisplayState {
            brightness: Brightness::FULL,
            rotation: Rotation::Deg270,
        },
        panel: PanelState {
            kind: PanelKind::Simulated,
            trouble: None,
            bus: None,
            scheduling: Scheduling::Normal,
        },
        wifi: WifiState::unavailable(Unavailable::Off),
    }
}

impl Fake {
    fn new() -> Self {
        Self {
            state: watch::Sender::new((Revision::NONE.next(), idle())),
            shown: watch::Sender::new(FrameSerial(1)),
            fetches: Arc::default(),
        }
    }

    fn play(&self, current: Option<NowPlaying>) {
        self.state.send_modify(|(revision, state)| {
            *revision = revision.next();
            state.player.current = current;
        });
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }

    /// Another picture every ten milliseconds, for as long as the fake is there.
    fn flicker(&self) {
        let shown = self.shown.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                shown.send_modify(|serial| serial.0 += 1);
            }
        });
    }
}

impl Hardware for Fake {
    async fn hello(self, _: Context, _: Hello) -> Result<Hello, Fault> {
        Ok(Hello::ours())
    }

    async fn changes_since(self, _: Context, seen: Revision) -> Result<News, Fault> {
        let mut state = self.state.subscribe();
        let (revision, snapshot) = state
            .wait_for(|(revision, _)| *revision != seen)
            .await
            .unwrap()
            .clone();
        let update = Update::Whole(Box::new(snapshot));
        Ok(News { revision, update })
    }

    async fn glass_after(self, _: Context, seen: Option<FrameSerial>) -> Result<Glass, Fault> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        let mut shown = self.shown.subscribe();
        let serial = *shown
            .wait_for(|serial| Some(*serial) != seen)
            .await
            .unwrap();
        let pixels = Some(picture(serial).as_bytes().to_vec());
        Ok(Glass { serial, pixels })
    }

    async fn set_playlist(self, _: Context, _: Vec<Entry>) -> Result<(), Fault> {
        Ok(())
    }

    async fn select(self, _: Context, _: Slug) -> Result<PlayerState, Fault> {
        Ok(self.state.borrow().1.player.clone())
    }

    async fn step(self, _: Context, _: Step) -> Result<PlayerState, Fault> {
        Ok(self.state.borrow().1.player.clone())
    }

    async fn set_playback(self, _: Context, _: Switch<Playback>) -> Result<PlayerState, Fault> {
        Ok(self.state.borrow().1.player.clone())
    }

    async fn set_repeat(self, _: Context, _: Switch<Repeat>) -> Result<PlayerState, Fault> {
        Ok(self.state.borrow().1.player.clone())
    }

    async fn set_brightness(self, _: Context, _: Brightness) -> Result<(), Fault> {
        Ok(())
    }

    async fn show_progress(self, _: Context, _: Option<Progress>) -> Result<(), Fault> {
        Ok(())
    }

    async fn scan_wifi(self, _: Context) -> Result<Vec<Network>, Fault> {
        std::future::pending().await
    }

    async fn join_wifi(self, _: Context, _: Join) -> Result<AttemptId, Fault> {
        std::future::pending().await
    }

    async fn leave_wifi(self, _: Context) -> Result<(), Fault> {
        std::future::pending().await
    }

    async fn keep_wifi(self, _: Context) -> Result<Ssid, Fault> {
        std::future::pending().await
    }

    async fn forget_wifi(self, _: Context, _: Ssid) -> Result<(), Fault> {
        std::future::pending().await
    }

    async fn show_message(
        self,
        _: Context,
        _: Option<loop_proto::message::Message>,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn health(self, _: Context) -> Result<Health, Fault> {
        Ok(Health::default())
    }
}

/// loop-web in this process, in front of the fake.
struct Web {
    port: u16,
    _dir: TempDir,
}

impl Web {
    async fn start(fake: &Fake) -> Self {
        let dir = TempDir::new().unwrap();
        let socket = dir.path().join("hw.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let hardware = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve_connection(stream, hardware.clone()));
            }
        });
        let port = Self::serve(&dir, socket).await;
        Self { port, _dir: dir }
    }

    async fn serve(dir: &TempDir, socket: PathBuf) -> u16 {
        let store = Store::open(dir.path(), Disk::new(dir.path(), 0)).await;
        let (store, link) = (store.unwrap(), Link::default());
        tokio::spawn(hw::run(link.clone(), socket));
        let app = app(Config::default(), store, link.clone()).await;
        tokio::spawn(app.glass.clone().follow());
        let mut states = link.watch();
        states
            .wait_for(|state| state.snapshot().is_some())
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(async move {
            serve::serve(vec![listener], router(app), stopped).await;
            drop(stop);
        });
        port
    }

    async fn viewer(&self) -> Viewer {
        let (stream, _) = connect_async(format!("ws://127.0.0.1:{}/ws", self.port))
            .await
            .unwrap();
        let mut viewer = Viewer {
            stream,
            record: Record::default(),
            shown: Frame::black(),
            serial: None,
        };
        viewer.ask("subscribe").await;
        viewer
    }
}

/// A browser that watches the glass.
struct Viewer {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    record: Record,
    shown: Frame,
    serial: Option<u32>,
}

impl Viewer {
    async fn ask(&mut self, what: &str) {
        let request = json!({"type": what, "room": "live"}).to_string();
        self.stream
            .send(Message::Text(request.into()))
            .await
            .unwrap();
    }

    /// The next thing that is told of the glass: a state, or null after a picture.
    async fn next(&mut self) -> Value {
        loop {
            match self.stream.next().await.unwrap().unwrap() {
                Message::Text(text) => {
                    let mut told: Value = serde_json::from_str(&text).unwrap();
                    if told["type"] == "glass" {
                        return told["data"].take();
                    }
                }
                Message::Binary(bytes) => {
                    let serials = read_message(&bytes, &mut self.record).unwrap();
                    if serials.base.is_some() {
                        assert_eq!(serials.base, self.serial, "a gap");
                    }
                    self.serial = Some(serials.serial);
                    self.record.apply(&mut self.shown, &mut Vec::new());
                    return Value::Null;
                }
                _ => {}
            }
        }
    }

    /// The pictures that come in this time.
    async fn pictures_in(&mut self, time: Duration) -> usize {
        let end = Instant::now() + time;
        let mut count = 0;
        while let Ok(told) = tokio::time::timeout_at(end.into(), self.next()).await {
            count += usize::from(told.is_null());
        }
        count
    }
}

#[tokio::test]
async fn live_content_comes_as_deltas_at_most_fifteen_times_a_second_and_is_fetched_once_for_all() {
    let fake = Fake::new();
    fake.flicker();
    let web = Web::start(&fake).await;
    let (mut one, mut other) = (web.viewer().await, web.viewer().await);
    assert_eq!(one.next().await, json!({"mode": "live"}));
    assert_eq!(other.next().await, json!({"mode": "live"}));
    let time = Duration::from_secs(2);
    let (count, others) = tokio::join!(one.pictures_in(time), other.pictures_in(time));
    // One at once, then 15 a second; a busy machine may make it fewer.
    for count in [count, others] {
        assert!((5..=31).contains(&count), "{count} pictures");
    }
    assert!(fake.fetches() <= 32, "{} fetches", fake.fetches());
    let current = fake.shown.borrow().0;
    let is_recent = |shown: &Frame| {
        (1..=current)
            .rev()
            .take(100)
            .any(|at| picture(FrameSerial(at)) == *shown)
    };
    assert!(is_recent(&one.shown) && is_recent(&other.shown));
}

#[tokio::test]
async fn while_a_clip_plays_its_position_is_told_and_no_pixel_is_fetched() {
    let fake = Fake::new();
    fake.flicker();
    let web = Web::start(&fake).await;
    let mut viewer = web.viewer().await;
    assert_eq!(viewer.next().await, json!({"mode": "live"}));
    assert_eq!(viewer.next().await, Value::Null);

    fake.play(Some(clip(Duration::from_millis(240))));
    let told = loop {
        match viewer.next().await {
            Value::Null => {}
            told => break told,
        }
    };
    assert_eq!(
        (&told["mode"], &told["slug"]),
        (&json!("clip"), &json!("dance"))
    );
    assert_eq!(told["position_ms"], 240.0);
    assert!((0.0..2_000.0).contains(&told["age_ms"].as_f64().unwrap()));
    let before = fake.fetches();
    assert_eq!(viewer.pictures_in(Duration::from_millis(600)).await, 0);
    assert_eq!(fake.fetches(), before);

    fake.play(None);
    assert_eq!(viewer.next().await, json!({"mode": "live"}));
    assert_eq!(viewer.next().await, Value::Null);
}

#[tokio::test]
async fn nothing_is_fetched_for_nobody_and_who_subscribes_again_gets_a_key() {
    let fake = Fake::new();
    let web = Web::start(&fake).await;
    let mut viewer = web.viewer().await;
    viewer.next().await;
    viewer.next().await;
    assert_eq!(viewer.shown, picture(FrameSerial(1)));
    // As after a message that could not be read.
    viewer.shown = Frame::black();
    viewer.serial = None;
    viewer.ask("subscribe").await;
    assert_eq!(viewer.next().await, json!({"mode": "live"}));
    assert_eq!(viewer.next().await, Value::Null);
    assert_eq!(viewer.shown, picture(FrameSerial(1)));

    viewer.ask("unsubscribe").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = fake.fetches();
    fake.flicker();
    assert_eq!(viewer.pictures_in(Duration::from_millis(500)).await, 0);
    assert_eq!(fake.fetches(), before);
}
