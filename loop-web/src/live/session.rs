//! One WebSocket.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::hub::{ClientId, Room, message};
use crate::board::Board;
use crate::clock::unix_seconds;
use crate::glass::{GlassView, Picture};

/// How often a client is asked whether it is there; it is gone when it has not answered by the next time.
const PING: Duration = Duration::from_secs(20);

/// How long a client may take to accept a message.
const PATIENCE: Duration = Duration::from_secs(10);

/// Shortest time between two pictures of the glass.
const PICTURE_INTERVAL: Duration = Duration::from_millis(100);

/// Serves a client until it goes or is too slow.
pub(crate) async fn run(socket: WebSocket, board: Board, glass: GlassView) {
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
        pictures: None,
        answered: true,
    };
    session.serve(queue, first).await;
    session.board.with_hub(|hub, _| hub.leave(id));
}

struct Session {
    socket: WebSocket,
    board: Board,
    glass: GlassView,
    id: ClientId,
    pictures: Option<watch::Receiver<Option<Picture>>>,
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
        let mut next_picture = Instant::now();
        loop {
            let step = tokio::select! {
                received = self.socket.recv() => match received {
                    Some(Ok(received)) => self.receive(received).await,
                    Some(Err(_)) | None => Err(Gone),
                },
                text = queue.recv() => match text {
                    Some(text) => self.send(Message::Text(text)).await,
                    None => self.say_goodbye().await,
                },
                picture = picture_after(next_picture, &mut self.pictures) => {
                    next_picture = Instant::now() + PICTURE_INTERVAL;
                    match picture {
                        Some(picture) => self.send(Message::Binary(picture.png)).await,
                        None => Ok(()),
                    }
                },
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
            Message::Ping(_) => Ok(()),
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
                    self.pictures = Some(self.glass.watch());
                }
                Ok(())
            }
            Some("unsubscribe") => {
                let found = room.parse::<Room>();
                if let Ok(found) = found {
                    self.board.with_hub(|hub, _| hub.exit(self.id, found));
                }
                if found == Ok(Room::Live) {
                    self.pictures = None;
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
        self.send(Message::Ping(bytes::Bytes::new())).await
    }

    async fn say_goodbye(&mut self) -> Result<(), Gone> {
        let frame = CloseFrame {
            code: close_code::AGAIN,
            reason: "too far behind, connect again".into(),
        };
        self.send(Message::Close(Some(frame))).await?;
        Err(Gone)
    }

    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        match timeout(PATIENCE, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}

/// The newest picture the client has not got, not before `earliest`; never without a subscription.
async fn picture_after(
    earliest: Instant,
    pictures: &mut Option<watch::Receiver<Option<Picture>>>,
) -> Option<Picture> {
    let Some(pictures) = pictures else {
        return std::future::pending().await;
    };
    tokio::time::sleep_until(earliest).await;
    match pictures.changed().await {
        Ok(()) => pictures.borrow_and_update().clone(),
        Err(_) => std::future::pending().await,
    }
}
