//! The whole library as one file, to restore or to clone a device.
//!
//! It is a tar that every system can open:
//!
//! ```text
//! loop-library.json        what is in it, see [`list::List`]
//! loop-library.sha256      of that list, as `sha256sum --check` reads it
//! media/<slug>/meta.json   the items, first those that loop, each as it is in the library
//! media/<slug>/clip
//! media/<slug>/thumb.png
//! media/<slug>/original.*
//! ```
//!
//! The list names each file's length and hash (a clip carries its own), so whatever is damaged is found before it is in the
//! library. The same library gives the same bytes: a download that broke off can be resumed, and is never put together from
//! two libraries.

mod header;
mod import;
mod list;
mod packed;
mod reading;
mod table;
mod unpack;

#[cfg(test)]
mod tests;

use loop_proto::Slug;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store;

pub use import::import;
pub use packed::Packed;
pub use reading::Reading;

const LIST: &str = "loop-library.json";
const CHECK: &str = "loop-library.sha256";

/// Why an archive was not made or not taken in to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that is nothing of ours.
    #[error("this is not the exported library of a LOOP: {0}")]
    NotLibrary(String),
    /// It breaks off or is damaged; what came before was taken in.
    #[error(
        "the archive is damaged at byte {at}, at {entry:?}: {what}; {} items from before it are in the library, download it again for the rest",
        done.here()
    )]
    Damaged {
        /// What is to be there.
        entry: String,
        /// Where it begins.
        at: u64,
        /// What is wrong.
        what: &'static str,
        /// What was taken in.
        done: Box<Imported>,
    },
    /// The disk is full or refuses; what came before was taken in.
    #[error("{} of {all} items are in the library, then: {source}; import the archive again to go on", done.here())]
    Stopped {
        /// What was taken in.
        done: Box<Imported>,
        /// Items of the archive.
        all: usize,
        /// Why no more.
        source: store::Error,
    },
    /// More items than an archive may hold.
    #[error("{0} items are more than an archive may hold; delete some media")]
    TooMany(usize),
    /// The disk.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The daemon is stopping, or nobody waits for the result any more.
    #[error("the import was cancelled")]
    Cancelled,
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Imported {
    /// So many items are new.
    pub imported: usize,
    /// So many were there already.
    pub skipped: usize,
    /// New ones whose name was taken by another item, and the names they got.
    pub renamed: Vec<Renamed>,
    /// Items that were left out.
    pub failed: Vec<Failed>,
}

impl Imported {
    /// Items of the archive that are in the library now.
    #[must_use]
    pub fn here(&self) -> usize {
        self.imported + self.skipped
    }
}

/// An item that got another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Renamed {
    /// In the archive.
    pub from: Slug,
    /// In the library.
    pub to: Slug,
}

/// An item that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Failed {
    /// Its name, or what is in its place.
    pub slug: String,
    /// Why, for people.
    pub message: String,
}
