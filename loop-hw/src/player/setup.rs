//! Starts the player's three threads.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{channel, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use loop_proto::Slug;
use loop_proto::snapshot::Scheduling;

use super::director::Director;
use super::playlist::Rules;
use super::presenter::Presenter;
use super::readahead::{self, RECORDS, ReadAhead};
use super::{Inbox, PlayerHandle, PlayerThreads, WAITING, rings};
use crate::counters::Counters;
use crate::media::Library;
use crate::panel::Panel;
use crate::screens::Screen;
use crate::state::Publisher;

/// What a player begins with.
pub(crate) struct Setup {
    /// Why the panel is not the one asked for.
    pub(crate) trouble: Option<String>,
    /// Where the clips are.
    pub(crate) library: Library,
    /// The entry to begin with, of the playlist that is in the published state.
    pub(crate) start: Option<Slug>,
    /// How the playlist goes on.
    pub(crate) rules: Rules,
    /// How long a still image is shown.
    pub(crate) still: Duration,
    /// Holds the state to begin with.
    pub(crate) publisher: Publisher,
    /// Shown while there is nothing to play, right after the start.
    pub(crate) boot: Screen,
    /// When the process began.
    pub(crate) started: Instant,
}

/// Starts playing at once, on a panel that has not shown anything yet.
pub(crate) fn start(
    panel: Box<dyn Panel>,
    setup: Setup,
) -> io::Result<(PlayerHandle, PlayerThreads)> {
    let (director_end, presenter_end) = rings::rings();
    let (inputs, received) = sync_channel(WAITING + 2 * RECORDS);
    let inbox = Inbox::new(inputs, director_end.alarm());
    let (orders, ordered) = channel();

    let (library, to_director) = (setup.library.clone(), inbox.clone());
    let reader = thread("readahead", move || {
        readahead::run(&library, &ordered, &to_director);
    })?;
    let counters = Arc::new(Counters::default());
    let presenter = Presenter::new(panel, presenter_end, Arc::clone(&counters), setup.started);
    let presenter = thread("presenter", move || presenter.run(Scheduling::Realtime))?;
    let director = Director::new(
        setup,
        director_end,
        ReadAhead::new(orders),
        Arc::clone(&counters),
    );
    let handle = PlayerHandle {
        inbox: inbox.clone(),
        shown: director.shown(),
        counters,
    };
    let director = thread("director", move || director.run(&received))?;
    Ok((
        handle,
        PlayerThreads {
            inbox,
            threads: [director, presenter, reader],
        },
    ))
}

fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(run)
}
