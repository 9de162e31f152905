//! The files of an upload once they are here.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use loop_proto::Slug;
use sha2::{Digest, Sha256};

use super::frames_zip::Converted;
use super::spool::hex;
use super::{Error, sniff, tried};
use crate::look::Look;
use crate::store::Source;

/// Longest file name that is kept, in bytes.
const MAX_NAME_BYTES: usize = 200;

/// Read at a time to hash a file.
const CHUNK_BYTES: usize = 256 * 1024;

/// What has arrived: whole, and below `incoming/`.
#[derive(Debug)]
pub struct Received {
    /// What the user has.
    pub(crate) original: Option<Part>,
    /// The same, converted already.
    pub(crate) frames: Option<Frames>,
    /// How the original is to become a clip, or became one.
    pub(crate) look: Look,
    /// What is used up by making an item of it.
    pub(crate) source: Source,
}

/// What came converted already.
#[derive(Debug)]
pub(crate) enum Frames {
    /// A ZIP of frames, or a clip.
    File(Part),
    /// A ZIP of frames of which a clip was made while it came.
    Clip {
        /// The ZIP's.
        name: String,
        /// The clip's; nothing of it is durable.
        path: PathBuf,
        converted: Box<Converted>,
    },
}

impl Frames {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::File(Part { name, .. }) | Self::Clip { name, .. } => name,
        }
    }
}

/// A file that has arrived.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    /// Hexadecimal digits; empty if nobody asks for it.
    pub(crate) sha256: String,
    /// Its first bytes.
    pub(crate) head: Vec<u8>,
}

impl Part {
    /// A file that is on the disk already. Reads all of it if its sha256 is not known.
    ///
    /// # Errors
    /// When it is empty or cannot be read.
    pub(crate) fn of_file(name: &str, path: &Path, sha256: Option<String>) -> Result<Self, Error> {
        let mut part = Self::unhashed(name, path)?;
        part.sha256 = match sha256 {
            Some(known) => known,
            None => sha256_of(path).map_err(tried("read the upload"))?,
        };
        Ok(part)
    }

    /// A file that is on the disk already and whose sha256 nobody asks for, as that of frames.
    ///
    /// # Errors
    /// When it is empty or cannot be read.
    pub(crate) fn unhashed(name: &str, path: &Path) -> Result<Self, Error> {
        let failed = tried("read the upload");
        let mut file = File::open(path).map_err(&failed)?;
        let mut head = Vec::new();
        let begin = (&mut file).take(sniff::ENOUGH as u64);
        { begin }.read_to_end(&mut head).map_err(&failed)?;
        let part = Self {
            name: plain_name(name),
            path: path.to_owned(),
            size: file.metadata().map_err(&failed)?.len(),
            sha256: String::new(),
            head,
        };
        if part.size == 0 {
            return Err(Error::Empty(part.name));
        }
        Ok(part)
    }

    /// Whether it is a clip, ready to be played.
    pub(super) fn is_clip(&self) -> bool {
        self.head.starts_with(&loop_proto::clip::MAGIC)
    }

    /// What its content says it is.
    pub(crate) fn media_type(&self) -> Result<&'static str, Error> {
        sniff::media_type(&self.head).ok_or_else(|| Error::NotMedia(self.name.clone()))
    }
}

/// Whether a name is one that frames have.
pub(crate) fn names_frames(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("zip") || end.eq_ignore_ascii_case("clip"))
}

fn sha256_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            length => hash.update(buffer.get(..length).unwrap_or_default()),
        }
    }
}

/// A name for what came without one that was chosen: readable, and one for each content.
pub(super) fn slug_of(filename: &str, hash: &str) -> Slug {
    let stem = filename.rsplit_once('.').map_or(filename, |(stem, _)| stem);
    let stem: String = stem.chars().take(60).collect();
    Slug::nearest(&format!("{stem}_{}", hash.get(..16).unwrap_or(hash)))
}

/// The last part of a name, without anything that could mislead a reader or a file system.
pub(crate) fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut plain: String = last.chars().filter(|c| !c.is_control()).collect();
    while plain.len() > MAX_NAME_BYTES {
        plain.pop();
    }
    match plain.trim() {
        "" | "." | ".." => "upload".to_owned(),
        plain => plain.to_owned(),
    }
}

pub(super) fn extension(mime: &str) -> &str {
    match mime.rsplit_once('/').map_or(mime, |(_, kind)| kind) {
        "jpeg" => "jpg",
        "svg+xml" => "svg",
        "quicktime" => "mov",
        "x-msvideo" => "avi",
        "x-flv" => "flv",
        "mp2t" => "ts",
        "mpeg" => "mpg",
        kind => kind,
    }
}
