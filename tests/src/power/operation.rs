//! What changes a disk.

/// An open file, whatever its name is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle(pub u64);

/// What changes a disk. Paths begin below the folder that holds `data`.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Opens a file or a folder.
    Open {
        /// From now on.
        file: Handle,
        /// Where it is.
        path: String,
        /// Makes it if it is not there.
        create: bool,
        /// Empties it.
        truncate: bool,
    },
    /// Writes; at the end without a place.
    Write {
        /// Where to.
        file: Handle,
        /// Offset.
        at: Option<u64>,
        /// What.
        bytes: Vec<u8>,
    },
    /// Makes a file this long.
    Truncate {
        /// Which.
        file: Handle,
        /// In bytes.
        length: u64,
    },
    /// Makes a file at least this long.
    Extend {
        /// Which.
        file: Handle,
        /// In bytes.
        length: u64,
    },
    /// Sets room aside behind the end of a file, which stays as long as it is.
    Reserve {
        /// Which.
        file: Handle,
        /// Up to here.
        length: u64,
    },
    /// Gives room within a file back. What was there is read as zeros, and the file stays as long as it is.
    Punch {
        /// Which.
        file: Handle,
        /// Offset.
        at: u64,
        /// In bytes.
        length: u64,
    },
    /// Copies within the disk.
    Copy {
        /// From this file.
        from: Handle,
        /// Offset.
        from_at: u64,
        /// To this one.
        to: Handle,
        /// Offset.
        at: u64,
        /// In bytes.
        length: u64,
    },
    /// Somebody begins to wait for what was done so far.
    SyncBegins {
        /// To this file or in this folder.
        file: Handle,
        /// Tells its end.
        token: usize,
    },
    /// What was done before it began is durable.
    SyncEnds {
        /// As at the beginning.
        file: Handle,
        /// As at the beginning.
        token: usize,
    },
    /// Makes a folder.
    MakeFolder {
        /// Where.
        path: String,
    },
    /// Removes a name.
    Remove {
        /// Which.
        path: String,
    },
    /// Moves a name, or exchanges two.
    Rename {
        /// Which.
        from: String,
        /// Where to.
        to: String,
        /// Whether what is there comes back.
        exchange: bool,
    },
    /// Gives a file a second name.
    Link {
        /// Its first.
        from: String,
        /// Its second.
        to: String,
    },
}
