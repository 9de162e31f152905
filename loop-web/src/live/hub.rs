//! Who is connected, and one message for all of them.
//!
//! Nobody is waited for. What a client has not taken yet waits for it, up to a limit; when there is more, all of it is
//! dropped, and the client gets the whole state of each of its rooms instead as soon as it takes something again.
//!
//! Messages of the room `dashboard` are numbered. A whole state carries the number of the last message it contains, and each
//! message is one more than what was before it: who counts knows that nothing is missing and nothing comes twice.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::clock::{unix_millis, unix_seconds};
use crate::metrics::METRICS;

/// Messages that may wait for a client.
const WAITING: usize = 64;

/// Their bytes. They are shared among all who wait for them, but not all may wait for the same.
const WAITING_BYTES: usize = 256 * 1024;

/// Who has not been heard for longer has not answered a ping.
const SILENCE: Duration = Duration::from_secs(25);

/// What a client can listen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Room {
    /// Everything but the rest; every client is in it from the start.
    Dashboard,
    /// Uploads under way.
    Progress,
    /// Networks.
    Wifi,
    /// The daemons and the panel.
    System,
    /// The picture on the glass; its messages do not go through the hub.
    Live,
}

impl Room {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Dashboard, "dashboard"),
        (Self::Progress, "progress"),
        (Self::Wifi, "wifi"),
        (Self::System, "system"),
        (Self::Live, "live"),
    ];

    fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(room, _)| *room == self)
            .map_or("", |(_, name)| name)
    }
}

impl FromStr for Room {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(room, _)| *room)
            .ok_or(())
    }
}

/// Names a connection, as the original does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientId {
    joined_ms: u64,
    number: u64,
}

impl std::fmt::Display for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "conn_{}_{}", self.joined_ms, self.number)
    }
}

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    clients: BTreeMap<ClientId, Client>,
    last: u64,
    /// Number of the last message of the room `dashboard`.
    revision: u64,
    stopping: bool,
}

#[derive(Debug)]
struct Client {
    rooms: BTreeSet<Room>,
    waiting: VecDeque<Utf8Bytes>,
    bytes: usize,
    /// Rooms of whose messages some were dropped: of each it gets the whole state, and until then nothing more.
    behind: BTreeSet<Room>,
    news: Arc<Notify>,
    heard: Instant,
}

/// What there is for a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// This message.
    Message(Utf8Bytes),
    /// Nothing any more: the daemon stops.
    Farewell,
}

#[derive(Serialize)]
struct Message<'a, T: ?Sized> {
    #[serde(rename = "type")]
    kind: &'a str,
    data: &'a T,
    timestamp: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
}

/// A message as text. Our own types only, which always serialise.
pub(crate) fn message(
    kind: &str,
    data: &(impl Serialize + ?Sized),
    revision: Option<u64>,
) -> Utf8Bytes {
    let message = Message {
        kind,
        data,
        timestamp: unix_seconds(),
        revision,
    };
    serde_json::to_string(&message).unwrap_or_default().into()
}

impl Hub {
    /// Takes a connection in, and tells when there is something for it to [`take`](Self::take).
    pub(crate) fn join(&mut self) -> (ClientId, Arc<Notify>) {
        let news = Arc::new(Notify::new());
        self.last += 1;
        let id = ClientId {
            joined_ms: unix_millis(),
            number: self.last,
        };
        let client = Client {
            rooms: BTreeSet::from([Room::Dashboard]),
            waiting: VecDeque::new(),
            bytes: 0,
            behind: BTreeSet::new(),
            news: Arc::clone(&news),
            heard: Instant::now(),
        };
        self.clients.insert(id, client);
        (id, news)
    }

    pub(crate) fn leave(&mut self, id: ClientId) {
        self.clients.remove(&id);
    }

    /// Who comes back to the dashboard has missed something, and gets all of it.
    pub(crate) fn enter(&mut self, id: ClientId, room: Room) {
        if let Some(client) = self.clients.get_mut(&id)
            && client.rooms.insert(room)
            && room == Room::Dashboard
        {
            client.behind.insert(room);
            client.news.notify_one();
        }
    }

    pub(crate) fn exit(&mut self, id: ClientId, room: Room) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.rooms.remove(&room);
            client.behind.remove(&room);
        }
    }

    /// The client has shown that it is there.
    pub(crate) fn hear(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.heard = Instant::now();
        }
    }

    /// Sends to all who are in one of the rooms. It becomes text once, however many they are.
    pub(crate) fn send(&mut self, rooms: &[Room], kind: &str, data: &(impl Serialize + ?Sized)) {
        let numbered = rooms.contains(&Room::Dashboard);
        self.revision += u64::from(numbered);
        let listens = |client: &&mut Client| rooms.iter().any(|room| client.follows(*room));
        let mut listeners = self.clients.values_mut().filter(listens).peekable();
        if listeners.peek().is_none() {
            return;
        }
        let text = message(kind, data, numbered.then_some(self.revision));
        listeners.for_each(|client| client.give(&text));
    }

    /// Whether some of what was for a client was dropped.
    pub(crate) fn is_behind(&self, id: ClientId) -> bool {
        let client = self.clients.get(&id);
        client.is_some_and(|client| !client.behind.is_empty())
    }

    /// A room whose whole state a client gets next, after what still waits for it: only what comes from now on is news for
    /// it there.
    pub(crate) fn catch_up(&mut self, id: ClientId) -> Option<Room> {
        let client = self.clients.get_mut(&id)?;
        let is_next = !self.stopping && client.waiting.is_empty();
        is_next.then(|| client.behind.pop_first()).flatten()
    }

    /// The next thing that waits for a client.
    pub(crate) fn take(&mut self, id: ClientId) -> Option<Next> {
        if self.stopping {
            return Some(Next::Farewell);
        }
        let client = self.clients.get_mut(&id)?;
        let text = client.waiting.pop_front()?;
        client.bytes -= text.len();
        Some(Next::Message(text))
    }

    /// Tells everybody that it is over.
    pub(crate) fn dismiss(&mut self) {
        self.stopping = true;
        self.clients
            .values()
            .for_each(|client| client.news.notify_one());
    }

    /// Number of the last message of the room `dashboard`.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Number of connections.
    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    /// Number of those that answer and keep up.
    pub(crate) fn healthy(&self) -> usize {
        let is_healthy =
            |client: &&Client| client.behind.is_empty() && client.heard.elapsed() < SILENCE;
        self.clients.values().filter(is_healthy).count()
    }

    /// Connections by room.
    pub(crate) fn rooms(&self) -> BTreeMap<&'static str, Vec<String>> {
        let mut rooms: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for (id, client) in &self.clients {
            for room in &client.rooms {
                rooms.entry(room.name()).or_default().push(id.to_string());
            }
        }
        rooms
    }
}

impl Client {
    /// Whether it gets this room's messages one by one.
    fn follows(&self, room: Room) -> bool {
        self.rooms.contains(&room) && !self.behind.contains(&room)
    }

    fn give(&mut self, text: &Utf8Bytes) {
        if self.waiting.len() >= WAITING || self.bytes + text.len() > WAITING_BYTES {
            tracing::debug!("a WebSocket client is behind; it gets the whole state next");
            return self.fall_behind();
        }
        self.bytes += text.len();
        self.waiting.push_back(text.clone());
        self.news.notify_one();
    }

    fn fall_behind(&mut self) {
        self.waiting = VecDeque::new();
        self.bytes = 0;
        self.behind = self.rooms.clone();
        METRICS.live.resyncs.inc();
        self.news.notify_one();
    }
}

#[cfg(test)]
mod tests;
