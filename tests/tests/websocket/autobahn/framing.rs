//! Frames, and messages made of them.

use loop_tests::frames::{BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, head, last, part, raw};

use super::{ALIVE, Case, Seen, case, echo, no_binary, no_json, request, run};

/// Not the protocol.
const WRONG: [Seen; 1] = [Seen::Close(1002)];

/// A request of so many bytes, most of them nothing.
fn alive(length: usize) -> Vec<u8> {
    let mut text = ALIVE.to_vec();
    text.resize(length, b' ');
    text
}

#[tokio::test]
async fn messages_of_every_size_arrive_whole() {
    let mut cases = vec![
        case("1.1.1", [last(TEXT, "")], [no_json()]),
        case("1.2.1", [last(BINARY, "")], [no_binary()]),
    ];
    let sizes = [125, 126, 127, 128, 65_535, 65_536];
    for (number, size) in (2..).zip(sizes) {
        let (text, binary) = (last(TEXT, alive(size)), last(BINARY, vec![0xfe; size]));
        cases.push(case(format!("1.1.{number}"), [text], [Seen::Alive]));
        cases.push(case(format!("1.2.{number}"), [binary], [no_binary()]));
    }
    let (text, binary) = (last(TEXT, alive(65_536)), last(BINARY, vec![0xfe; 65_536]));
    cases.push(case("1.1.8", [text], [Seen::Alive]).chopped(997));
    cases.push(case("1.2.8", [binary], [no_binary()]).chopped(997));
    run(cases).await;
}

#[tokio::test]
async fn pings_are_answered_with_what_they_carry() {
    let odd = [0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff];
    let pong = |payload: &[u8]| Seen::Pong(payload.to_vec());
    let ten: Vec<_> = (0..10).map(|number| format!("payload-{number}")).collect();
    let pings: Vec<_> = ten.iter().map(|payload| last(PING, payload)).collect();
    let pongs: Vec<_> = ten.iter().map(|payload| pong(payload.as_bytes())).collect();
    run(vec![
        case("2.1", [last(PING, "")], [pong(b"")]),
        case(
            "2.2",
            [last(PING, "Hello, world!")],
            [pong(b"Hello, world!")],
        ),
        case("2.3", [last(PING, odd)], [pong(&odd)]),
        case("2.4", [last(PING, [0xfe; 125])], [pong(&[0xfe; 125])]),
        case("2.5", [last(PING, [0xfe; 126])], WRONG),
        case("2.6", [last(PING, [0xfe; 125])], [pong(&[0xfe; 125])]).chopped(1),
        case("2.7", [last(PONG, "")], []),
        case("2.8", [last(PONG, "unasked")], []),
        case(
            "2.9",
            [last(PONG, "unasked"), last(PING, "asked")],
            [pong(b"asked")],
        ),
        case("2.10", pings.clone(), pongs.clone()),
        case("2.11", pings, pongs).chopped(1),
    ])
    .await;
}

#[tokio::test]
async fn reserved_bits_and_kinds_end_the_connection_as_a_fault_of_protocol() {
    let hello = || last(TEXT, request("hello"));
    let marked = |bits: u8, opcode: u8| raw(0x80 | bits << 4 | opcode, b"hello");
    let after_hello = [echo("hello"), Seen::Close(1002)];
    let mut cases = vec![
        case("3.1", [marked(1, TEXT)], WRONG),
        case(
            "3.2",
            [hello(), marked(2, TEXT), last(PING, "")],
            after_hello.clone(),
        ),
        case(
            "3.3",
            [hello(), marked(3, TEXT), last(PING, "")],
            after_hello.clone(),
        ),
        case(
            "3.4",
            [hello(), marked(4, TEXT), last(PING, "")],
            after_hello.clone(),
        )
        .chopped(1),
        case("3.5", [marked(5, BINARY)], WRONG),
        case("3.6", [marked(6, PING)], WRONG),
        case("3.7", [marked(7, CLOSE)], WRONG),
    ];
    for (group, opcodes) in [(1, 3..=7), (2, 11..=15)] {
        for (number, opcode) in (1..).zip(opcodes) {
            let name = format!("4.{group}.{number}");
            cases.push(match number {
                1 => case(name, [last(opcode, "")], WRONG),
                2 => case(name, [last(opcode, "reserved")], WRONG),
                _ => {
                    let sends = [hello(), last(opcode, "reserved"), last(PING, "")];
                    case(name, sends, after_hello.clone()).chopped(1)
                }
            });
        }
    }
    run(cases).await;
}

/// A request in two parts.
fn halves() -> (Vec<u8>, Vec<u8>) {
    let mut first = request("fragment1fragment2");
    let second = first.split_off(30);
    (part(TEXT, first), last(CONTINUATION, second))
}

