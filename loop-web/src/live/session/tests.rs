//! A session over a stream in memory, with a clock that waits for nobody.

use loop_proto::config::Config;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;

use super::*;
use crate::http::tests::app;
use crate::hw::Link;
use crate::store::{Disk, Store};

/// A client that is connected, and does by itself nothing at all.
struct Guest {
    stream: DuplexStream,
    board: Board,
    session: JoinHandle<()>,
    _data: TempDir,
}

/// As the wire has it: masked with zeros, which change nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 126);
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

/// Of a message.
const LAST: u8 = 0x80;

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

impl Guest {
    /// Between it and the session lie so many bytes at the most.
    async fn arrive(between: usize) -> Self {
        let data = TempDir::new().unwrap();
        let store = Store::open(data.path(), Disk::new(data.path(), 0)).await;
        let app = app(Config::default(), store.unwrap(), Link::default()).await;
        let (stream, served) = duplex(between);
        let board = app.board.clone();
        let (followed, glass) = (app.board.clone(), app.glass.clone());
        let session = tokio::spawn(async move {
            run(Socket::open(served, &[]).await, followed, glass).await;
        });
        Self {
            stream,
            board,
            session,
            _data: data,
        }
    }

    /// The next frame: its first byte, and what it carries.
    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).await.ok()?;
        let length = match head[1] {
            126 => usize::from(self.stream.read_u16().await.ok()?),
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some((head[0], payload))
    }

    async fn read_kind(&mut self, kind: u8) -> Vec<u8> {
        loop {
            match self.read().await.unwrap() {
                (first, payload) if first == kind => return payload,
                _ => {}
            }
        }
    }

    async fn greeted(&mut self) {
        self.read_kind(TEXT).await;
        self.read_kind(TEXT).await;
    }

    fn clients(&self) -> (usize, usize) {
        self.board.with_hub(|hub, _| (hub.len(), hub.healthy()))
    }
}

#[tokio::test(start_paused = true)]
async fn who_vanishes_without_a_word_is_noticed_and_gone() {
    let mut guest = Guest::arrive(100_000).await;
    guest.greeted().await;
    let began = Instant::now();
    assert_eq!(guest.clients(), (1, 1));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(guest.clients(), (1, 0));
    (&mut guest.session).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 40);
    assert_eq!(guest.clients(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_answers_pings_stays_for_hours() {
    let mut guest = Guest::arrive(100_000).await;
    guest.greeted().await;
    for _ in 0..400 {
        guest.read_kind(PING).await;
        guest.stream.write_all(&frame(PONG, b"")).await.unwrap();
    }
    assert_eq!(guest.clients(), (1, 1));
    assert!(!guest.session.is_finished());
}

#[tokio::test(start_paused = true)]
async fn who_reads_slowly_and_answers_stays() {
    let mut guest = Guest::arrive(4_000).await;
    guest.greeted().await;
    let data = "x".repeat(40_000);
    for _ in 0..20 {
        guest.read_kind(PING).await;
        guest
            .board
            .with_hub(|hub, _| hub.send(&[Room::Dashboard], "event", &data));
        // Half a minute, in which nobody looks at what comes.
        while guest.read().await.unwrap().0 & LAST == 0 {
            guest.stream.write_all(&frame(PONG, b"")).await.unwrap();
            tokio::time::sleep(Duration::from_secs(7)).await;
        }
    }
    assert!(!guest.session.is_finished());
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_not_waited_for() {
    let mut guest = Guest::arrive(100).await;
    let began = Instant::now();
    (&mut guest.session).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 10);
    assert_eq!(guest.clients().0, 0);
}

#[tokio::test(start_paused = true)]
async fn who_asks_and_pings_and_reads_no_answer_is_read_no_further_and_dropped() {
    for message in [frame(PING, &[7; 100]), frame(TEXT, b"{\"type\":\"ping\"}")] {
        let mut guest = Guest::arrive(4_000).await;
        guest.greeted().await;
        let mut sent = 0_usize;
        while guest.stream.write_all(&message).await.is_ok() {
            sent += message.len();
        }
        // What lies in between, and what the session had read already.
        assert!(sent < 20_000, "{sent} bytes were taken");
        (&mut guest.session).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_is_read_of_a_flood_than_a_client_may_say() {
    let mut guest = Guest::arrive(100_000).await;
    guest.greeted().await;
    let (began, mut sent) = (Instant::now(), 0_usize);
    // Fragments of a message that never ends and never grows.
    let mut fragment = frame(0x01, b"");
    while began.elapsed() < Duration::from_secs(10) {
        sent += fragment.len();
        guest.stream.write_all(&fragment).await.unwrap();
        fragment = frame(0x00, b"");
    }
    assert!(
        sent < 11 * 80 * 1024 + 100_000,
        "{sent} bytes in ten seconds"
    );
}

#[tokio::test(start_paused = true)]
async fn a_farewell_is_answered_in_kind_and_the_daemons_own_says_why() {
    let mut guest = Guest::arrive(100_000).await;
    guest.greeted().await;
    let reason = [&1000_u16.to_be_bytes()[..], b"bye"].concat();
    guest
        .stream
        .write_all(&frame(CLOSE, &reason))
        .await
        .unwrap();
    assert_eq!(guest.read().await, Some((CLOSE, reason)));
    assert_eq!(guest.read().await, None);

    let mut guest = Guest::arrive(100_000).await;
    guest.greeted().await;
    let (stop, stopped) = watch::channel(false);
    let stopping = tokio::spawn(dismiss(guest.board.clone(), stopped));
    stop.send_replace(true);
    let told = guest.read_kind(CLOSE).await;
    assert_eq!(told[..2], 1001_u16.to_be_bytes());
    drop(guest.stream);
    stopping.await.unwrap();
    assert!(guest.session.is_finished());
}
