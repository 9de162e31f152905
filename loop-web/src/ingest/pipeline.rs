//! The one way from an upload that is here to an item of the library, however it came.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::form::{Limits, Upload};
use super::part::{Part, Received, plain_name, slug_of};
use super::stage::{self, Staging, measure};
use super::{Error, tried};
use crate::convert::{self, Abilities, Converter};
use crate::look::Look;
use crate::store::{self, Added, Item, Loops, Staged, Store};

/// Uploads that are worked on at a time: each takes a core.
const AT_A_TIME: usize = 2;

/// Uploads of which a clip is made while they come. Each holds 4 MB, and as long as its sender likes; what more there are
/// is stored first.
const ARRIVING_AT_A_TIME: usize = 2;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Others come first.
    Waiting,
    /// The clip is being made.
    Converting {
        /// So many steps are done,
        done: u32,
        /// of so many.
        all: u32,
    },
    /// The item is being made durable.
    Storing,
}

/// Who is told how far it is, and answers whether it is still wanted. From [`Progress::Storing`] on it always is.
pub type Tell = Arc<dyn Fn(Progress) -> bool + Send + Sync>;

/// Makes items of uploads; cheap to clone.
#[derive(Clone, Debug)]
pub struct Ingest {
    store: Store,
    converter: Converter,
    turns: Arc<Semaphore>,
    arrivals: Arc<Semaphore>,
}

impl Ingest {
    /// Items go to this library; originals that come alone are converted by this.
    #[must_use]
    pub fn new(store: Store, converter: Converter) -> Self {
        Self {
            store,
            converter,
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            arrivals: Arc::new(Semaphore::new(ARRIVING_AT_A_TIME)),
        }
    }

    /// Begins an upload by form of about this many bytes.
    ///
    /// # Errors
    /// When the disk has no room for it.
    pub async fn begin(&self, limits: Limits, expected_bytes: u64) -> Result<Upload, Error> {
        let arrivals = Arc::clone(&self.arrivals);
        Upload::begin_with(&self.store, limits, expected_bytes, arrivals).await
    }

    /// For tests that convert nothing.
    #[cfg(test)]
    pub(crate) fn idle(store: &Store) -> Self {
        let nobody = std::path::Path::new("/bin/false");
        let converter =
            Converter::with_program(nobody, "".into(), std::time::Duration::from_secs(5));
        Self::new(store.clone(), converter)
    }

    /// Makes an item of what has arrived and adds it. Dropped in the middle, nothing is added; what has arrived stays with
    /// whoever holds its folder.
    ///
    /// # Errors
    /// With what is wrong with which file.
    pub async fn run(&self, received: Received, tell: Tell) -> Result<Added, Error> {
        let received = Arc::new(received);
        let staged = match (&received.original, &received.frames) {
            (_, Some(_)) => self.stage(Arc::clone(&received), &tell).await?,
            (Some(original), None) => {
                if let Some(added) = self.known(original, &received, &tell).await? {
                    return Ok(added);
                }
                self.convert(original, received.look, &tell).await?
            }
            (None, None) => return Err(Error::Combination("no file was sent".to_owned())),
        };
        begin_storing(&tell)?;
        Ok(self.store.add_of(staged, received.source.clone()).await?)
    }

    async fn stage(&self, received: Arc<Received>, tell: &Tell) -> Result<Staged, Error> {
        let turn = match self.turns.try_acquire() {
            Ok(turn) => turn,
            Err(_) => {
                tell(Progress::Waiting);
                self.turns.acquire().await.map_err(|_| Error::Cancelled)?
            }
        };
        let tell = Arc::clone(tell);
        let progress = move |done, all| {
            tell(Progress::Converting { done, all });
        };
        let staged = stage::stage(&self.store, received, progress).await;
        drop(turn);
        staged
    }

    /// The item that was made of this original in this way already.
    async fn known(
        &self,
        original: &Part,
        received: &Received,
        tell: &Tell,
    ) -> Result<Option<Added>, Error> {
        let item = self.store.library().item_of_original(&original.sha256);
        let Some(item) = item.filter(|item| item.look == received.look) else {
            return Ok(None);
        };
        begin_storing(tell)?;
        let source = received.source.clone();
        let again = self.store.add_again(item.slug.clone(), Loops::Yes, source);
        match again.await {
            Ok(added) => Ok(Some(added)),
            // Deleted in this moment.
            Err(store::Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What can be converted here.
    #[must_use]
    pub fn abilities(&self) -> Abilities {
        self.converter.abilities()
    }

    /// Whether the clip of an item can be made anew here.
    ///
    /// # Errors
    /// With what it takes.
    pub fn check_convertible(&self, item: &Item) -> Result<(), Error> {
        let checked = self.converter.check(&item.mime);
        checked.map_err(|source| Error::Convert {
            name: item.filename.clone(),
            source,
        })
    }

    /// Makes the clip of an item anew, from its original. Dropped in the middle, the item stays as it is.
    ///
    /// # Errors
    /// [`Error::NoOriginal`], or why it cannot be converted.
    pub async fn convert_again(&self, item: &Item, look: Look, tell: Tell) -> Result<Added, Error> {
        let (slug, name) = (&item.slug, &item.filename);
        let original = self.store.original_path(slug, name);
        let path = original.ok_or_else(|| Error::NoOriginal(name.clone()))?;
        let (name, sha256) = (name.clone(), item.original_sha256.clone());
        let read = tokio::task::spawn_blocking(move || Part::of_file(&name, &path, sha256));
        let original = read.await.map_err(|_| Error::Cancelled)??;
        let staged = self.convert(&original, look, &tell).await?;
        begin_storing(&tell)?;
        Ok(self.store.replace_clip(staged).await?)
    }

    async fn convert(&self, original: &Part, look: Look, tell: &Tell) -> Result<Staged, Error> {
        let mime = original.media_type()?;
        // A guess: nobody knows how large the clip will be. It ends where the room ends.
        let room = self.store.reserve(original.size).await?;
        let converter = self.converter.bounded_to(self.store.disk().spare()?);
        let staging = Staging::begin(&self.store)?;
        let tell = Arc::clone(tell);
        let progress = move |progress| {
            tell(match progress {
                convert::Progress::Waiting => Progress::Waiting,
                convert::Progress::Working(percent) => Progress::Converting {
                    done: percent.into(),
                    all: 100,
                },
            });
        };
        let folder = staging.item();
        let converted = converter.convert(&original.path, mime, look, &folder, progress);
        let converted = converted.await.map_err(|source| match source {
            convert::Error::Failed(source) => tried("convert the original")(source).into(),
            convert::Error::Cancelled => Error::Cancelled,
            source => Error::Convert {
                name: original.name.clone(),
                source,
            },
        })?;
        drop(room);
        let filename = plain_name(&original.name);
        let slug = slug_of(&filename, &original.sha256);
        let (kind, summary) = (converted.kind, converted.summary);
        let mut item = Item::new(slug, filename, mime.to_owned(), kind, summary.id);
        item.look = look;
        measure(&mut item, &summary);
        let original = original.clone();
        let kept = tokio::task::spawn_blocking(move || {
            staging.keep_original(Some(&original), &mut item)?;
            Ok(staging.staged(item))
        });
        kept.await.map_err(|_| Error::Cancelled)?
    }
}

/// The last moment to end it.
fn begin_storing(tell: &Tell) -> Result<(), Error> {
    match tell(Progress::Storing) {
        true => Ok(()),
        false => Err(Error::Cancelled),
    }
}
