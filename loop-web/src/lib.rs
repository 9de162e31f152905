//! LOOP's web daemon.

#![forbid(unsafe_code)]

pub mod ingest;
pub mod store;
