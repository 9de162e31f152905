//! Items as a whole: out of the library for an archive, and into it from one.

use std::fs::{self, File};
use std::io;
use std::sync::Arc;

use loop_proto::{ClipId, Slug};

use super::adding::{keep, put_in};
use super::layout::{Layout, read_item};
use super::{Added, Error, Item, Library, Source, Staged, Store};

impl Store {
    /// How long a file of an item is.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) fn file_bytes(&self, item: &Item, name: &str) -> io::Result<u64> {
        let metadata = fs::metadata(self.layout.item_folder(&item.slug).join(name))?;
        Ok(metadata.len())
    }

    /// Opens a file of an item, if the item is still the one that is meant.
    ///
    /// # Errors
    /// When it is gone or another one has its name.
    pub(crate) fn open_file(&self, item: &Item, name: &str) -> io::Result<File> {
        let folder = self.layout.item_folder(&item.slug);
        let file = File::open(folder.join(name))?;
        // Asked afterwards: an item is replaced as a whole, so a description that fits is that of the file.
        let now = read_item(&folder).map_err(io::Error::other)?;
        if now.clip == item.clip && now.original_sha256 == item.original_sha256 {
            return Ok(file);
        }
        Err(io::Error::other("another item has its name by now"))
    }

    /// Adds an item without touching what is there: content that the library has stays as it is, but for its place in the
    /// loop if it is to be there, and an item whose name is taken gets another one.
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Io`].
    pub(crate) async fn add_beside(
        &self,
        mut staged: Staged,
        loops: Loops,
        source: Source,
    ) -> Result<Added, Error> {
        self.change(move |layout, library| {
            if library.contains(&staged.item.slug) && library.twin_of(&staged.item).is_none() {
                staged.item.slug = other_name(library, &staged.item);
            }
            let added = match library.twin_of(&staged.item) {
                Some(same) => loops.keep(layout, library, same),
                None => put_in(layout, library, staged, |library, item| match loops {
                    Loops::Yes => library.with_item(item),
                    Loops::No => library.with_item_at(item, None),
                }),
            }?;
            source.use_up();
            Ok(added)
        })
        .await
    }
}

impl Library {
    /// The item an archive tells of, if it is here: the same original, or, where there is none, the same clip of its name.
    pub(crate) fn has(
        &self,
        slug: &Slug,
        clip: ClipId,
        original_sha256: Option<&str>,
    ) -> Option<Arc<Item>> {
        if let Some(sha256) = original_sha256 {
            return self.item_of_original(sha256);
        }
        let named = [slug.clone(), Slug::nearest(&format!("{slug}_{clip}"))];
        let mut items = named.iter().filter_map(|name| self.item(name));
        items.find(|item| item.clip == clip && item.original_sha256.is_none())
    }
}

/// Whether an item is to be in the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loops {
    /// It is, at the end unless it has a place.
    Yes,
    /// It is not.
    No,
}

impl Loops {
    /// Has an item that is there already loop if it is to.
    pub(super) fn keep(
        self,
        layout: &Layout,
        library: &Library,
        same: Arc<Item>,
    ) -> Result<(Option<Library>, Added), Error> {
        match self {
            Self::Yes => keep(layout, library, same),
            Self::No => Ok((None, Added::Same(same))),
        }
    }
}

/// A name for an item whose own is taken by another one. It comes from the content, so that it is found again.
fn other_name(library: &Library, item: &Item) -> Slug {
    let clip = item.clip.to_string();
    let content = item
        .original_sha256
        .as_deref()
        .and_then(|hash| hash.get(..32));
    let name = format!("{}_{}", item.slug, content.unwrap_or(&clip));
    let mut names = (1..).map(|count| match count {
        1 => Slug::nearest(&name),
        count => Slug::nearest(&format!("{name}_{count}")),
    });
    let is_free = |slug: &Slug| match library.item(slug) {
        Some(other) => other.original_sha256.is_none() && other.clip == item.clip,
        None => true,
    };
    names.find(is_free).unwrap_or_else(|| item.slug.clone())
}
