//! What people say about an item.

use std::sync::Arc;

use loop_proto::Slug;

use super::{Error, Item, Label, Store};

impl Store {
    /// Changes what is said about an item; its files stay as they are.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Full`] or [`Error::Io`].
    pub async fn edit(
        &self,
        slug: Slug,
        change: impl FnOnce(&mut Label) + Send + 'static,
    ) -> Result<Arc<Item>, Error> {
        self.change(move |layout, library| {
            let before = library.item(&slug).ok_or(Error::NotFound(slug))?;
            let mut item = Item::clone(&before);
            change(&mut item.label);
            if item.label == before.label {
                return Ok((None, before));
            }
            layout.describe_item(&mut item)?;
            let item = Arc::new(item);
            Ok((Some(library.with_changed(Arc::clone(&item))), item))
        })
        .await
    }
}
