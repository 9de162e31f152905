//! Builds all parts in order, keeps them running, and stops them in order.

use std::sync::Arc;
use std::time::Duration;

use loop_proto::config::Config;
use loop_proto::launch::{StopSignals, prove_life, tell_ready, tell_stopping};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::board::Board;
use crate::convert::Converter;
use crate::glass::GlassView;
use crate::http::{App, alive, router, serve};
use crate::hw::{self, Link};
use crate::ingest::Ingest;
use crate::jobs::JobList;
use crate::live;
use crate::store::{self, Disk, Store, empty_in_time};
use crate::uploads::Uploads;

/// Threads for the disk and for conversions. Each keeps memory of its own, and there are four cores at most.
const DISK_THREADS: usize = 6;

/// How long everything may take to stop.
const STOP: Duration = Duration::from_secs(4);

/// Why the daemon ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The library cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The system gives no timer, no signals or no address to listen on.
    #[error("cannot start {part}")]
    Start {
        /// What could not be started.
        part: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A part ended that never should.
    #[error("{0} ended by itself")]
    Ended(&'static str),
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When it cannot start or a part of it has died; a restart then is the cure.
pub fn run(config: Config) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(DISK_THREADS)
        .build();
    let runtime = runtime.map_err(|source| Error::Start {
        part: "the event loop",
        source,
    })?;
    let result = runtime.block_on(serve_until_stopped(config));
    match result {
        Ok(()) => runtime.shutdown_timeout(Duration::from_secs(1)),
        Err(_) => runtime.shutdown_background(),
    }
    result
}

async fn serve_until_stopped(config: Config) -> Result<(), Error> {
    let signals = StopSignals::catch();
    let mut signals = signals.map_err(|source| Error::Start {
        part: "the signal handlers",
        source,
    })?;
    let data = &config.paths.data;
    let store = Store::open(data, Disk::new(data, config.media.min_free_percent.get())).await?;
    let listeners = serve::listen(&config.web.listen).await;
    let listeners = listeners.map_err(|source| Error::Start {
        part: "the web server",
        source,
    })?;
    for listener in &listeners {
        if let Ok(address) = listener.local_addr() {
            tracing::info!("listening on http://{address}");
        }
    }
    let (stop, stopped) = watch::channel(false);
    let tasks = start_tasks(config, store, listeners, stopped).await?;
    tell_ready();
    run_until(signals.received(), tasks, &stop).await
}

/// Runs the tasks until it is time to stop, and then to their end.
async fn run_until(
    time: impl Future<Output = ()>,
    mut tasks: JoinSet<&'static str>,
    stop: &watch::Sender<bool>,
) -> Result<(), Error> {
    let died = tokio::select! {
        () = time => None,
        ended = tasks.join_next() => Some(ended.and_then(Result::ok).unwrap_or("a task")),
    };
    tracing::info!("stopping");
    tell_stopping();
    if let Some(name) = died {
        // A restart is the cure, and it can begin when we are gone: no request is waited for.
        tasks.shutdown().await;
        return Err(Error::Ended(name));
    }
    stop.send_replace(true);
    // The server's task ends when its connections are drained; the others never do.
    let drained = async {
        while tasks
            .join_next()
            .await
            .is_some_and(|ended| !matches!(ended, Ok(SERVER)))
        {}
    };
    if tokio::time::timeout(STOP, drained).await.is_err() {
        tracing::warn!("stopped with requests under way");
    }
    tasks.shutdown().await;
    Ok(())
}

const SERVER: &str = "the web server";

async fn start_tasks(
    config: Config,
    store: Store,
    listeners: Vec<tokio::net::TcpListener>,
    stopped: watch::Receiver<bool>,
) -> Result<JoinSet<&'static str>, Error> {
    let mut tasks = JoinSet::new();
    let link = Link::default();
    tasks.spawn(named(
        "the link",
        hw::run(link.clone(), config.paths.socket.clone()),
    ));
    tasks.spawn(named(
        "the playlist",
        hw::push_playlist(link.clone(), store.clone()),
    ));
    let undo = Duration::from_secs(config.media.undo_seconds.get());
    tasks.spawn(named("the trash", empty_in_time(store.clone(), undo)));
    let jobs = JobList::default();
    tasks.spawn(named(
        "the progress",
        hw::show_progress(link.clone(), jobs.watch()),
    ));
    let timeout = Duration::from_secs(config.media.convert_timeout_seconds.get());
    let ingest = Ingest::new(store.clone(), Converter::new(timeout));
    let board = Board::new(
        &config.device.name,
        store.clone(),
        link.clone(),
        jobs,
        ingest.clone(),
    );
    tasks.spawn(named("the board", board.clone().follow()));
    let glass = GlassView::new(link.clone());
    tasks.spawn(named("the glass", glass.clone().follow()));
    let (kept, board_of_uploads) = (store.clone(), board.clone());
    let uploads = Uploads::open(kept, ingest.clone(), board_of_uploads, &config.media).await?;
    tasks.spawn(named("the uploads", uploads.clone().run(stopped.clone())));
    let app = App::new(Arc::new(config), store, link, board, glass, ingest, uploads);
    let farewell = live::dismiss(app.board.clone(), stopped.clone());
    let own = alive::reachable(&listeners);
    let works = move || alive::all_answer(own.clone());
    tasks.spawn(named("the watchdog", prove_life(works)));
    let server = serve::serve(listeners, router(app), stopped);
    tasks.spawn(named(SERVER, async move {
        tokio::join!(server, farewell);
    }));
    Ok(tasks)
}

async fn named(name: &'static str, task: impl Future<Output = ()>) -> &'static str {
    task.await;
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server, with a request under way that takes this long.
    fn busy(seconds: u64) -> (JoinSet<&'static str>, watch::Sender<bool>) {
        let (stop, mut stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let server = async move {
            drop(stopped.changed().await);
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        };
        tasks.spawn(named(SERVER, server));
        (tasks, stop)
    }

    async fn seconds(stopping: impl Future<Output = ()>) -> u64 {
        let start = tokio::time::Instant::now();
        stopping.await;
        start.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_dies_ends_the_daemon_at_once() {
        let (mut tasks, stop) = busy(60);
        tasks.spawn(named("the link", async {}));
        let ending = async {
            let ended = run_until(std::future::pending(), tasks, &stop).await;
            assert_eq!(ended.unwrap_err().to_string(), "the link ended by itself");
        };
        assert_eq!(seconds(ending).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_under_way_are_waited_for_but_not_for_ever() {
        for (takes, waited) in [(1, 1), (60, STOP.as_secs())] {
            let (mut tasks, stop) = busy(takes);
            tasks.spawn(named("the link", std::future::pending()));
            let ending = async {
                run_until(std::future::ready(()), tasks, &stop)
                    .await
                    .unwrap()
            };
            assert_eq!(seconds(ending).await, waited);
        }
    }
}
