//! LOOP's hardware daemon: it owns the panel and plays the loop, with or without anybody connected.
//!
//! [`run`] shows a picture first and opens its socket second. What clients may call is `loop_proto::service::Hardware`.

#![deny(unsafe_code)]

pub mod backlight;
pub mod bus;
mod counters;
mod daemon;
mod media;
mod memory;
pub mod panel;
pub mod player;
pub mod screens;
mod service;
mod socket;
mod state;
mod sys;
mod wifi;

pub use daemon::{Error, run};
pub use socket::Error as SocketError;
