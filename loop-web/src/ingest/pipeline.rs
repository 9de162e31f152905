//! The one way from an upload that is here to an item of the library, however it came.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::part::{Part, Received};
use super::{Error, stage};
use crate::store::{Added, Staged, Store};

/// Uploads that are worked on at a time: each takes a core.
const AT_A_TIME: usize = 2;

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

/// Who is told how far it is.
pub type Tell = Arc<dyn Fn(Progress) + Send + Sync>;

/// Makes items of uploads; cheap to clone.
#[derive(Clone, Debug)]
pub struct Ingest {
    store: Store,
    turns: Arc<Semaphore>,
}

impl Ingest {
    /// Items go to this library.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
        }
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
            (Some(original), None) => match self.known(original, &received) {
                Some(slug) => return Ok(self.store.add_again(slug).await?),
                None => self.convert(original).await?,
            },
            (None, None) => return Err(Error::Combination("no file was sent".to_owned())),
        };
        tell(Progress::Storing);
        Ok(self.store.add(staged).await?)
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
        let progress = move |done, all| tell(Progress::Converting { done, all });
        let staged = stage::stage(&self.store, received, progress).await;
        drop(turn);
        staged
    }

    /// The item that was made of this original in this way already.
    fn known(&self, original: &Part, received: &Received) -> Option<loop_proto::Slug> {
        let item = self.store.library().item_of_original(&original.sha256)?;
        (item.look == received.look).then(|| item.slug.clone())
    }

    async fn convert(&self, original: &Part) -> Result<Staged, Error> {
        original.media_type()?;
        Err(Error::NoFrames(original.name.clone()))
    }
}
