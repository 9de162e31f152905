//! Requests that are written in ways in which two programs may read two things.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use loop_tests::rig::Rig;

/// Sends bytes as they are; gives the statuses of the answers. When so many as wanted have come nothing more is said, and
/// what still comes then counts, too: who hangs up earlier takes back what was asked.
fn raw(rig: &Rig, bytes: &str, wanted: usize) -> Vec<u16> {
    let mut stream = TcpStream::connect(rig.address()).unwrap();
    let patience = Some(Duration::from_secs(60));
    stream.set_read_timeout(patience).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => answer.extend(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
        if statuses(&answer).len() >= wanted {
            // It may have been closed already.
            drop(stream.shutdown(std::net::Shutdown::Write));
        }
    }
    statuses(&answer)
}

/// Of the heads that are there.
fn statuses(answer: &[u8]) -> Vec<u16> {
    let answer = String::from_utf8_lossy(answer);
    let heads = answer.split("HTTP/1.").skip(1);
    heads
        .filter_map(|head| head.get(2..5)?.parse().ok())
        .collect()
}

#[tokio::test]
async fn what_two_programs_may_read_differently_has_one_meaning_or_none() {
    let rig = Rig::start().await;
    let host = "Host: 127.0.0.1\r\n";
    let get = format!("GET /health HTTP/1.1\r\n{host}");
    let put = format!("PUT /api/loop HTTP/1.1\r\n{host}Content-Type: application/json\r\n");
    let order = "b\r\n{\"loop\":[]}\r\n0\r\n\r\n";
    let many: String = (0..200)
        .map(|number| format!("X-{number}: x\r\n"))
        .collect();
    let other = "GET http://evil.example/api/dashboard HTTP/1.1\r\n";
    let table = [
        ("plain", format!("{get}\r\n"), vec![200]),
        (
            "pipelined",
            format!("{get}\r\n{get}\r\n{get}\r\n"),
            vec![200, 200, 200],
        ),
        (
            "version 1.0",
            format!("GET /health HTTP/1.0\r\n{host}\r\n"),
            vec![200],
        ),
        (
            "version 1.0 without a host",
            "GET /health HTTP/1.0\r\n\r\n".to_owned(),
            vec![403],
        ),
        (
            "version 2.0",
            format!("GET /health HTTP/2.0\r\n{host}\r\n"),
            vec![400],
        ),
        (
            "no host",
            "GET /health HTTP/1.1\r\n\r\n".to_owned(),
            vec![403],
        ),
        (
            "two hosts",
            format!("{get}Host: evil.example\r\n\r\n"),
            vec![403],
        ),
        (
            "an address in full",
            format!("GET http://127.0.0.1/health HTTP/1.1\r\n{host}\r\n"),
            vec![200],
        ),
        (
            "another's address in full",
            format!("{other}{host}\r\n"),
            vec![403],
        ),
        (
            "a tunnel",
            format!("CONNECT evil.example:80 HTTP/1.1\r\n{host}\r\n"),
            vec![403],
        ),
        (
            "the server itself",
            format!("OPTIONS * HTTP/1.1\r\n{host}\r\n"),
            vec![404],
        ),
        ("many headers", format!("{get}{many}\r\n"), vec![431]),
        (
            "a header on two lines",
            format!("{get}X-A: a\r\n b\r\n\r\n"),
            vec![400],
        ),
        (
            "a space before the colon",
            format!("{get}X-A : a\r\n\r\n"),
            vec![400],
        ),
        (
            "a NUL in a header",
            format!("{get}X-A: a\0b\r\n\r\n"),
            vec![400],
        ),
        (
            "two lengths",
            format!("{put}Content-Length: 11\r\nContent-Length: 12\r\n\r\n{{\"loop\":[]}}"),
            vec![400],
        ),
        (
            "a length with a sign",
            format!("{put}Content-Length: +11\r\n\r\n{{\"loop\":[]}}"),
            vec![400],
        ),
        (
            "a length that is no number",
            format!("{put}Content-Length: 99999999999999999999\r\n\r\n"),
            vec![400],
        ),
        // The length does not count beside chunks, and whoever says both is not asked for more (RFC 9112, section 6.3).
        (
            "chunks, then a length",
            format!("{put}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n{order}{get}\r\n"),
            vec![200],
        ),
        (
            "a length, then chunks",
            format!("{put}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{order}{get}\r\n"),
            vec![200],
        ),
        (
            "chunks",
            format!("{put}Transfer-Encoding: chunked\r\n\r\n{order}"),
            vec![200],
        ),
        (
            "chunked twice over",
            format!("{put}Transfer-Encoding: chunked, identity\r\n\r\n{order}"),
            vec![400],
        ),
        (
            "chunks of version 1.0",
            format!(
                "{}Transfer-Encoding: chunked\r\n\r\n{order}",
                put.replace("1.1", "1.0")
            ),
            vec![400],
        ),
        (
            "a chunk without a size",
            format!("{put}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n{get}\r\n"),
            vec![400],
        ),
        (
            "a chunk of any size",
            format!("{put}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx"),
            vec![400],
        ),
        (
            "a body nobody asked for",
            format!("{get}Content-Length: 5\r\n\r\nhello{get}\r\n"),
            vec![200, 200],
        ),
        (
            "wait for permission",
            format!("{put}Expect: 100-continue\r\nContent-Length: 11\r\n\r\n{{\"loop\":[]}}"),
            vec![100, 200],
        ),
        (
            "no HTTP at all",
            "\x16\x03\x01\x02\0\x01\0\x01".to_owned(),
            vec![400],
        ),
    ];
    for (what, bytes, statuses) in table {
        assert_eq!(raw(&rig, &bytes, statuses.len()), statuses, "{what}");
    }
    rig.upload("a", &[1]).await;
    rig.finish().await;
}
