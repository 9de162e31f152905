//! WebSocket: everything that changes, to everybody who is connected.

pub(crate) mod hub;
mod session;
#[cfg(test)]
mod tests;
mod watcher;

pub(crate) use session::{Socket, run};
