//! WebSocket frames as bytes, right ones and wrong ones: what a client's library would not send.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

use crate::rig::Rig;

/// Kinds of frames.
pub const CONTINUATION: u8 = 0;
/// A text, or its beginning.
pub const TEXT: u8 = 1;
/// Bytes, or their beginning.
pub const BINARY: u8 = 2;
/// A farewell.
pub const CLOSE: u8 = 8;
/// A question whether somebody is there.
pub const PING: u8 = 9;
/// Its answer.
pub const PONG: u8 = 10;

/// Whence clients come, if nothing else is said.
const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Longest that anything may take; the machine that runs the tests may be busy.
const GENEROUS: Duration = Duration::from_secs(30);

/// A frame as it came, whole messages put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub opcode: u8,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// A frame as a client sends it. `first` is its first byte: whether it is the last of its message, reserved bits, kind.
#[must_use]
pub fn raw(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = head(first, payload.len(), true);
    frame.extend(MASK);
    let masked = payload.iter().zip(MASK.iter().cycle());
    frame.extend(masked.map(|(byte, mask)| byte ^ mask));
    frame
}

/// The head of a frame of this length, up to where the mask would be.
#[must_use]
pub fn head(first: u8, length: usize, masked: bool) -> Vec<u8> {
    let mask = u8::from(masked) << 7;
    let mut head = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length), _) if length < 126 => head.push(mask | length),
        (_, Ok(length)) => {
            head.push(mask | 126);
            head.extend(length.to_be_bytes());
        }
        _ => {
            head.push(mask | 127);
            head.extend(u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    head
}

/// A frame that is a message of its own, or the last of one.
#[must_use]
pub fn last(opcode: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    raw(0x80 | opcode, payload.as_ref())
}

/// A frame after which more of the message comes.
#[must_use]
pub fn part(opcode: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    raw(opcode, payload.as_ref())
}

/// A farewell.
#[must_use]
pub fn close(code: u16, reason: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = [&code.to_be_bytes(), reason.as_ref()].concat();
    last(CLOSE, payload)
}

/// A connection to `/ws` that says what it is told to.
pub struct Wire {
    stream: BufReader<TcpStream>,
}

impl Wire {
    /// Shakes hands; the device's first words are still to come.
    pub async fn open(rig: &Rig) -> Self {
        Self::open_from(HERE, rig).await
    }

    /// The same, from another address.
    async fn open_from(host: Ipv4Addr, rig: &Rig) -> Self {
        let (wire, status) = Self::knock_from(host, rig, "").await;
        assert!(status.starts_with("HTTP/1.1 101 "), "{status}");
        wire
    }

    /// Asks for a WebSocket, with more lines in the head; gives the head of the answer.
    pub async fn knock(rig: &Rig, more: &str) -> (Self, String) {
        Self::knock_from(HERE, rig, more).await
    }

    /// The same, from another address.
    pub async fn knock_from(host: Ipv4Addr, rig: &Rig, more: &str) -> (Self, String) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((host, 0).into()).unwrap();
        let stream = socket.connect(rig.address().parse().unwrap()).await;
        let stream = stream.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut wire = Self {
            stream: BufReader::new(stream),
        };
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
        );
        assert!(wire.send(request.as_bytes()).await);
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(wire.stream.read_u8().await.unwrap());
        }
        (wire, String::from_utf8(answer).unwrap())
    }

    /// Shakes hands and listens to the device's first words.
    pub async fn greeted(rig: &Rig) -> Self {
        Self::greeted_from(HERE, rig).await
    }

    /// The same, from another address.
    pub async fn greeted_from(host: Ipv4Addr, rig: &Rig) -> Self {
        let mut wire = Self::open_from(host, rig).await;
        for kind in ["connection", "initial_dashboard"] {
            assert_eq!(wire.next_text().await["type"], kind);
        }
        wire
    }

    /// Shakes hands and wants no news: all that comes from now on is an answer.
    pub async fn quiet(rig: &Rig) -> Self {
        let mut wire = Self::greeted(rig).await;
        let no_news = r#"{"type":"unsubscribe","room":"dashboard"}"#;
        assert!(wire.send(&last(TEXT, no_news)).await);
        while wire.next_text().await["type"] != "unsubscribe_response" {}
        wire
    }

    /// Sends bytes; `false` when nobody takes them any more.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Sends bytes, so many at a time.
    pub async fn send_chopped(&mut self, bytes: &[u8], at_a_time: usize) {
        for piece in bytes.chunks(at_a_time) {
            if !self.send(piece).await {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// The next message or control frame; `None` when the connection has ended.
    pub async fn next(&mut self) -> Option<Frame> {
        let mut message: Option<Frame> = None;
        loop {
            let read = tokio::time::timeout(GENEROUS, self.read_frame());
            let (is_last, frame) = read.await.expect("nothing came")?;
            if frame.opcode >= CLOSE {
                return Some(frame);
            }
            match &mut message {
                Some(message) => {
                    assert_eq!(frame.opcode, CONTINUATION);
                    message.payload.extend(frame.payload);
                }
                None => message = Some(frame),
            }
            if is_last {
                return message;
            }
        }
    }

    /// The next message, which must be a text.
    pub async fn next_text(&mut self) -> Value {
        let frame = self.next().await.expect("the connection has ended");
        assert_eq!(frame.opcode, TEXT, "{frame:?}");
        serde_json::from_slice(&frame.payload).unwrap()
    }

    async fn read_frame(&mut self) -> Option<(bool, Frame)> {
        let first = self.stream.read_u8().await.ok()?;
        assert_eq!(first & 0x70, 0, "reserved bits are used");
        let length = match self.stream.read_u8().await.ok()? {
            126 => u64::from(self.stream.read_u16().await.ok()?),
            127 => self.stream.read_u64().await.ok()?,
            length => u64::from(length),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await.ok()?;
        let opcode = first & 0xf;
        Some((first & 0x80 != 0, Frame { opcode, payload }))
    }
}
