//! Removing what belongs to nothing.

use super::{Error, Store};

/// What a clean-up has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Folders and files beside the items.
    pub files: usize,
    /// Bytes of all that was removed, the trash among it.
    pub bytes: u64,
    /// Deleted items that could have been brought back.
    pub trash: usize,
}

impl Store {
    /// Removes what belongs to no item and to no upload under way, and empties the trash.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub async fn clean_up(&self) -> Result<Swept, Error> {
        let trash = self.empty_trash(std::time::Duration::ZERO).await?;
        let orphans = self
            .change(|layout, library| Ok((None, layout.remove_orphans(library)?)))
            .await?;
        Ok(Swept {
            files: orphans.files,
            bytes: orphans.bytes + trash.bytes,
            trash: trash.trash,
        })
    }
}
