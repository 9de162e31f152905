//! loop-hw as this daemon sees it: there, with a state that follows it, or away, with a reason.

mod breaker;
mod link;
mod playlist;
mod progress;

pub use breaker::Breaker;
pub use link::{Away, Link, LinkState, run};
pub use playlist::push_playlist;
pub(crate) use progress::show_progress;
