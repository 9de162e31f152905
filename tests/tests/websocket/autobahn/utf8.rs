//! Text is UTF-8 or it is refused, however it is cut.

use loop_tests::frames::{CONTINUATION, TEXT, last, part};

use super::{Case, Seen, case, echo, no_json, request, request_of, run};

/// "kosme", in Greek: characters of two and of three bytes.
const GREEK: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

/// Not UTF-8.
const INVALID: [Seen; 1] = [Seen::Close(1007)];

/// What breaks off, in the order of the suite.
const CUT: [&[u8]; 10] = [
    b"\xc0",
    b"\xe0\x80",
    b"\xf0\x80\x80",
    b"\xf8\x80\x80\x80",
    b"\xfc\x80\x80\x80\x80",
    b"\xdf",
    b"\xef\xbf",
    b"\xf7\xbf\xbf",
    b"\xfb\xbf\xbf\xbf",
    b"\xfd\xbf\xbf\xbf\xbf",
];

/// The suite's groups from 6.5 on: valid and invalid ones, in its order. Rust's own rules say which is which; that they are
/// the suite's is tested below.
fn groups() -> Vec<(u8, Vec<Vec<u8>>)> {
    let all = |sequences: &[&[u8]]| {
        sequences
            .iter()
            .map(|bytes| bytes.to_vec())
            .collect::<Vec<_>>()
    };
    let lonely = |from: u8, to: u8| (from..to).flat_map(|byte| [byte, b' ']).collect::<Vec<_>>();
    let strays = [
        b"\x80".as_slice(),
        b"\xbf",
        b"\x80\xbf",
        b"\x80\xbf\x80",
        b"\x80\xbf\x80\xbf",
        b"\x80\xbf\x80\xbf\x80",
        b"\x80\xbf\x80\xbf\x80\xbf",
        &(0x80..0xbf).collect::<Vec<u8>>(),
    ]
    .map(<[u8]>::to_vec);
    vec![
        (
            5,
            all(&[
                b"hello$world",
                b"hello\xc2\xa2world",
                b"hello\xe2\x82\xacworld",
                b"hello\xf0\xa4\xad\xa2world",
                GREEK,
            ]),
        ),
        (
            6,
            (1..=GREEK.len()).map(|end| GREEK[..end].to_vec()).collect(),
        ),
        (
            7,
            all(&[b"\x00", b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80"]),
        ),
        (
            8,
            all(&[b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80"]),
        ),
        (
            9,
            all(&[b"\x7f", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf"]),
        ),
        (
            10,
            all(&[
                b"\xf7\xbf\xbf\xbf",
                b"\xfb\xbf\xbf\xbf\xbf",
                b"\xfd\xbf\xbf\xbf\xbf\xbf",
            ]),
        ),
        (
            11,
            all(&[
                b"\xed\x9f\xbf",
                b"\xee\x80\x80",
                b"\xef\xbf\xbd",
                b"\xf4\x8f\xbf\xbf",
                b"\xf4\x90\x80\x80",
            ]),
        ),
        (12, strays.to_vec()),
        (
            13,
            [
                (0xc0, 0xdf),
                (0xe0, 0xef),
                (0xf0, 0xf7),
                (0xf8, 0xfb),
                (0xfc, 0xfd),
            ]
            .map(|(from, to)| lonely(from, to))
            .to_vec(),
        ),
        (14, all(&CUT)),
        (15, vec![CUT.concat()]),
        (16, all(&[b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"])),
        (
            17,
            all(&[
                b"\xc0\xaf",
                b"\xe0\x80\xaf",
                b"\xf0\x80\x80\xaf",
                b"\xf8\x80\x80\x80\xaf",
                b"\xfc\x80\x80\x80\x80\xaf",
            ]),
        ),
        (
            18,
            all(&[
                b"\xc1\xbf",
                b"\xe0\x9f\xbf",
                b"\xf0\x8f\xbf\xbf",
                b"\xf8\x87\xbf\xbf\xbf",
                b"\xfc\x83\xbf\xbf\xbf\xbf",
            ]),
        ),
        (
            19,
            all(&[
                b"\xc0\x80",
                b"\xe0\x80\x80",
                b"\xf0\x80\x80\x80",
                b"\xf8\x80\x80\x80\x80",
                b"\xfc\x80\x80\x80\x80\x80",
            ]),
        ),
        (
            20,
            all(&[
                b"\xed\xa0\x80",
                b"\xed\xad\xbf",
                b"\xed\xae\x80",
                b"\xed\xaf\xbf",
                b"\xed\xb0\x80",
                b"\xed\xbe\x80",
                b"\xed\xbf\xbf",
            ]),
        ),
        (21, pairs()),
        (22, noncharacters()),
        (23, (0xb9..=0xbf).map(|end| vec![0xef, 0xbf, end]).collect()),
    ]
}

/// Halves of characters beyond the first 65,536, as UTF-16 would have them.
fn pairs() -> Vec<Vec<u8>> {
    let high = [
        b"\xed\xa0\x80",
        b"\xed\xad\xbf",
        b"\xed\xae\x80",
        b"\xed\xaf\xbf",
    ];
    let low = [b"\xed\xb0\x80", b"\xed\xbf\xbf"];
    let pairs = high.iter().flat_map(|high| {
        low.iter()
            .map(|low| [high.as_slice(), low.as_slice()].concat())
    });
    pairs.collect()
}

/// Two at the end of each plane: they mean nothing, and are valid.
fn noncharacters() -> Vec<Vec<u8>> {
    let ends = (0..=16_u32).flat_map(|plane| [plane << 16 | 0xfffe, plane << 16 | 0xffff]);
    ends.map(|code| char::from_u32(code).unwrap().to_string().into_bytes())
        .collect()
}

#[test]
fn the_sequences_are_as_many_and_as_valid_as_those_of_the_suite() {
    let valid = |group: u8, number: usize| match group {
        5 | 7 | 9 | 22 | 23 => true,
        6 => [2, 5, 7, 9, 11].contains(&number),
        11 => number < 5,
        _ => false,
    };
    let counts: Vec<_> = groups()
        .iter()
        .map(|(_, sequences)| sequences.len())
        .collect();
    assert_eq!(
        counts,
        [5, 11, 4, 2, 4, 3, 5, 8, 5, 10, 1, 3, 5, 5, 5, 7, 8, 34, 7]
    );
    for (group, sequences) in groups() {
        for (number, bytes) in (1..).zip(sequences) {
            let is = std::str::from_utf8(&bytes).is_ok();
            assert_eq!(is, valid(group, number), "6.{group}.{number}");
        }
    }
}

#[tokio::test]
async fn every_sequence_comes_back_when_it_is_valid_and_ends_the_connection_when_not() {
    let mut cases = Vec::new();
    for (group, sequences) in groups() {
        for (number, bytes) in (1..).zip(sequences) {
            let name = format!("6.{group}.{number}");
            cases.push(match String::from_utf8(bytes) {
                Ok(text) => case(name, [last(TEXT, request(&text))], [echo(&text)]),
                Err(error) => {
                    let message = request_of(error.as_bytes());
                    case(name, [last(TEXT, message)], INVALID)
                }
            });
        }
    }
    run(cases).await;
}

/// A text, byte by byte.
fn bytewise(text: &[u8]) -> Vec<Vec<u8>> {
    let mut frames: Vec<_> = text
        .iter()
        .map(|byte| part(CONTINUATION, [*byte]))
        .collect();
    frames[0][0] = TEXT;
    frames.last_mut().unwrap()[0] |= 0x80;
    frames
}

fn cut_anywhere() -> Vec<Case> {
    let text = "Hello-\u{b5}@\u{df}\u{f6}\u{e4}\u{fc}\u{e0}\u{e1}-UTF-8!!";
    let greek = std::str::from_utf8(GREEK).unwrap();
    let message = request(text);
    let middle = message.len() - 20;
    let broken = request_of(b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited");
    vec![
        case("6.1.1", [last(TEXT, "")], [no_json()]),
        case(
            "6.1.2",
            [
                part(TEXT, ""),
                part(CONTINUATION, ""),
                last(CONTINUATION, ""),
            ],
            [no_json()],
        ),
        case(
            "6.1.3",
            [
                part(TEXT, ""),
                part(CONTINUATION, request("middle")),
                last(CONTINUATION, ""),
            ],
            [echo("middle")],
        ),
        case("6.2.1", [last(TEXT, &message)], [echo(text)]),
        case(
            "6.2.2",
            [
                part(TEXT, &message[..middle]),
                last(CONTINUATION, &message[middle..]),
            ],
            [echo(text)],
        ),
        case("6.2.3", bytewise(&message), [echo(text)]),
        case("6.2.4", bytewise(&request(greek)), [echo(greek)]),
        case("6.3.1", [last(TEXT, &broken)], INVALID),
        case("6.3.2", bytewise(&broken), INVALID),
    ]
}

#[tokio::test]
async fn text_may_be_cut_within_a_character_and_what_is_wrong_is_refused_before_its_end() {
    let (good, bad) = (request_of(GREEK), b"\xf4\x90\x80\x80");
    let mut cases = cut_anywhere();
    cases.extend([
        // The last fragment never comes.
        case(
            "6.4.1",
            [part(TEXT, &good), part(CONTINUATION, bad)],
            INVALID,
        ),
        case(
            "6.4.2",
            [
                part(TEXT, [&good, &bad[..1]].concat()),
                part(CONTINUATION, &bad[1..]),
            ],
            INVALID,
        ),
        // Within a frame nothing is looked at before its end: the suite would have it sooner, the RFC does not ask for it.
        case(
            "6.4.3",
            [last(TEXT, [&good, &bad[..], b"edited"].concat())],
            INVALID,
        )
        .chopped(11),
        case(
            "6.4.4",
            [last(TEXT, [&good, &bad[..], b"edited"].concat())],
            INVALID,
        )
        .chopped(12),
    ]);
    run(cases).await;
}
