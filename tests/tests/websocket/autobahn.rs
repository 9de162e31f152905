//! The cases of the Autobahn test suite, against `/ws`.
//!
//! The suite's own client wants its messages back, and `/ws` is no echo; so its cases are here as tables, by their numbers.
//! What stands in for an echo is a request to enter a room nobody knows: the answer names the room. As in the suite, each
//! case has a connection of its own, which must end as it should, with the code it should.
//!
//! | Autobahn | here |
//! |---|---|
//! | 1-5, 7, 10 | all, see `framing.rs` and `closing.rs` |
//! | 6 | all 141 sequences, see `utf8.rs`; 6.4.3 and 6.4.4 are refused when their frame is whole, not within it (the suite calls that non-strict) |
//! | 9 | within the 64 KiB that a message may have; what is longer is refused with 1009 |
//! | 12, 13 | compression is not offered, and a compressed frame is refused |

mod closing;
mod framing;
mod utf8;

use loop_tests::frames::{CLOSE, PONG, TEXT, Wire, close, last};
use loop_tests::rig::Rig;
use serde_json::{Value, json};

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    /// The room somebody wanted to enter.
    Echo(String),
    /// The answer to a request by the name of ping.
    Alive,
    /// A complaint.
    Complaint(String),
    /// The answer to a ping.
    Pong(Vec<u8>),
    /// A farewell with this code; 0 for none.
    Close(u16),
    /// The end of the connection.
    End,
}

/// One case, or several that are alike.
struct Case {
    number: String,
    sends: Vec<Vec<u8>>,
    /// Bytes at a time.
    chop: usize,
    sees: Vec<Seen>,
}

fn case(
    number: impl Into<String>,
    sends: impl Into<Vec<Vec<u8>>>,
    sees: impl Into<Vec<Seen>>,
) -> Case {
    Case {
        number: number.into(),
        sends: sends.into(),
        chop: usize::MAX,
        sees: sees.into(),
    }
}

impl Case {
    fn chopped(mut self, at_a_time: usize) -> Self {
        self.chop = at_a_time;
        self
    }

    async fn run(&self, rig: &Rig) {
        let mut wire = Wire::quiet(rig).await;
        wire.send_chopped(&self.sends.concat(), self.chop).await;
        let mut wanted = self.sees.clone();
        let closes = |seen: &Seen| matches!(seen, Seen::Close(_) | Seen::End);
        if !wanted.iter().any(closes) {
            // It is as alive as before, and parts in peace.
            wire.send(&last(TEXT, ALIVE)).await;
            wire.send(&close(1000, "")).await;
            wanted.extend([Seen::Alive, Seen::Close(1000)]);
        }
        wanted.push(Seen::End);
        let mut seen = Vec::new();
        while seen.last() != Some(&Seen::End) && seen.len() < wanted.len() {
            seen.push(see(&mut wire).await);
        }
        assert_eq!(seen, wanted, "case {}", self.number);
    }
}

async fn see(wire: &mut Wire) -> Seen {
    let Some(frame) = wire.next().await else {
        return Seen::End;
    };
    match (frame.opcode, frame.payload.as_slice()) {
        (PONG, payload) => Seen::Pong(payload.to_vec()),
        (CLOSE, []) => Seen::Close(0),
        (CLOSE, [high, low, ..]) => Seen::Close(u16::from_be_bytes([*high, *low])),
        (TEXT, text) => {
            let value: Value = serde_json::from_slice(text).unwrap();
            let word = |name: &str| value[name].as_str().unwrap().to_owned();
            match value["type"].as_str().unwrap() {
                "subscribe_response" => Seen::Echo(word("room")),
                "pong" => Seen::Alive,
                "error" => Seen::Complaint(word("message")),
                other => panic!("a message of type {other}"),
            }
        }
        _ => panic!("{frame:?}"),
    }
}

/// What is answered by [`Seen::Alive`].
const ALIVE: &[u8] = br#"{"type":"ping"}"#;

/// What is answered by this very text.
fn request(text: &str) -> Vec<u8> {
    json!({"type": "subscribe", "room": text})
        .to_string()
        .into_bytes()
}

/// The same, of any bytes.
fn request_of(bytes: &[u8]) -> Vec<u8> {
    [br#"{"type":"subscribe","room":""#, bytes, br#""}"#].concat()
}

fn echo(text: &str) -> Seen {
    Seen::Echo(text.to_owned())
}

fn no_json() -> Seen {
    Seen::Complaint("Invalid JSON format".to_owned())
}

fn no_binary() -> Seen {
    Seen::Complaint("Binary messages are not understood".to_owned())
}

async fn run(cases: Vec<Case>) {
    let rig = Rig::start().await;
    for case in &cases {
        case.run(&rig).await;
    }
    eprintln!("{} cases", cases.len());
    rig.finish().await;
}
