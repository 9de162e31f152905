//! What LOOP's processes agree on: the calls of the hardware daemon, its state, the wire between them, and the clip file.
//!
//! # Talking to loop-hw
//!
//! 1. Connect to its Unix stream socket (`paths.socket`, by default `/run/loop/hw.sock`). The kernel tells loop-hw who
//!    you are; unless you are root, the user `loop` or the user it runs as, it hangs up.
//! 2. Messages are tarpc's `ClientMessage` and `Response`, each as a 4-byte big-endian length and then bincode 1.3 with
//!    variable-length integers; at most [`wire::MAX_MESSAGE_BYTES`].
//! 3. Call [`hello`](service::Hardware::hello). If the version in the answer is not yours, hang up: nothing else will
//!    be answered.
//! 4. Call [`changes_since`](service::Hardware::changes_since) with [`Revision::NONE`] and keep the snapshot you get.
//!    Call it again and again with the revision of the last answer, and apply what comes. It waits while there is
//!    nothing new.
//! 5. Call what you like in between. A change is in force and durable when it is answered; you also see it as news, which
//!    may arrive before or after the answer.
//! 6. When the connection breaks, begin at 1. Revisions start anew with each start of loop-hw.
//!
//! Rust programs do all this with [`client::HwClient`].
//!
//! # Compatibility
//!
//! Both sides must have the same [`service::PROTO_VERSION`]. Only `hello` and its answer keep their layout for ever.

#![forbid(unsafe_code)]

pub mod clip;
pub mod clock;
pub mod fault;
pub mod geometry;
pub mod health;
pub mod ids;
pub mod marks;
pub mod message;
pub mod pixel;
pub mod progress;
pub mod service;
pub mod snapshot;
pub mod units;
pub mod wifi;
pub mod wire;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "daemon")]
pub mod launch;
#[cfg(feature = "picture")]
pub mod picture;
#[cfg(feature = "schema")]
mod schema;
#[cfg(feature = "server")]
pub mod server;

pub use fault::{Fault, FaultCode};
pub use ids::{ClipId, FrameSerial, Revision, Slug};
