//! WebSocket: everything that changes, to everybody who is connected.

pub(crate) mod hub;
mod pace;
mod session;
mod socket;
#[cfg(test)]
pub(crate) mod tests;
mod watcher;

pub(crate) use session::{dismiss, run};
pub(crate) use socket::Socket;
