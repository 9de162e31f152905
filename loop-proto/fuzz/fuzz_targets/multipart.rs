//! What anybody on the network may send as a form: it is read to its end or refused, and nothing comes out that was not in
//! it. The first byte says in pieces of which size it arrives.
#![no_main]

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use futures_util::stream;
use libfuzzer_sys::fuzz_target;
use loop_web::http::portions::Gauge;

fuzz_target!(|data: &[u8]| {
    let Some((size, body)) = data.split_first() else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let out = runtime
        .expect("a runtime")
        .block_on(read(body, usize::from(*size) + 1));
    assert!(out <= body.len());
});

/// Gives how many bytes came out.
async fn read(body: &[u8], piece: usize) -> usize {
    let pieces = body
        .chunks(piece)
        .map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)));
    let pieces: Vec<_> = pieces.collect();
    let gauge = Gauge::default();
    let request = Request::builder()
        .header(CONTENT_TYPE, "multipart/form-data; boundary=B")
        .body(gauge.measure(Body::from_stream(stream::iter(pieces))));
    let form = Multipart::from_request(request.expect("a request"), &()).await;
    let mut form = form.expect("a boundary is there");
    let mut out = 0;
    while let Ok(Some(mut field)) = form.next_field().await {
        gauge.advanced();
        out += field.file_name().map_or(0, str::len);
        while let Ok(Some(chunk)) = field.chunk().await {
            gauge.advanced();
            out += chunk.len();
        }
    }
    out
}
