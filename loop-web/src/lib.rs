//! LOOP's web daemon: it owns the media library and serves the page, the API and the WebSocket.
//!
//! A request goes from [`http`] to [`store`], [`ingest`] or [`hw`]; what has changed comes back through [`board`], which makes
//! the answers and tells every WebSocket.

#![forbid(unsafe_code)]

pub mod archive;
pub mod board;
mod cancel;
mod clip_check;
mod clock;
mod conditional;
pub mod convert;
mod daemon;
pub mod glass;
pub mod http;
pub mod hw;
pub mod ingest;
mod jobs;
mod live;
pub mod look;
mod metrics;
mod news;
pub mod pixels;
pub mod store;
pub mod uploads;
mod view;
pub mod worker;

pub use daemon::{Error, run};
