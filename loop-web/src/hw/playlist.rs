//! Keeps loop-hw's playlist the same as the library's order.

use std::sync::Arc;
use std::time::Duration;

use loop_proto::snapshot::{Entry, MAX_ENTRIES};
use tokio::sync::watch;

use super::{Link, LinkState};
use crate::store::{Library, Store};

/// After loop-hw has refused a playlist, its disk being full most likely.
const RETRY: Duration = Duration::from_secs(5);

/// Gives loop-hw the playlist whenever it has another one, until the future is dropped.
pub async fn push_playlist(link: Link, store: Store) {
    let (mut states, mut libraries) = (link.watch(), store.watch());
    loop {
        let wanted = playlist(&libraries.borrow_and_update());
        let has = states
            .borrow_and_update()
            .snapshot()
            .map(|state| state.playlist.clone());
        let differs = has.is_some_and(|has| has != wanted);
        if let (true, Ok(client)) = (differs, link.client()) {
            match client.set_playlist(wanted.clone()).await {
                // Seen in its state before the next look, or it would be pushed twice.
                Ok(()) => arrived(&mut states, &wanted).await,
                Err(error) => {
                    tracing::warn!("loop-hw did not take the playlist: {error}");
                    tokio::time::sleep(RETRY).await;
                }
            }
            continue;
        }
        let changed = tokio::select! {
            changed = states.changed() => changed,
            changed = libraries.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
    }
}

async fn arrived(states: &mut watch::Receiver<LinkState>, wanted: &[Entry]) {
    let has_it = |state: &LinkState| {
        state
            .snapshot()
            .is_none_or(|state| state.playlist == wanted)
    };
    // Without it, as with the sender gone, the next look decides.
    drop(tokio::time::timeout(RETRY, states.wait_for(has_it)).await);
}

fn playlist(library: &Arc<Library>) -> Vec<Entry> {
    let entry = |item: &Arc<crate::store::Item>| Entry {
        slug: item.slug.clone(),
        clip: item.clip,
        repeat: item.label.repeat,
        still: item.label.still,
    };
    library.looping().take(MAX_ENTRIES).map(entry).collect()
}
