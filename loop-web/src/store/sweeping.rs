//! Removing what belongs to nothing.

use super::{Error, Store};

/// Nobody works on anything for as long as this.
const HALF_DONE: std::time::Duration = std::time::Duration::from_secs(86_400);

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
            .change(|layout, library| {
                let orphans = layout.remove_orphans(library)?;
                let half_done = layout.sweep_old(HALF_DONE)?;
                Ok((None, (orphans, half_done)))
            })
            .await?;
        let (orphans, half_done) = orphans;
        Ok(Swept {
            files: orphans.files + half_done.files,
            bytes: orphans.bytes + half_done.bytes + trash.bytes,
            trash: trash.trash,
        })
    }
}
