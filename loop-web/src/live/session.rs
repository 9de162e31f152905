//! One WebSocket.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::hub::{ClientId, Next, Room};
use super::socket::{End, Socket};
use super::watcher::Watcher;
use crate::board::Board;
use crate::clock::unix_seconds;
use crate::glass::GlassView;

/// How often a client is asked whether it is there; it is gone when nothing has come from it by the next time.
const PING: Duration = Duration::from_secs(20);

/// How long clients may take to hear that the daemon stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves a client until it goes or is too slow.
pub(crate) async fn run<S>(socket: Socket<S>, board: Board, glass: GlassView)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (id, news, first) = board.join();
    let mut session = Session {
        socket,
        board,
        glass,
        id,
        watcher: None,
        heard: true,
    };
    let Err(end) = session.serve(&news, first).await;
    tracing::debug!(%id, ?end, "a WebSocket has ended");
    session.socket.close(end).await;
    session.board.with_hub(|hub, _| hub.leave(id));
}

/// Waits until the daemon stops, and then until all clients know.
pub(crate) async fn dismiss(board: Board, mut stopped: watch::Receiver<bool>) {
    drop(stopped.wait_for(|stopped| *stopped).await);
    board.with_hub(|hub, _| hub.dismiss());
    let all_gone = async {
        while board.with_hub(|hub, _| hub.len()) > 0 {
            tokio::time::sleep(FAREWELL / 100).await;
        }
    };
    drop(timeout(FAREWELL, all_gone).await);
}

struct Session<S> {
    socket: Socket<S>,
    board: Board,
    glass: GlassView,
    id: ClientId,
    /// In the live room.
    watcher: Option<Watcher>,
    /// Whether anything has come since the last ping.
    heard: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    async fn serve(&mut self, news: &Notify, first: Utf8Bytes) -> Result<Infallible, End> {
        let greeting = json!({"type": "connection", "status": "connected", "connection_id": self.id.to_string(),
            "timestamp": unix_seconds(), "data": {"status": "connected", "version": env!("CARGO_PKG_VERSION")}});
        let greeting = Message::Text(greeting.to_string().into());
        self.socket.send(greeting).await?;
        self.socket.send(Message::Text(first)).await?;
        let mut ping = interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // Frames that are in the buffer come without a wait: others must have their turn, too.
            tokio::task::coop::consume_budget().await;
            tokio::select! {
                received = self.socket.next() => self.receive(received?).await?,
                text = next_text(&self.board, self.id, news) => self.socket.send(Message::Text(text?)).await?,
                told = next_of(&mut self.watcher) => self.socket.send(told).await?,
                _ = ping.tick() => self.ping().await?,
            }
        }
    }

    async fn receive(&mut self, received: Message) -> Result<(), End> {
        self.heard = true;
        self.board.with_hub(|hub, _| hub.hear(self.id));
        match received {
            Message::Text(text) => match serde_json::from_str::<Value>(&text) {
                Ok(Value::Object(request)) => self.obey(&request).await,
                Ok(_) => self.complain("Message must be a JSON object").await,
                Err(_) => self.complain("Invalid JSON format").await,
            },
            Message::Binary(_) => self.complain("Binary messages are not understood").await,
            // Before anything else is read, or a client that only pings would make its answers pile up.
            Message::Ping(_) => self.socket.flush().await,
            // Raw frames are only sent, and a farewell has ended the session already.
            Message::Pong(_) | Message::Frame(_) | Message::Close(_) => Ok(()),
        }
    }

    async fn obey(&mut self, request: &serde_json::Map<String, Value>) -> Result<(), End> {
        let room = request
            .get("room")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match request.get("type").and_then(Value::as_str) {
            Some("ping") => self.reply(json!({"type": "pong"})).await,
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

    async fn reply(&mut self, mut answer: Value) -> Result<(), End> {
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("timestamp".to_owned(), unix_seconds().into());
        }
        self.socket
            .send(Message::Text(answer.to_string().into()))
            .await
    }

    async fn complain(&mut self, text: &str) -> Result<(), End> {
        self.reply(json!({"type": "error", "message": text, "data": {"message": text}}))
            .await
    }

    async fn ping(&mut self) -> Result<(), End> {
        // What came while something was sent for long has not been looked at yet.
        if !self.heard
            && let Some(received) = self.socket.next().now_or_never()
        {
            self.receive(received?).await?;
        }
        if !std::mem::take(&mut self.heard) {
            return Err(End::Lost);
        }
        self.socket.send(Message::Ping(Bytes::new())).await
    }
}

/// The next message from the hub. Nothing is lost when the future is dropped.
async fn next_text(board: &Board, id: ClientId, news: &Notify) -> Result<Utf8Bytes, End> {
    loop {
        match board.take(id) {
            Some(Next::Message(text)) => return Ok(text),
            Some(Next::Farewell) => {
                return Err(End::Farewell(CloseCode::Away, "the web daemon is stopping"));
            }
            None => news.notified().await,
        }
    }
}

/// The next thing to tell about the glass; never without a subscription.
async fn next_of(watcher: &mut Option<Watcher>) -> Message {
    match watcher {
        Some(watcher) => watcher.next().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
