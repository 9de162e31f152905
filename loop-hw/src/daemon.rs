//! Builds all parts in order, keeps them running, and stops them in order.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use loop_proto::config::Config;
use loop_proto::launch::{StopSignals, prove_life, tell_ready, tell_stopping};
use loop_proto::snapshot::{DisplayState, HwSnapshot, PanelState, PlayerState, Scheduling};
use loop_proto::wifi::{Unavailable, WifiState};
use tokio::task::JoinSet;

use crate::media::Library;
use crate::memory::{self, Memory, Remembered, Saves};
use crate::panel;
use crate::player::{self, PlayerHandle, PlayerThreads, Rules, Setup};
use crate::screens::Screen;
use crate::service::Service;
use crate::socket::{self, Socket};
use crate::state::{BusReport, Publisher};
use crate::wifi::{self, Wifi};

/// How often the address on the glass is compared with the network's.
const ADDRESS_CHECK: Duration = Duration::from_secs(10);

/// How often the measured speed of the panel's wire is looked at.
const BUS_CHECK: Duration = Duration::from_secs(1);

/// How often we look whether the player's threads live; their end is an error that only a restart mends.
const LIFE_CHECK: Duration = Duration::from_secs(1);

/// Why the daemon ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Clients could not connect.
    #[error(transparent)]
    Socket(#[from] socket::Error),
    /// The system gives no thread, no timer or no signals.
    #[error("cannot start {part}")]
    Start {
        /// What could not be started.
        part: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A part ended that never should; the log says more.
    #[error("{0} ended by itself")]
    Ended(&'static str),
}

/// Runs until SIGTERM or SIGINT. The picture comes first: nothing it does not need is done before it.
///
/// # Errors
/// When it cannot start or a part of it has died; a restart then is the cure.
pub fn run(config: Config) -> Result<(), Error> {
    let started = Instant::now();
    socket::check_free(&config.paths.socket)?;
    let runtime_dir = config
        .paths
        .socket
        .parent()
        .unwrap_or(Path::new("."))
        .to_owned();
    let remembered = memory::recall(&config.paths.data, &runtime_dir);
    let (publisher, handle, threads) = start_player(&config, &runtime_dir, remembered, started)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|source| Error::Start {
        part: "the event loop",
        source,
    })?;
    let result = runtime.block_on(serve(&config, publisher, handle, &threads));
    // The reply to a last command may still be on its way through the runtime: stop the player while it exists.
    threads.stop();
    runtime.shutdown_timeout(Duration::from_secs(2));
    result
}

fn start_player(
    config: &Config,
    runtime_dir: &Path,
    remembered: Remembered,
    started: Instant,
) -> Result<(Publisher, PlayerHandle, PlayerThreads), Error> {
    let (panel, trouble) = panel::open(&config.panel, runtime_dir);
    match &trouble {
        Some(trouble) => tracing::warn!("{trouble}"),
        None => tracing::info!(kind = ?panel.kind(), "panel"),
    }
    let publisher = Publisher::new(HwSnapshot {
        player: PlayerState {
            playback: remembered.playback,
            repeat: remembered.repeat,
            current: None,
            showing_progress: false,
            showing_message: false,
        },
        playlist: remembered.playlist,
        display: DisplayState {
            brightness: remembered.brightness,
            rotation: config.panel.rotation,
        },
        panel: PanelState {
            kind: panel.kind(),
            trouble: trouble.clone(),
            bus: None,
            scheduling: Scheduling::Normal,
        },
        wifi: WifiState::unavailable(Unavailable::Starting),
    });
    let rules = Rules {
        passes: u32::try_from(config.playback.loop_count.max(1)).unwrap_or(u32::MAX),
        auto_advance: config.playback.auto_advance,
    };
    let boot = Screen::Boot {
        name: config.device.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let setup = Setup {
        trouble,
        library: Library::below(&config.paths.data),
        start: remembered.current,
        rules,
        still: Duration::from_secs(config.playback.static_image_duration_sec.get()),
        publisher: publisher.clone(),
        boot,
        started,
    };
    let (handle, threads) = player::start(panel, setup).map_err(|source| Error::Start {
        part: "the player",
        source,
    })?;
    Ok((publisher, handle, threads))
}

async fn serve(
    config: &Config,
    publisher: Publisher,
    player: PlayerHandle,
    threads: &PlayerThreads,
) -> Result<(), Error> {
    let signals = StopSignals::catch();
    let mut signals = signals.map_err(|source| Error::Start {
        part: "the signal handlers",
        source,
    })?;
    let socket = Socket::open(&config.paths.socket)?;
    tracing::info!(socket = %config.paths.socket.display(), "ready");
    tell_ready();

    let (memory, saves) = Memory::new();
    let mut tasks = start_tasks(config, &publisher, &player, saves);
    let (wifi, asked) = Wifi::new();
    tasks.spawn(named(
        "WiFi",
        wifi::run(config.wifi.manage, publisher.clone(), asked),
    ));
    let service = Service {
        player,
        publisher,
        memory,
        wifi,
        shows_progress: config.playback.show_progress,
    };
    tasks.spawn(named("the socket", socket.serve(service)));
    let result = tokio::select! {
        () = signals.received() => Ok(()),
        ended = tasks.join_next() => Err(Error::Ended(ended.and_then(Result::ok).unwrap_or("a task"))),
        () = death_of(threads) => Err(Error::Ended("a player thread")),
    };
    tracing::info!("stopping");
    tell_stopping();
    tasks.shutdown().await;
    result
}

fn start_tasks(
    config: &Config,
    publisher: &Publisher,
    player: &PlayerHandle,
    saves: Saves,
) -> JoinSet<&'static str> {
    let mut tasks = JoinSet::new();
    let data = config.paths.data.clone();
    let runtime_dir = config
        .paths
        .socket
        .parent()
        .unwrap_or(Path::new("."))
        .to_owned();
    tasks.spawn(named(
        "the memory",
        memory::keep(data, publisher.clone(), saves),
    ));
    tasks.spawn(named(
        "the position",
        memory::note_position(runtime_dir, publisher.clone()),
    ));
    tasks.spawn(named(
        "the wire",
        tell_bus(publisher.clone(), player.clone()),
    ));
    let listen = config.web.listen.first().copied();
    tasks.spawn(named("the address", tell_address(listen, player.clone())));
    let player = player.clone();
    let works = move || is_shown(player.clone());
    tasks.spawn(named("the watchdog", prove_life(works)));
    tasks
}

async fn named(name: &'static str, task: impl Future<Output = ()>) -> &'static str {
    task.await;
    name
}

async fn death_of(threads: &PlayerThreads) {
    let mut check = tokio::time::interval(LIFE_CHECK);
    while !threads.is_dead() {
        check.tick().await;
    }
}

/// Whether the way to the glass is open: asks for the picture on it, which passes the director and comes from the panel's
/// thread.
async fn is_shown(player: PlayerHandle) -> bool {
    player.picture().await.is_ok()
}

/// Publishes how fast the panel's wire is; the panel's own thread only measures.
async fn tell_bus(publisher: Publisher, player: PlayerHandle) {
    let mut check = tokio::time::interval(BUS_CHECK);
    let mut report = BusReport::default();
    loop {
        check.tick().await;
        let Some(bus) = player.counters().bus() else {
            continue;
        };
        if let Some(bus) = report.news(bus) {
            publisher.update_panel(|panel| panel.bus = Some(bus));
        }
        if let Some(warning) = report.warning(bus) {
            tracing::warn!("{warning}");
        }
    }
}

/// Tells the player where the page is, and again when that has changed.
async fn tell_address(listen: Option<SocketAddr>, player: PlayerHandle) {
    let mut check = tokio::time::interval(ADDRESS_CHECK);
    let mut told = None;
    loop {
        check.tick().await;
        let found = listen.and_then(page_address);
        if told.as_ref() != Some(&found) && player.set_address(found.clone()).is_ok() {
            told = Some(found);
        }
    }
}

/// Where the page is, when loop-web listens there.
fn page_address(listen: SocketAddr) -> Option<String> {
    let ip = if listen.ip().is_unspecified() {
        local_address()?
    } else {
        listen.ip()
    };
    let address = SocketAddr::new(ip, listen.port()).to_string();
    Some(format!(
        "http://{}",
        address.strip_suffix(":80").unwrap_or(&address)
    ))
}

/// An address of this machine that others can reach.
fn local_address() -> Option<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().ok()?;
    let addresses =
        interfaces.filter_map(|interface| Some(interface.address?.as_sockaddr_in()?.ip()));
    addresses.map(IpAddr::V4).find(|ip| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_on_the_glass_can_be_typed_into_a_browser() {
        for (listen, typed) in [
            ("192.168.1.7:80", "http://192.168.1.7"),
            ("192.168.1.7:8080", "http://192.168.1.7:8080"),
            ("[fd00::1]:80", "http://[fd00::1]"),
            ("[fd00::80]:8080", "http://[fd00::80]:8080"),
        ] {
            let page = page_address(listen.parse().unwrap());
            assert_eq!(page.as_deref(), Some(typed));
        }
    }
}
