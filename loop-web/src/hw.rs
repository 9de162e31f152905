//! loop-hw as this daemon sees it: there, with a state that follows it, or away, with a reason.

mod link;
mod playlist;

pub use link::{Away, Link, LinkState, run};
pub use playlist::push_playlist;