fn in_parts() -> Vec<Case> {
    let whole = echo("fragment1fragment2");
    let (first, second) = halves();
    let ping = last(PING, "ping");
    let pong = Seen::Pong(b"ping".to_vec());
    let mut cases = Vec::new();
    for (numbers, chop) in [
        (["5.3", "5.6"], usize::MAX),
        (["5.4", "5.7"], 36),
        (["5.5", "5.8"], 1),
    ] {
        let halves = [first.clone(), second.clone()];
        cases.push(case(numbers[0], halves, [whole.clone()]).chopped(chop));
        let between = [first.clone(), ping.clone(), second.clone()];
        cases.push(case(numbers[1], between, [pong.clone(), whole.clone()]).chopped(chop));
    }
    let text = request("a b c d e");
    let pieces: Vec<_> = text.chunks(text.len().div_ceil(5)).collect();
    assert_eq!(pieces.len(), 5);
    let five = [
        part(TEXT, pieces[0]),
        part(CONTINUATION, pieces[1]),
        ping.clone(),
        part(CONTINUATION, pieces[2]),
        part(CONTINUATION, pieces[3]),
        ping,
        last(CONTINUATION, pieces[4]),
    ];
    let sees = [pong.clone(), pong, echo("a b c d e")];
    cases.push(case("5.19", five.clone(), sees.clone()));
    cases.push(case("5.20", five, sees).chopped(1));
    cases
}

#[tokio::test]
async fn messages_come_in_fragments_with_pings_between_and_in_no_other_way() {
    let (first, second) = halves();
    let whole = echo("fragment1fragment2");
    let hello = || last(TEXT, request("hello"));
    let mut cases = in_parts();
    cases.extend([
        case(
            "5.1",
            [part(PING, "frag"), last(CONTINUATION, "ment")],
            WRONG,
        ),
        case(
            "5.2",
            [part(PONG, "frag"), last(CONTINUATION, "ment")],
            WRONG,
        ),
    ]);
    for (number, chop) in [(9, usize::MAX), (10, 20), (11, 1)] {
        let sends = [last(CONTINUATION, "nothing before"), hello()];
        cases.push(case(format!("5.{number}"), sends, WRONG).chopped(chop));
        let sends = [part(CONTINUATION, "nothing before"), hello()];
        cases.push(case(format!("5.{}", number + 3), sends, WRONG).chopped(chop));
    }
    let stray = |frame: Vec<u8>| [frame, part(TEXT, "frag"), last(CONTINUATION, "ment")].concat();
    cases.extend([
        case(
            "5.15",
            [first.clone(), second, part(CONTINUATION, "stray"), hello()],
            [whole, Seen::Close(1002)],
        ),
        case("5.16", vec![stray(part(CONTINUATION, "stray")); 2], WRONG),
        case("5.17", vec![stray(last(CONTINUATION, "stray")); 2], WRONG),
        case("5.18", [first, hello()], WRONG),
    ]);
    run(cases).await;
}

#[tokio::test]
async fn a_client_that_does_not_mask_or_says_it_sends_too_much_is_refused_by_the_head() {
    let bare = [head(0x81, ALIVE.len(), false), ALIVE.to_vec()].concat();
    let too_long = |first: u8, length: usize| [head(first, length, true), vec![0; 4]].concat();
    let mut begun = part(TEXT, alive(60_000));
    begun.extend(part(CONTINUATION, alive(5_537)));
    run(vec![
        case("RFC 5.1: not masked", [bare], WRONG),
        case(
            "9.1.1: beyond our limit",
            [too_long(0x81, 65_537)],
            [Seen::Close(1009)],
        ),
        case(
            "9.1.3: a megabyte",
            [too_long(0x81, 1 << 20)],
            [Seen::Close(1009)],
        ),
        case(
            "9.2.6: 16 megabytes",
            [too_long(0x82, 1 << 24)],
            [Seen::Close(1009)],
        ),
        case(
            "RFC 5.2: 2^63 and more",
            [too_long(0x82, 1 << 63)],
            [Seen::Close(1009)],
        ),
        case("9.3: too long in sum", [begun], [Seen::Close(1009)]),
    ])
    .await;
}

#[tokio::test]
async fn long_messages_in_many_fragments_and_many_messages_are_no_burden() {
    let text = alive(32_768);
    let mut cases = Vec::new();
    for (number, size) in [
        ("9.3.1", 64),
        ("9.3.2", 256),
        ("9.3.3", 1024),
        ("10.1.1", 1300),
    ] {
        let mut frames: Vec<_> = text
            .chunks(size)
            .map(|piece| part(CONTINUATION, piece))
            .collect();
        frames[0][0] = TEXT;
        frames.last_mut().unwrap()[0] |= 0x80;
        cases.push(case(number, frames, [Seen::Alive]));
    }
    for (number, size) in [("9.5.1", 64), ("9.5.3", 256), ("9.5.6", 2048)] {
        cases.push(case(number, [last(TEXT, &text)], [Seen::Alive]).chopped(size));
    }
    for (number, size) in [("9.7.1", 15), ("9.7.3", 64), ("9.7.4", 256)] {
        let sees = vec![Seen::Alive; 200];
        cases.push(case(number, vec![last(TEXT, alive(size)); 200], sees));
    }
    run(cases).await;
}
