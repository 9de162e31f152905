//! One WebSocket.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::hub::{ClientId, Room, message};
use super::watcher::Watcher;
use crate::board::Board;
use crate::clock::unix_seconds;
use crate::glass::GlassView;
use crate::metrics::METRICS;

/// How often a client is asked whether it is there; it is gone when it has not answered by the next time.
const PING: Duration = Duration::from_secs(20);

/// How long a client may take to accept a message.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sent at a time: each connection has a buffer for it. A longer message goes in fragments.
const FRAGMENT_BYTES: usize = 8 * 1024;

pub(crate) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Serves a client until it goes or is too slow.
pub(crate) async fn run(socket: Socket, board: Board, glass: GlassView) {
    let (id, queue, first) = board.with_hub(|hub, ready| {
        let (id, queue) = hub.join();
        let dashboard =
            serde_json::from_slice::<&serde_json::value::RawValue>(ready.dashboard.json());
        let first = dashboard
            .map(|data| message("initial_dashboard", &data))
            .unwrap_or_default();
        (id, queue, first)
    });
    let mut session = Session {
        socket,
        board,
        glass,
        id,
        watcher: None,
        answered: true,
    };
    session.serve(queue, first).await;
    session.board.with_hub(|hub, _| hub.leave(id));
}

struct Session {
    socket: Socket,
    board: Board,
    glass: GlassView,
    id: ClientId,
    /// In the live room.
    watcher: Option<Watcher>,
    /// Whether the last ping has been answered.
    answered: bool,
}

/// The client is gone or not worth waiting for.
struct Gone;

impl Session {
    async fn serve(&mut self, mut queue: mpsc::Receiver<Utf8Bytes>, first: Utf8Bytes) {
        let greeting = json!({"type": "connection", "status": "connected", "connection_id": self.id.to_string(),
            "timestamp": unix_seconds(), "data": {"status": "connected", "version": env!("CARGO_PKG_VERSION")}});
        if self
            .send(Message::Text(greeting.to_string().into()))
            .await
            .is_err()
            || self.send(Message::Text(first)).await.is_err()
        {
            return;
        }
        let mut ping = interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let step = tokio::select! {
                received = self.socket.next() => match received {
                    Some(Ok(received)) => self.receive(received).await,
                    Some(Err(_)) | None => Err(Gone),
                },
                text = queue.recv() => match text {
                    Some(text) => self.send(Message::Text(text)).await,
                    None => self.say_goodbye().await,
                },
                told = next_of(&mut self.watcher) => self.send(told).await,
                _ = ping.tick() => self.ping().await,
            };
            if step.is_err() {
                return;
            }
        }
    }

    async fn receive(&mut self, received: Message) -> Result<(), Gone> {
        match received {
            Message::Text(text) => match serde_json::from_str::<Value>(&text) {
                Ok(Value::Object(request)) => self.obey(&request).await,
                Ok(_) => self.complain("Message must be a JSON object").await,
                Err(_) => self.complain("Invalid JSON format").await,
            },
            Message::Binary(_) => self.complain("Binary messages are not understood").await,
            Message::Pong(_) => {
                self.answered = true;
                Ok(())
            }
            // Raw frames are only sent.
            Message::Ping(_) | Message::Frame(_) => Ok(()),
            Message::Close(_) => Err(Gone),
        }
    }

    async fn obey(&mut self, request: &serde_json::Map<String, Value>) -> Result<(), Gone> {
        let room = request
            .get("room")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match request.get("type").and_then(Value::as_str) {
            Some("ping") => {
                self.answered = true;
                self.reply(json!({"type": "pong"})).await
            }
            Some("subscribe") => {
                let found = room.parse::<Room>();
                if let Ok(found) = found {
                    self.board.with_hub(|hub, _| hub.enter(self.id, found));
                }
                let success = found.is_ok();
                let answer =
                    json!({"type": "subscribe_response", "room": room, "success": success});
                self.reply(answer).await?;
                if found == Ok(Room::Live) {
                    // Who subscribes again has lost the thread, and gets all of it anew.
                    self.watcher = Some(Watcher::new(self.glass.clone()));
                }
                Ok(())
            }
            Some("unsubscribe") => {
                let found = room.parse::<Room>();
                if let Ok(found) = found {
                    self.board.with_hub(|hub, _| hub.exit(self.id, found));
                }
                if found == Ok(Room::Live) {
                    self.watcher = None;
                }
                let success = found.is_ok();
                self.reply(
                    json!({"type": "unsubscribe_response", "room": room, "success": success}),
                )
                .await
            }
            Some(_) => Ok(()),
            None => self.complain("Message must have a type").await,
        }
    }

    async fn reply(&mut self, mut answer: Value) -> Result<(), Gone> {
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("timestamp".to_owned(), unix_seconds().into());
        }
        self.send(Message::Text(answer.to_string().into())).await
    }

    async fn complain(&mut self, text: &str) -> Result<(), Gone> {
        self.reply(json!({"type": "error", "message": text, "data": {"message": text}}))
            .await
    }

    async fn ping(&mut self) -> Result<(), Gone> {
        if !std::mem::take(&mut self.answered) {
            return Err(Gone);
        }
        self.send(Message::Ping(Bytes::new())).await
    }

    async fn say_goodbye(&mut self) -> Result<(), Gone> {
        let frame = CloseFrame {
            code: CloseCode::Again,
            reason: "too far behind, connect again".into(),
        };
        self.send(Message::Close(Some(frame))).await?;
        Err(Gone)
    }

    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        let bytes = message.len() as u64;
        match timeout(PATIENCE, send(&mut self.socket, message)).await {
            Ok(Ok(())) => {
                METRICS.live.messages.inc();
                METRICS.live.bytes.inc_by(bytes);
                Ok(())
            }
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}

/// Sends a message, in fragments if it is long.
async fn send(socket: &mut Socket, message: Message) -> Result<(), Error> {
    let (mut code, mut rest) = match message {
        Message::Text(text) => (Data::Text, Bytes::from(text)),
        Message::Binary(bytes) => (Data::Binary, bytes),
        control => return socket.send(control).await,
    };
    loop {
        let fragment = rest.split_to(rest.len().min(FRAGMENT_BYTES));
        let is_last = rest.is_empty();
        let frame = Frame::message(fragment, OpCode::Data(code), is_last);
        socket.send(Message::Frame(frame)).await?;
        if is_last {
            return Ok(());
        }
        code = Data::Continue;
    }
}

/// The next thing to tell about the glass; never without a subscription.
async fn next_of(watcher: &mut Option<Watcher>) -> Message {
    match watcher {
        Some(watcher) => watcher.next().await,
        None => std::future::pending().await,
    }
}
