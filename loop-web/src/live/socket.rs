//! A WebSocket as the session sees it: messages, each with a limit on its size and on the time it may take, and an end that
//! says why.
//!
//! Compression is not offered: the dashboard is sent once, events are short, and a window for each client costs more memory
//! than all the rest of it.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::pace::Paced;
use crate::metrics::METRICS;

/// Longest message a client may send: requests are a few words. Its fragments count together.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// The default would be 128 KiB for each connection.
const READ_BUFFER_BYTES: usize = 4096;

/// Sent at a time: each connection has a buffer for it. A longer message goes in fragments.
const FRAGMENT_BYTES: usize = 8 * 1024;

/// How long a client may take to accept a fragment.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long, and for how much, we listen after the farewell.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// Why it is over.
#[derive(Debug)]
pub(super) enum End {
    /// The client has hung up.
    Gone,
    /// It takes nothing or says nothing any more: there is nobody to talk to.
    Lost,
    /// It said goodbye, which is still to be answered.
    Left,
    /// We say goodbye.
    Farewell(CloseCode, &'static str),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error {
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            Error::Protocol(_) => Self::Farewell(CloseCode::Protocol, "not the WebSocket protocol"),
            Error::Capacity(_) => {
                Self::Farewell(CloseCode::Size, "a message may have 64 KiB at the most")
            }
            Error::Utf8(_) => Self::Farewell(CloseCode::Invalid, "text must be UTF-8"),
            _ => Self::Gone,
        }
    }
}

pub(crate) struct Socket<S>(WebSocketStream<Paced<S>>);

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// Takes a connection over, after the handshake; `read` is what has come of it since.
    pub(crate) async fn open(stream: S, read: &[u8]) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            // Never reached: each ping is answered before more is read.
            .max_write_buffer_size(4 * FRAGMENT_BYTES)
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let (stream, read) = (Paced::new(stream), read.to_vec());
        Self(WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config)).await)
    }

    /// The next message. Nothing is lost when the future is dropped; pings are for [`flush`](Self::flush) to answer.
    pub(super) async fn next(&mut self) -> Result<Message, End> {
        match self.0.next().await {
            Some(Ok(Message::Close(_))) => Err(End::Left),
            Some(received) => Ok(received?),
            None => Err(End::Gone),
        }
    }

    /// Sends a message, in fragments if it is long.
    pub(super) async fn send(&mut self, message: Message) -> Result<(), End> {
        let bytes = message.len() as u64;
        let (mut code, mut rest) = match message {
            Message::Text(text) => (Data::Text, Bytes::from(text)),
            Message::Binary(bytes) => (Data::Binary, bytes),
            control => return patiently(self.0.send(control)).await,
        };
        loop {
            let fragment = rest.split_to(rest.len().min(FRAGMENT_BYTES));
            let is_last = rest.is_empty();
            let frame = Frame::message(fragment, OpCode::Data(code), is_last);
            patiently(self.0.send(Message::Frame(frame))).await?;
            if is_last {
                METRICS.live.messages.inc();
                METRICS.live.bytes.inc_by(bytes);
                return Ok(());
            }
            code = Data::Continue;
        }
    }

    /// Sends what the protocol owes: the answer to a ping.
    pub(super) async fn flush(&mut self) -> Result<(), End> {
        patiently(self.0.flush()).await
    }

    /// Ends it, so that the client learns why.
    pub(super) async fn close(mut self, end: End) {
        let said = match end {
            End::Gone => return,
            End::Lost => {
                METRICS.live.dropped.inc();
                return;
            }
            End::Left => self.flush().await,
            End::Farewell(code, reason) => {
                let reason = reason.into();
                let farewell = Message::Close(Some(CloseFrame { code, reason }));
                self.send(farewell).await
            }
        };
        if said.is_ok() {
            let listened = timeout(LINGER, hear_out(self.0.into_inner().into_inner()));
            drop(listened.await);
        }
    }
}

async fn patiently(sent: impl Future<Output = Result<(), Error>>) -> Result<(), End> {
    match timeout(PATIENCE, sent).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Lost),
    }
}

/// Reads what the client still sends. Bytes nobody has read make the system reset the connection, and a reset overtakes the
/// farewell.
async fn hear_out(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    stream.shutdown().await?;
    let (mut heard, mut buffer) = (0, [0; READ_BUFFER_BYTES]);
    while heard < LINGER_BYTES {
        match stream.read(&mut buffer).await? {
            0 => break,
            read => heard += read,
        }
    }
    Ok(())
}
