//! The WebSocket: what is said on it, the protocol below, and those who mean it ill.

mod abuse;
mod autobahn;
mod crowd;
mod messages;
mod model;
