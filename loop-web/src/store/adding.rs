//! Adding an item: it is complete beside the library, and one rename makes it part of it.

use std::sync::Arc;

use loop_proto::Slug;
use tempfile::TempDir;

use super::layout::Layout;
use super::{Error, Item, Library, Loops, Source, Store};

/// An item whose files are on the disk, beside the library; they go unless it is added.
#[derive(Debug)]
pub struct Staged {
    /// Holds a folder `item` with everything in it but its description.
    pub(crate) folder: TempDir,
    pub(crate) item: Item,
}

/// What became of a staged item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is new, and last in the loop.
    New(Arc<Item>),
    /// It took the place of an item of its name.
    Replaced(Arc<Item>),
    /// The library had just this already.
    Same(Arc<Item>),
}

impl Added {
    /// The item as it is in the library now.
    #[must_use]
    pub fn item(&self) -> &Arc<Item> {
        match self {
            Self::New(item) | Self::Replaced(item) | Self::Same(item) => item,
        }
    }
}

impl Store {
    /// Adds an item, last in the loop unless it loops already. Content that the library has stays one item: with the same
    /// clip nothing is replaced, with another one the item of that content gets it and keeps its name.
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Io`].
    pub async fn add(&self, staged: Staged) -> Result<Added, Error> {
        self.add_of(staged, Source::default()).await
    }

    /// As [`add`](Self::add), and uses up what the item was made of.
    pub(crate) async fn add_of(&self, staged: Staged, source: Source) -> Result<Added, Error> {
        self.change(move |layout, library| {
            let twin = library.twin_of(&staged.item);
            let is_it =
                |twin: &Arc<Item>| twin.clip == staged.item.clip && twin.look == staged.item.look;
            let added = match twin.filter(is_it) {
                Some(same) => keep(layout, library, same),
                None => put_in(layout, library, staged, Library::with_item),
            }?;
            source.use_up();
            Ok(added)
        })
        .await
    }

    /// Gives an item another clip of its original. It must still be there, made of that original; its place in the loop,
    /// or beside it, stays.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Full`] or [`Error::Io`].
    pub async fn replace_clip(&self, staged: Staged) -> Result<Added, Error> {
        self.change(move |layout, library| {
            let Staged { folder, mut item } = staged;
            let before = library.twin_of(&item);
            let before = before.ok_or_else(|| Error::NotFound(item.slug.clone()))?;
            item.take_over(&before);
            layout.describe_staged(&folder, &mut item)?;
            layout.commit_item(&folder, &item.slug, true)?;
            let item = Arc::new(item);
            let next = library.with_changed(Arc::clone(&item));
            Ok((Some(next), Added::Replaced(item)))
        })
        .await
    }

    /// Has an item that is there already loop again if it is to, as if it had been added again, and uses up what it would
    /// have been made of.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Full`] or [`Error::Io`].
    pub(crate) async fn add_again(
        &self,
        slug: Slug,
        loops: Loops,
        source: Source,
    ) -> Result<Added, Error> {
        self.change(move |layout, library| {
            let item = library.item(&slug).ok_or(Error::NotFound(slug))?;
            let added = loops.keep(layout, library, item)?;
            source.use_up();
            Ok(added)
        })
        .await
    }
}

/// Has an item that is there already be in the loop.
pub(super) fn keep(
    layout: &Layout,
    library: &Library,
    same: Arc<Item>,
) -> Result<(Option<Library>, Added), Error> {
    if library.order().contains(&same.slug) {
        return Ok((None, Added::Same(same)));
    }
    let next = library.with_item(Arc::clone(&same));
    layout.write_order(library, &next)?;
    Ok((Some(next), Added::Same(same)))
}

/// Makes a staged item part of the library, which `with` makes of it and the one there was.
pub(super) fn put_in(
    layout: &Layout,
    library: &Library,
    staged: Staged,
    with: impl FnOnce(&Library, Arc<Item>) -> Library,
) -> Result<(Option<Library>, Added), Error> {
    let Staged { folder, mut item } = staged;
    if let Some(twin) = library.twin_of(&item) {
        item.take_over(&twin);
    }
    let replaces = library.contains(&item.slug);
    layout.describe_staged(&folder, &mut item)?;
    // A damaged item is not in the library, but its folder is in the way all the same.
    let exchange = layout.item_folder(&item.slug).exists();
    layout.commit_item(&folder, &item.slug, exchange)?;
    let item = Arc::new(item);
    let next = with(library, Arc::clone(&item));
    if let Err(error) = layout.write_order(library, &next) {
        layout.take_back(&folder, &item.slug, exchange);
        return Err(error);
    }
    let added = if replaces {
        Added::Replaced(item)
    } else {
        Added::New(item)
    };
    Ok((Some(next), added))
}
