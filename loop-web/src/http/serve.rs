//! Accepts connections. axum's own loop has neither a limit on their number nor on the time a request's head may take.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::address::Client;
use super::lobby::Lobby;
use crate::metrics::{Counted, METRICS, Refusal};

/// Connections at a time, where the system lets us have as many files. A WebSocket is none of them any more.
const CONNECTIONS: u64 = 2048;

/// Files that are open for something else.
const OTHER_FILES: u64 = 256;

/// What a connection gets for which there is no place: it is told so without one.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n\
    content-type: text/plain\r\ncontent-length: 21\r\n\r\ntoo many connections\n";

/// How long the head of a request may take; also how long an idle connection is kept.
const HEAD: Duration = Duration::from_secs(15);

/// From here on the head of a request is too long; the read that gets there may bring as much again. It is kept in
/// memory, for each connection; the default would be 400 KiB.
const HEAD_BYTES: usize = 32 * 1024;

/// After an error that others' connections cause, such as too many open files.
const RETRY: Duration = Duration::from_millis(100);

/// How long requests under way may take when the daemon stops.
const DRAIN: Duration = Duration::from_secs(3);

/// Opens the addresses.
///
/// # Errors
/// When one of them cannot be had; the text says which.
pub async fn listen(addresses: &[SocketAddr]) -> std::io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = TcpListener::bind(address).await;
        let listener = listener
            .map_err(|error| std::io::Error::new(error.kind(), format!("{address}: {error}")))?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Serves until `stop` becomes true; then requests under way are finished and idle connections closed.
pub async fn serve(listeners: Vec<TcpListener>, router: Router, stop: watch::Receiver<bool>) {
    let lobby = Lobby::new(connections());
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(accept(
            listener,
            router.clone(),
            Arc::clone(&lobby),
            stop.clone(),
        ));
    }
    while accepting.join_next().await.is_some() {}
}

async fn accept(
    listener: TcpListener,
    router: Router,
    lobby: Arc<Lobby>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = told_to_stop(&mut stop) => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let client = Client::from(address);
                let Some(guest) = lobby.enter(client) else {
                    METRICS.http.refused(Refusal::Connections);
                    refuse(stream);
                    continue;
                };
                let connection = serve_connection(stream, client, router.clone(), stop.clone());
                let counted = Counted::into(&METRICS.http.connections);
                connections.spawn(async move {
                    connection.await;
                    drop(counted);
                    drop(guest);
                });
            }
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
    let drained = tokio::time::timeout(DRAIN, async {
        while connections.join_next().await.is_some() {}
    });
    if drained.await.is_err() {
        tracing::info!("some connections did not end in time");
    }
}

/// Tells a client that there is no place. What does not fit into the socket's buffer is not worth waiting for.
fn refuse(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        drop(stream.write(FULL));
    }
}

async fn serve_connection(
    stream: TcpStream,
    client: Client,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    // Small answers must not wait for more to send; without it they are late, not lost.
    drop(stream.set_nodelay(true));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES);
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(client);
        router.clone().oneshot(request)
    });
    let connection = builder.serve_connection(TokioIo::new(stream), answer);
    let mut connection = std::pin::pin!(connection.with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told_to_stop(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection ended: {error}");
    }
}

/// For how many connections there are files; the system is asked for as many as it gives.
fn connections() -> usize {
    let limit = Resource::RLIMIT_NOFILE;
    let files = match getrlimit(limit) {
        Ok((soft, hard)) => match setrlimit(limit, hard, hard) {
            Ok(()) => hard,
            Err(_) => soft,
        },
        Err(_) => 0,
    };
    let places = files.saturating_sub(OTHER_FILES).clamp(16, CONNECTIONS);
    usize::try_from(places).unwrap_or(usize::MAX)
}

/// Ends when the daemon stops; a sender that is gone means the same.
async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}
