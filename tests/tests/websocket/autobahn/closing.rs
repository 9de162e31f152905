//! Farewells, and extensions that are not there.

use loop_tests::frames::{CLOSE, CONTINUATION, PING, TEXT, Wire, close, last, part, raw};
use loop_tests::rig::Rig;

use super::{ALIVE, Case, Seen, case, echo, request, run};

fn said(code: u16) -> [Seen; 1] {
    [Seen::Close(code)]
}

#[tokio::test]
async fn a_farewell_is_answered_and_nothing_after_it_is() {
    let hello = || last(TEXT, request("hello"));
    let long = vec![b' '; 65_000];
    run(vec![
        case(
            "7.1.1",
            [hello(), close(1000, "")],
            [echo("hello"), Seen::Close(1000)],
        ),
        case("7.1.2", [close(1000, ""), close(1000, "")], said(1000)),
        case("7.1.3", [close(1000, ""), last(PING, "")], said(1000)),
        case("7.1.4", [close(1000, ""), hello()], said(1000)),
        case(
            "7.1.5",
            [
                part(TEXT, "frag"),
                close(1000, ""),
                last(CONTINUATION, "ment"),
            ],
            said(1000),
        ),
        case(
            "7.1.6: as long as we take",
            [
                last(TEXT, [ALIVE, &long].concat()),
                hello(),
                close(1000, ""),
            ],
            [Seen::Alive, echo("hello"), Seen::Close(1000)],
        ),
        case("7.3.1", [last(CLOSE, "")], said(0)),
        case("7.3.2", [last(CLOSE, "a")], said(1002)),
        case("7.3.3", [close(1000, "")], said(1000)),
        case("7.3.4", [close(1000, "Hello World!")], said(1000)),
        case("7.3.5", [close(1000, [b'*'; 123])], said(1000)),
        case("7.3.6", [close(1000, [b'*'; 124])], said(1002)),
        case(
            "7.5.1",
            [close(1000, b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited")],
            said(1007),
        ),
    ])
    .await;
}

#[tokio::test]
async fn codes_come_back_when_they_may_be_sent_and_are_a_fault_when_not() {
    let may = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ];
    let may_not = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
    let allowed = (1..)
        .zip(may)
        .map(|(number, code)| case(format!("7.7.{number}"), [close(code, "")], said(code)));
    let refused = (1..)
        .zip(may_not)
        .map(|(number, code)| case(format!("7.9.{number}"), [close(code, "")], said(1002)));
    // The suite only looks at these.
    let looked_at = [("7.13.1", 5000), ("7.13.2", 65_535)];
    let others = looked_at.map(|(number, code)| case(number, [close(code, "")], said(1002)));
    run(allowed.chain(refused).chain(others).collect::<Vec<Case>>()).await;
}

#[tokio::test]
async fn compression_is_not_offered_and_what_is_compressed_is_refused() {
    let rig = Rig::start().await;
    for offer in [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "x-webkit-deflate-frame",
    ] {
        let more = format!("Sec-WebSocket-Extensions: {offer}\r\n");
        let (_, answer) = Wire::knock(&rig, &more).await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert!(
            !answer.to_lowercase().contains("sec-websocket-extensions"),
            "{answer}"
        );
    }
    // "Hello", as RFC 7692 compresses it, and a kilobyte that would become a megabyte.
    for payload in [&b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..], &[0; 1024]] {
        case("12, 13", [raw(0xc1, payload)], said(1002))
            .run(&rig)
            .await;
    }
    rig.finish().await;
}
