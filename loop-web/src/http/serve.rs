//! Accepts connections. axum's own loop has neither a limit on their number nor on the time a request's head may take.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::address::Client;
use super::impatient::Impatient;
use super::lobby::{Lobby, Place};
use crate::metrics::{Counted, METRICS, Refusal};

/// Connections at a time, where the system lets us have as many files. WebSockets have a limit of their own.
const CONNECTIONS: u64 = 2048;

/// Files that are open for something else: WebSockets, uploads, the library, conversions.
const OTHER_FILES: u64 = 512;

/// What one hears for whom there is no place.
const FULL: &str = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\ncontent-type: application/json\r\n\
    x-content-type-options: nosniff\r\ncontent-security-policy: default-src 'none'\r\nconnection: close\r\n\
    content-length: 150\r\n\r\n\
    {\"success\":false,\"message\":\"Too many connections.\",\"detail\":\"Too many connections.\",\
    \"code\":\"CONCURRENCY_LIMIT_EXCEEDED\",\"errors\":null,\"retry_after\":2}";

/// How many of them are listened to at a time, and how long.
const FAREWELLS: usize = 32;
const FAREWELL: Duration = Duration::from_secs(1);

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
    let server = Server {
        router,
        lobby: Lobby::new(connections()),
        farewells: Arc::new(Semaphore::new(FAREWELLS)),
        stop,
    };
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(server.clone().accept(listener));
    }
    while accepting.join_next().await.is_some() {}
}

#[derive(Clone)]
struct Server {
    router: Router,
    lobby: Lobby,
    farewells: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

impl Server {
    async fn accept(mut self, listener: TcpListener) {
        let mut tasks = JoinSet::new();
        loop {
            while tasks.try_join_next().is_some() {}
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = told_to_stop(&mut self.stop) => break,
            };
            match accepted {
                Ok((stream, address)) => {
                    let client = Client::from(address);
                    match self.lobby.enter(client) {
                        Some(place) => drop(tasks.spawn(self.clone().serve(stream, client, place))),
                        None => {
                            METRICS.http.refused(Refusal::Connections);
                            self.turn_away(stream, &mut tasks);
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
        let drained = timeout(DRAIN, async { while tasks.join_next().await.is_some() {} });
        if drained.await.is_err() {
            tracing::info!("some connections did not end in time");
        }
    }

    async fn serve(mut self, stream: TcpStream, client: Client, place: Place) {
        let _counted = Counted::into(&METRICS.http.connections);
        // Small answers must not wait for more to send; without it they are late, not lost.
        drop(stream.set_nodelay(true));
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES);
        let (begin, router) = (place.turns(), TowerToHyperService::new(self.router));
        let service = service_fn(move |mut request| {
            let turn = begin();
            request.extensions_mut().insert(client);
            let answer = router.call(request);
            async move { Ok::<_, Infallible>(answer.await?.map(|body| turn.hold(body))) }
        });
        let connection = builder.serve_connection(TokioIo::new(Impatient::new(stream)), service);
        let mut connection = std::pin::pin!(connection.with_upgrades());
        let ended = tokio::select! {
            // Whoever is to leave is not listened to any more: a request that was begun would be left half-way.
            biased;
            () = place.told_to_leave() => return,
            ended = connection.as_mut() => ended,
            () = told_to_stop(&mut self.stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!("a connection ended: {error}");
        }
    }

    /// Tells one for whom there is no place to come back. Only some are listened to while they take leave: who closes a
    /// connection on which something has come takes back what he said.
    fn turn_away(&self, mut stream: TcpStream, tasks: &mut JoinSet<()>) {
        let Ok(farewell) = Arc::clone(&self.farewells).try_acquire_owned() else {
            // A new connection has room for it, or its owner is gone.
            drop(stream.try_write(FULL.as_bytes()));
            return;
        };
        let part = async move {
            stream.write_all(FULL.as_bytes()).await?;
            stream.shutdown().await?;
            let mut scrap = [0; 1024];
            while stream.read(&mut scrap).await? > 0 {}
            Ok::<_, std::io::Error>(())
        };
        tasks.spawn(async move {
            drop(timeout(FAREWELL, part).await);
            drop(farewell);
        });
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
