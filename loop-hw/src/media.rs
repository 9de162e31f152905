//! Opens clips of the media library, which belongs to a process we do not trust.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use loop_proto::clip::{self, Clip};
use loop_proto::snapshot::Entry;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, SFlag, fstat};

/// Why an entry cannot be played.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Not there, or not reachable without leaving the library.
    #[error("cannot open its clip")]
    Open(#[source] nix::Error),
    /// A device, a pipe or a folder.
    #[error("its clip is not a regular file")]
    NotAFile,
    /// Not a valid clip.
    #[error("its clip cannot be read")]
    Clip(#[from] clip::Error),
    /// The file was replaced since the playlist was made; a new playlist is on its way.
    #[error("its clip is not the one in the playlist")]
    Other,
}

/// The folder with the media items.
#[derive(Clone, Debug)]
pub(crate) struct Library {
    root: PathBuf,
}

impl Library {
    /// The library below the data folder; it need not exist yet.
    pub(crate) fn below(data: &Path) -> Self {
        Self {
            root: data.join("media"),
        }
    }

    /// Opens the clip of an entry and checks that it is the one meant.
    pub(crate) fn open(&self, entry: &Entry) -> Result<Clip<File>, Error> {
        let root = open(
            &self.root,
            OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
            Mode::empty(),
        );
        let root = root.map_err(Error::Open)?;
        let clip = Path::new(entry.slug.as_str()).join("clip");
        let file = open_beneath(&root, &clip, OFlag::O_RDONLY).map_err(Error::Open)?;
        let kind = fstat(file.as_fd()).map_err(Error::Open)?.st_mode & SFlag::S_IFMT.bits();
        if kind != SFlag::S_IFREG.bits() {
            return Err(Error::NotAFile);
        }
        let clip = Clip::open(File::from(file))?;
        if clip.id() == entry.clip {
            Ok(clip)
        } else {
            Err(Error::Other)
        }
    }
}

/// Opens a path below a folder: no way out of it, no symbolic links, and no waiting for a pipe's other end.
///
/// Name by name, as openat2 would: `RestrictSUIDSGID=` of our unit forbids that call, for what it asks the kernel lies where
/// no filter can read it.
pub(crate) fn open_beneath(folder: &OwnedFd, path: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
    let always = OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    let inner = OFlag::O_PATH | OFlag::O_DIRECTORY | always;
    let mut names = path.components().peekable();
    let mut above: Option<OwnedFd> = None;
    while let Some(Component::Normal(name)) = names.next() {
        let folder = above.as_ref().unwrap_or(folder);
        if names.peek().is_none() {
            return openat(
                folder,
                name,
                flags | always | OFlag::O_NONBLOCK,
                Mode::empty(),
            );
        }
        above = Some(openat(folder, name, inner, Mode::empty())?);
    }
    Err(nix::Error::EXDEV)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::os::unix::fs::symlink;
    use std::time::Duration;

    use loop_proto::clip::ClipWriter;
    use loop_proto::pixel::Frame;
    use loop_proto::{ClipId, Slug};
    use tempfile::TempDir;

    use super::*;

    fn library() -> (TempDir, Library, Entry) {
        let data = TempDir::new().unwrap();
        let mut writer = ClipWriter::new(Cursor::new(Vec::new())).unwrap();
        writer
            .push(&Frame::black(), Duration::from_secs(1))
            .unwrap();
        let (file, summary) = writer.finish().unwrap();
        std::fs::create_dir_all(data.path().join("media/cat")).unwrap();
        std::fs::write(data.path().join("media/cat/clip"), file.into_inner()).unwrap();
        let library = Library::below(data.path());
        (data, library, Entry::new(Slug::nearest("cat"), summary.id))
    }

    #[test]
    fn the_clip_in_the_playlist_opens_and_another_one_does_not() {
        let (_data, library, entry) = library();
        assert_eq!(library.open(&entry).unwrap().frame_count(), 1);
        let other = Entry {
            clip: ClipId::from_sha256(&[9; 32]),
            ..entry
        };
        assert!(matches!(library.open(&other), Err(Error::Other)));
    }

    #[test]
    fn links_pipes_and_folders_are_refused() {
        let (data, library, entry) = library();
        let clip = data.path().join("media/cat/clip");
        let kept = data.path().join("kept");
        std::fs::rename(&clip, &kept).unwrap();
        symlink(&kept, &clip).unwrap();
        assert!(matches!(
            library.open(&entry),
            Err(Error::Open(nix::Error::ELOOP))
        ));
        std::fs::remove_file(&clip).unwrap();
        nix::unistd::mkfifo(&clip, Mode::S_IRWXU).unwrap();
        assert!(matches!(library.open(&entry), Err(Error::NotAFile)));
        std::fs::remove_file(&clip).unwrap();
        std::fs::create_dir(&clip).unwrap();
        assert!(matches!(library.open(&entry), Err(Error::NotAFile)));
    }

    #[test]
    fn no_path_leads_out_of_the_folder_or_through_a_link() {
        let (data, _library, _entry) = library();
        let root = data.path().join("media");
        symlink(root.join("cat"), root.join("dog")).unwrap();
        let root = open(&root, OFlag::O_PATH | OFlag::O_DIRECTORY, Mode::empty()).unwrap();
        let opened = |path: &str| open_beneath(&root, Path::new(path), OFlag::O_RDONLY).map(drop);
        assert_eq!(opened("cat/clip"), Ok(()));
        assert_eq!(opened("dog/clip"), Err(nix::Error::ENOTDIR));
        for path in [
            "../media/cat/clip",
            "cat/../cat/clip",
            "/dev/null",
            "cat/..",
            "..",
            "/",
            "",
        ] {
            assert_eq!(opened(path), Err(nix::Error::EXDEV), "{path}");
        }
    }
}
