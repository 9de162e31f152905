//! What LOOP's processes agree on.

pub mod fault;
pub mod geometry;
pub mod ids;
pub mod pixel;
pub mod service;
pub mod snapshot;
pub mod units;
pub use fault::{Fault, FaultCode};
