//! What was asked and what was acknowledged, one line of JSON each, in the order in which it happened.
//!
//! An intent is on the disk before it is sent, an acknowledgement as soon as it has come: the machine that writes this is
//! not the one that loses power, but it may be stopped at any moment as well.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::content::Content;
use super::model::{Change, State};

/// A line. `n` numbers what was asked for; all lines about it have the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// From here on the change may have been made.
    Begin {
        /// Which.
        n: u64,
        /// What is asked for.
        change: Change,
        /// What is uploaded, if something is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Content>,
    },
    /// It was acknowledged: from here on it has been made.
    Done {
        /// Which.
        n: u64,
        /// What was acknowledged, where that is not just what was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change: Option<Change>,
        /// The order that was seen, by a look.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<Vec<String>>,
    },
    /// It was promised: it must be made in the end, whatever happens meanwhile.
    Owed {
        /// Which.
        n: u64,
    },
    /// It was refused, and nothing has changed.
    Never {
        /// Which.
        n: u64,
        /// How.
        status: u16,
        /// Why.
        message: String,
    },
    /// Nobody answered.
    Lost {
        /// Which.
        n: u64,
        /// How that looked.
        why: String,
    },
    /// A resumable upload is about to be created.
    Create {
        /// Which.
        n: u64,
        /// Its bytes.
        content: Content,
        /// How many.
        length: u64,
    },
    /// It was created.
    Created {
        /// Which.
        n: u64,
        /// Where.
        location: String,
    },
    /// Bytes of it are about to be sent.
    Sending {
        /// Which.
        n: u64,
        /// Up to here.
        to: u64,
    },
    /// Bytes of it were acknowledged.
    Kept {
        /// Which.
        n: u64,
        /// So many from the beginning.
        offset: u64,
    },
    /// The device was asked how far it is: what else was sent is lost.
    Found {
        /// Which.
        n: u64,
        /// So many from the beginning.
        offset: u64,
    },
    /// It is about to be given up.
    Drop {
        /// Which.
        n: u64,
    },
    /// It is over, one way or the other.
    Ended {
        /// Which.
        n: u64,
    },
    /// A check found this, and it was right. Nothing before it counts any more, but for uploads that go on.
    Seen {
        /// All there is.
        state: State,
    },
}

impl Line {
    /// Its number.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Begin { n, .. }
            | Self::Done { n, .. }
            | Self::Owed { n }
            | Self::Never { n, .. }
            | Self::Lost { n, .. }
            | Self::Create { n, .. }
            | Self::Created { n, .. }
            | Self::Sending { n, .. }
            | Self::Kept { n, .. }
            | Self::Found { n, .. }
            | Self::Drop { n }
            | Self::Ended { n } => Some(*n),
            Self::Seen { .. } => None,
        }
    }

    /// What it asks back from the trash.
    #[must_use]
    pub fn asked_back(&self) -> &[String] {
        match self {
            Self::Begin {
                change: Change::Restore { slugs },
                ..
            } => slugs,
            _ => &[],
        }
    }
}

/// An append-only file of lines, cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
    file: Arc<Mutex<File>>,
}

impl Journal {
    /// Opens it, and makes it if there is none. A last line without its end was never acted upon and is taken away.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(path: &Path) -> Result<Self, String> {
        let opened = OpenOptions::new().create(true).append(true).open(path);
        let opened = opened.and_then(|file| {
            let text = std::fs::read(path)?;
            let whole = text.iter().rposition(|byte| *byte == b'\n');
            file.set_len(whole.map_or(0, |end| end as u64 + 1))?;
            Ok(file)
        });
        let file = opened.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            file: Arc::new(Mutex::new(file)),
        })
    }

    /// Everything that is in it.
    ///
    /// # Errors
    /// When it cannot be read or is no journal; the text says which line.
    pub fn lines(&self) -> Result<Vec<Line>, String> {
        let said = |error: &dyn std::fmt::Display| format!("{}: {error}", self.path.display());
        let text = std::fs::read_to_string(&self.path).map_err(|error| said(&error))?;
        let lines = text.lines().enumerate().map(|(number, line)| {
            let parsed = serde_json::from_str(line);
            parsed.map_err(|error| said(&format!("line {}: {error}", number + 1)))
        });
        lines.collect()
    }

    /// Appends a line and waits until it is on the disk.
    pub async fn write(&self, line: Line) {
        self.append(line, true).await;
    }

    /// Appends a line about something that changes nothing: its place among the others is all that matters.
    pub async fn note(&self, line: Line) {
        self.append(line, false).await;
    }

    async fn append(&self, line: Line, durable: bool) {
        let file = Arc::clone(&self.file);
        let written = tokio::task::spawn_blocking(move || {
            let mut text = serde_json::to_vec(&line).unwrap();
            text.push(b'\n');
            let mut file = file.lock().unwrap();
            file.write_all(&text)?;
            if durable { file.sync_data() } else { Ok(()) }
        });
        // Without its journal a load proves nothing.
        written.await.unwrap().unwrap();
    }
}
