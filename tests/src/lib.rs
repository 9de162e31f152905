//! LOOP as a whole: both daemons as processes, real sockets, and what a client would do with them.

#![forbid(unsafe_code)]

pub mod board;
pub mod described;
pub mod disk;
pub mod follower;
pub mod frames;
pub mod judge;
pub mod load;
pub mod media;
pub mod network;
pub mod power;
pub mod rig;
pub mod scene;
pub mod tus;
pub mod watch;
