use bytes::{BufMut, BytesMut};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use tarpc::ClientMessage;
use tokio_util::codec::{Decoder, Encoder};

use super::*;
use crate::ids::{ClipId, MAX_SLUG_BYTES, Slug};
use crate::service::HardwareRequest;
use crate::snapshot::{Change, Entry, MAX_ENTRIES};
use crate::units::{Repeats, StillTime};

type ServerCodec = Codec<ClientMessage<HardwareRequest>, ()>;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Letter(#[serde(with = "serde_bytes")] Vec<u8>);

impl Inbound for Letter {}

fn framed(body: &[u8]) -> BytesMut {
    let mut bytes = BytesMut::new();
    bytes.put_u32(u32::try_from(body.len()).unwrap());
    bytes.extend_from_slice(body);
    bytes
}

/// A `hello` request whose deadline is this many seconds away, as a peer would send it.
fn request_with_deadline(seconds: u64) -> BytesMut {
    use bincode::Options;
    let context = ((seconds, 0u32), ([0u8; 16], 0u64, 0u32));
    // ClientMessage::Request { context, id, HardwareRequest::Hello { hello: { proto, build } } }
    let message = (0u32, context, 7u64, 0u32, (1u32, "test"));
    framed(
        &bincode::DefaultOptions::new()
            .with_varint_encoding()
            .serialize(&message)
            .unwrap(),
    )
}

fn decode(mut bytes: BytesMut) -> Result<Option<ClientMessage<HardwareRequest>>, Error> {
    ServerCodec::default().decode(&mut bytes)
}

#[test]
fn a_deadline_beyond_the_limit_is_brought_back_to_it() {
    for seconds in [1, 61, 3_600, 10 * 365 * 86_400] {
        let Ok(Some(ClientMessage::Request(request))) = decode(request_with_deadline(seconds))
        else {
            panic!("{seconds} s: not a request");
        };
        assert!(request.context.deadline <= Instant::now() + MAX_DEADLINE);
    }
}

#[test]
fn a_deadline_that_overflows_the_clock_is_malformed_not_a_panic() {
    assert!(matches!(
        decode(request_with_deadline(u64::MAX)),
        Err(Error::Malformed(_))
    ));
}

#[test]
fn a_message_above_the_limit_is_refused_by_its_prefix_alone() {
    let mut bytes = BytesMut::new();
    bytes.put_u32(u32::try_from(MAX_MESSAGE_BYTES + 1).unwrap());
    assert!(matches!(decode(bytes), Err(Error::TooLong(_))));
}

#[test]
fn bytes_behind_a_message_are_refused() {
    let mut bytes = request_with_deadline(1);
    let body = [&bytes.split_off(4)[..], b"!"].concat();
    assert!(matches!(decode(framed(&body)), Err(Error::Malformed(_))));
}

/// A `set_playlist` request of one entry with these rules, as a peer would send it.
fn request_with_rules(repeat: Option<u32>, still: Option<(u64, u32)>) -> BytesMut {
    use bincode::Options;
    let context = ((1u64, 0u32), ([0u8; 16], 0u64, 0u32));
    let entries = [("cat", [7u8; 16], repeat, still)];
    // HardwareRequest::SetPlaylist { entries }
    let message = (0u32, context, 7u64, 2u32, &entries[..]);
    framed(
        &bincode::DefaultOptions::new()
            .with_varint_encoding()
            .serialize(&message)
            .unwrap(),
    )
}

#[test]
fn rules_travel_and_those_out_of_range_do_not() {
    let decoded = decode(request_with_rules(Some(3), Some((2, 500_000_000))));
    let Ok(Some(ClientMessage::Request(request))) = decoded else {
        panic!("not a request");
    };
    let HardwareRequest::SetPlaylist { entries } = request.message else {
        panic!("another call");
    };
    let [entry] = &entries[..] else {
        panic!("not one entry");
    };
    assert_eq!(entry.repeat.map(u32::from), Some(3));
    let still = Duration::from_millis(2500);
    assert_eq!(entry.still.map(Duration::from), Some(still));
    assert!(decode(request_with_rules(None, None)).is_ok());
    for (repeat, still) in [
        (Some(0), None),
        (Some(1001), None),
        (None, Some((0, 499_999_999))),
        (None, Some((86_401, 0))),
        (None, Some((u64::MAX, u32::MAX))),
    ] {
        assert!(matches!(
            decode(request_with_rules(repeat, still)),
            Err(Error::Malformed(_))
        ));
    }
}

#[test]
fn the_longest_playlist_is_no_longer_than_a_message_may_be() {
    let longest = Entry {
        repeat: Repeats::MOST.try_into().ok(),
        still: StillTime::LONGEST.try_into().ok(),
        ..Entry::new(
            Slug::nearest(&"x".repeat(MAX_SLUG_BYTES)),
            ClipId::from_sha256(&[0xFF; 32]),
        )
    };
    let mut out = BytesMut::new();
    let change = Change::Playlist(vec![longest; MAX_ENTRIES]);
    Codec::<Letter, Change>::default()
        .encode(change, &mut out)
        .unwrap();
    assert!(out.len() < MAX_MESSAGE_BYTES * 2 / 3, "{}", out.len());
}

#[test]
fn a_message_of_ours_above_the_limit_is_not_sent() {
    let mut out = BytesMut::new();
    let letter = Letter(vec![0; MAX_MESSAGE_BYTES]);
    assert!(
        Codec::<Letter, Letter>::default()
            .encode(letter, &mut out)
            .is_err()
    );
    assert!(out.is_empty());
}

proptest! {
    #[test]
    fn messages_arrive_whole_however_the_bytes_are_cut(
        letters in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..6),
        cut in 1usize..97,
    ) {
        let mut codec = Codec::<Letter, Letter>::default();
        let (mut wire, mut arrived, mut buffer) = (BytesMut::new(), Vec::new(), BytesMut::new());
        for letter in &letters {
            codec.encode(Letter(letter.clone()), &mut wire).unwrap();
        }
        for part in wire.chunks(cut) {
            buffer.extend_from_slice(part);
            while let Some(Letter(letter)) = codec.decode(&mut buffer).unwrap() {
                arrived.push(letter);
            }
        }
        prop_assert_eq!(arrived, letters);
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(body in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(decode(framed(&body)));
    }
}
