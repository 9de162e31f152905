//! LOOP's hardware daemon.

#![deny(unsafe_code)]

pub mod backlight;
pub mod bus;
pub mod panel;
pub mod screens;
mod sys;
