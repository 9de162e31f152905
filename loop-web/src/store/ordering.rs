//! Changes of the loop's order.

use std::sync::Arc;

use loop_proto::Slug;

use super::{Error, Library, Store};

impl Store {
    /// Puts the loop into this order. Unknown and repeated names are left out.
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Io`].
    pub async fn set_order(&self, order: Vec<Slug>) -> Result<Arc<Library>, Error> {
        self.reorder(move |library| Ok(library.with_order(order)))
            .await
    }

    /// Adds an item at the end of the loop, unless it is in it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Full`] or [`Error::Io`].
    pub async fn add_to_order(&self, slug: Slug) -> Result<Arc<Library>, Error> {
        self.reorder(move |library| {
            if !library.contains(&slug) {
                return Err(Error::NotFound(slug));
            }
            let order = library.order().iter().cloned().chain([slug]).collect();
            Ok(library.with_order(order))
        })
        .await
    }

    /// Takes an item out of the loop, if it is in it.
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Io`].
    pub async fn remove_from_order(&self, slug: Slug) -> Result<Arc<Library>, Error> {
        self.reorder(move |library| {
            let order = library
                .order()
                .iter()
                .filter(|other| **other != slug)
                .cloned()
                .collect();
            Ok(library.with_order(order))
        })
        .await
    }

    async fn reorder(
        &self,
        make: impl FnOnce(&Library) -> Result<Library, Error> + Send + 'static,
    ) -> Result<Arc<Library>, Error> {
        self.change(move |layout, library| {
            let next = make(library)?;
            layout.write_order(library, &next)?;
            Ok((Some(next.clone()), Arc::new(next)))
        })
        .await
    }
}
