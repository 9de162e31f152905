//! The tables of requests, in the order in which they are made.

mod known;
mod library;
mod page;
mod playback;

use crate::row::Row;

/// Every row. Some need what those before them have done.
pub(crate) fn all() -> Vec<Row> {
    [
        library::filling(),
        known::rows(),
        page::rows(),
        library::ordering(),
        playback::rows(),
        library::emptying(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
