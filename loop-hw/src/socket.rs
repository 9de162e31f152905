//! Where clients connect.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loop_proto::server::{Peers, serve_connection};
use nix::unistd::{Group, User, chown, geteuid};
use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::service::Service;

/// The user and group of the unprivileged daemon.
const CLIENT: &str = "loop";

/// Connections at a time; loop-web needs one.
const CONNECTIONS: usize = 16;

/// Why the socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another loop-hw answers on it.
    #[error("another loop-hw is running on {0}")]
    Taken(PathBuf),
    /// The system refuses.
    #[error("cannot listen on {path}")]
    Listen {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Makes sure that no other loop-hw runs: two would write to the panel at the same time. Waits for nothing.
pub(crate) fn check_free(path: &Path) -> Result<(), Error> {
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(Error::Taken(path.to_owned())),
        Err(_) => Ok(()),
    }
}

/// An open socket; its file goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    peers: Peers,
}

impl Socket {
    /// Opens it for root, our own user and the user `loop`. It has its rights before anybody can see it.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let listener = bind(path).map_err(|source| Error::Listen {
            path: path.to_owned(),
            source,
        })?;
        let client = User::from_name(CLIENT)
            .ok()
            .flatten()
            .map(|user| user.uid.as_raw());
        let peers = Peers::new(client.into_iter().chain([geteuid().as_raw()]));
        Ok(Self {
            listener,
            path: path.to_owned(),
            peers,
        })
    }

    /// Serves clients until the future is dropped, which ends all their calls.
    pub(crate) async fn serve(self, service: Service) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of descriptors, most likely: others must close first.
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                }
            };
            if let Err(refusal) = self.peers.admit(&stream) {
                tracing::warn!("refused a connection: {refusal}");
                continue;
            }
            let service = service.clone();
            connections.spawn(async move {
                serve_connection(stream, service).await;
                drop(place);
            });
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Another start replaces it anyway.
        drop(std::fs::remove_file(&self.path));
    }
}

fn bind(path: &Path) -> std::io::Result<UnixListener> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let fresh = path.with_extension("new");
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&fresh)?;
    std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o660))?;
    if let (true, Ok(Some(group))) = (geteuid().is_root(), Group::from_name(CLIENT)) {
        chown(&fresh, None, Some(group.gid))?;
    }
    std::fs::rename(&fresh, path)?;
    Ok(listener)
}
