//! What stands around the answers: who may read them, how they are packed, and what is not sent twice.

use loop_tests::rig::Rig;

use crate::page_dir;
use crate::types::A;

/// A request with headers, and what the answer's must be.
struct Row {
    id: &'static str,
    original: &'static str,
    method: &'static str,
    path: String,
    sent: Vec<(&'static str, String)>,
    status: u16,
    header: &'static str,
    /// Empty: it is not there.
    value: &'static str,
}

fn rows(etag_of_film: &str, etag_of_chunk: &str) -> Vec<Row> {
    let chunk = "/_next/static/chunks/main-app-5b1f0c9d2e7a4836.js";
    let film = format!("/media/raw/{A}/a.mp4");
    let row = |id,
               original,
               method,
               path: &str,
               sent: Vec<(&'static str, &str)>,
               status,
               header,
               value| Row {
        id,
        original,
        method,
        path: path.to_owned(),
        sent: sent
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()))
            .collect(),
        status,
        header,
        value,
    };
    let stranger = || vec![("origin", "http://evil.example")];
    let allowed = "access-control-allow-origin";
    let gzip = || vec![("accept-encoding", "gzip, br")];
    vec![
        row(
            "cors",
            "*: any page could read and change everything",
            "GET",
            "/api/dashboard",
            stranger(),
            200,
            allowed,
            "",
        ),
        row(
            "cors.change",
            "any page could",
            "POST",
            "/api/playback/toggle",
            stranger(),
            403,
            allowed,
            "",
        ),
        row(
            "gzip.json",
            "from 1000 bytes, packed anew each time",
            "GET",
            "/api/dashboard",
            gzip(),
            200,
            "content-encoding",
            "gzip",
        ),
        row(
            "gzip.page",
            "packed anew each time",
            "GET",
            chunk,
            gzip(),
            200,
            "content-encoding",
            "gzip",
        ),
        row(
            "gzip.unasked",
            "as it is",
            "GET",
            "/api/dashboard",
            Vec::new(),
            200,
            "content-encoding",
            "",
        ),
        row(
            "page.head",
            "405",
            "HEAD",
            "/",
            Vec::new(),
            200,
            "content-type",
            "text/html; charset=utf-8",
        ),
        row(
            "page.known",
            "sent again",
            "GET",
            chunk,
            vec![("if-none-match", etag_of_chunk)],
            304,
            "etag",
            "*",
        ),
        row(
            "raw.part",
            "the whole file",
            "GET",
            &film,
            vec![("range", "bytes=4-7")],
            206,
            "content-range",
            "*",
        ),
        row(
            "raw.known",
            "sent again: its ETag changed with each start",
            "GET",
            &film,
            vec![("if-none-match", etag_of_film)],
            304,
            "etag",
            "*",
        ),
        row(
            "sniff",
            "absent: a picture could be taken for a page",
            "GET",
            &film,
            Vec::new(),
            200,
            "x-content-type-options",
            "nosniff",
        ),
    ]
}

#[tokio::test]
async fn every_header_the_originals_clients_meet_is_as_its_row_says() {
    let page = page_dir().display().to_string();
    let rig = Rig::start_with(&[("LOOP_WEB_PAGE_DIR", &page)]).await;
    rig.upload("a", &[1, 2]).await;
    let etag = async |path: &str| rig.get(path).await.unwrap().header("etag").to_owned();
    let film = etag(&format!("/media/raw/{A}/a.mp4")).await;
    let chunk = etag("/_next/static/chunks/main-app-5b1f0c9d2e7a4836.js").await;
    // Not the rig's own, which would have packed bodies judged as they are.
    let client = reqwest::Client::new();
    for row in rows(&film, &chunk) {
        let method = row.method.parse().unwrap();
        let mut request = client.request(method, format!("{}{}", rig.url(), row.path));
        for (name, value) in row.sent {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        let what = format!(
            "row {}: {}; the original: {}",
            row.id, row.path, row.original
        );
        assert_eq!(answer.status().as_u16(), row.status, "{what}");
        let found = answer.headers().get(row.header);
        let found = found.map_or("", |value| value.to_str().unwrap());
        match row.value {
            "*" => assert_ne!(found, "", "{what}: {}", row.header),
            value => assert_eq!(found, value, "{what}: {}", row.header),
        }
        if row.status == 304 {
            assert!(answer.bytes().await.unwrap().is_empty(), "{what}");
        }
    }
    rig.finish().await;
}
