//! Who is connected, and one message for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde::Serialize;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::clock::unix_seconds;
use crate::metrics::METRICS;

/// Messages that may wait for a client. One that is further behind is dropped; it comes back to the whole state.
const WAITING: usize = 64;

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

/// Names a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientId(u64);

impl std::fmt::Display for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "conn_{}", self.0)
    }
}

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    clients: BTreeMap<ClientId, Client>,
    last: u64,
}

#[derive(Debug)]
struct Client {
    queue: mpsc::Sender<Utf8Bytes>,
    rooms: BTreeSet<Room>,
}

#[derive(Serialize)]
struct Message<'a, T: ?Sized> {
    #[serde(rename = "type")]
    kind: &'a str,
    data: &'a T,
    timestamp: f64,
}

/// A message as text. Our own types only, which always serialise.
pub(crate) fn message(kind: &str, data: &(impl Serialize + ?Sized)) -> Utf8Bytes {
    let message = Message {
        kind,
        data,
        timestamp: unix_seconds(),
    };
    serde_json::to_string(&message).unwrap_or_default().into()
}

impl Hub {
    /// Takes a connection in. The queue ends when the client is too far behind.
    pub(crate) fn join(&mut self) -> (ClientId, mpsc::Receiver<Utf8Bytes>) {
        let (queue, messages) = mpsc::channel(WAITING);
        self.last += 1;
        let id = ClientId(self.last);
        self.clients.insert(
            id,
            Client {
                queue,
                rooms: BTreeSet::from([Room::Dashboard]),
            },
        );
        (id, messages)
    }

    pub(crate) fn leave(&mut self, id: ClientId) {
        self.clients.remove(&id);
    }

    pub(crate) fn enter(&mut self, id: ClientId, room: Room) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.rooms.insert(room);
        }
    }

    pub(crate) fn exit(&mut self, id: ClientId, room: Room) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.rooms.remove(&room);
        }
    }

    /// Sends to all who are in one of the rooms; nobody is waited for.
    pub(crate) fn send(&mut self, rooms: &[Room], kind: &str, data: &(impl Serialize + ?Sized)) {
        let listens = |client: &Client| rooms.iter().any(|room| client.rooms.contains(room));
        if !self.clients.values().any(listens) {
            return;
        }
        let text = message(kind, data);
        self.clients.retain(|id, client| {
            let kept = !listens(client) || client.queue.try_send(text.clone()).is_ok();
            if !kept {
                METRICS.live.dropped.inc();
                tracing::debug!(%id, "dropped a WebSocket client that does not read");
            }
            kept
        });
    }

    /// Number of connections.
    pub(crate) fn len(&self) -> usize {
        self.clients.len()
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
