//! A load for any LOOP, over HTTP alone, that remembers what was acknowledged and checks it after a restart.
//!
//! Several clients upload, delete, sort and edit at a time and write down each intent and each acknowledgement. Then the
//! device loses power, or a program of it is killed. When it is back, everything acknowledged must be there, as it was
//! acknowledged; what was not may be there, whole; and nothing else.
//!
//! What a check finds is where the next load begins, so that a device can be worn down round after round.

mod archive;
mod check;
pub mod content;
pub mod device;
pub mod dice;
pub mod journal;
mod lane;
pub mod model;
mod tus;
pub mod uploads;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

pub use check::Report;
use content::{Content, Print};
use device::{Device, Features, Stop};
use dice::Dice;
use journal::{Journal, Line};
use lane::{Known, Yard};
use model::{Change, State};

/// Clients at a time: no more than the device takes uploads.
const LANES: u64 = 4;

/// A device and what is known of it.
#[derive(Debug)]
pub struct Load {
    device: Device,
    /// What the device can do.
    pub features: Features,
    journal: Journal,
    /// The pixels of clips, by the sha256 of their files.
    unpacked: Mutex<HashMap<String, String>>,
}

/// How a load ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Its time was over.
    Time,
    /// The device has gone.
    Gone(String),
}

impl Load {
    /// For the device at this address, which must be there, and with this journal.
    ///
    /// # Errors
    /// When either cannot be used.
    pub async fn open(url: &str, journal: &Path) -> Result<Self, String> {
        let device = Device::at(url);
        device.ready().await?;
        let features = device.features().await;
        Ok(Self {
            features: features.map_err(|stop| format!("{stop:?}"))?,
            device,
            journal: Journal::open(journal)?,
            unpacked: Mutex::default(),
        })
    }

    /// Works the device until the time is over or it has gone. There must have been a check before.
    ///
    /// # Errors
    /// When the device does what it must not.
    pub async fn work(&self, seed: u64, time: Duration) -> Result<End, String> {
        let lines = self.journal.lines()?;
        let Some(Line::Seen { state }) =
            lines.iter().rfind(|line| matches!(line, Line::Seen { .. }))
        else {
            return Err("check the device before the first load".to_owned());
        };
        let next = lines.iter().filter_map(Line::number).max().unwrap_or(0) + 1;
        let yard = Yard {
            device: self.device.clone(),
            features: self.features,
            journal: self.journal.clone(),
            known: Mutex::new(known(state, &lines)),
            next: AtomicU64::new(next),
            seed,
            until: Instant::now() + time,
            stopped: AtomicBool::new(false),
        };
        let mut dice = Dice::new(seed);
        let lanes = (0..LANES).map(|_| yard.work(Dice::new(dice.throw(u64::MAX))));
        let ends = join_all(lanes).await;
        let mut end = End::Time;
        for stop in ends.into_iter().filter_map(Result::err) {
            match stop {
                Stop::Fault(fault) => return Err(fault),
                Stop::Gone(why) => end = End::Gone(why),
            }
        }
        Ok(end)
    }
}

/// What is known from the last check and, of our own items, from before.
fn known(state: &State, lines: &[Line]) -> Known {
    let ours: HashMap<&Print, &Content> = lines.iter().filter_map(added).collect();
    let items = state.items.iter().map(|(slug, item)| {
        let content = ours.get(&item.print).copied().cloned();
        (slug.clone(), content)
    });
    let lying = uploads::open(lines).into_values();
    Known {
        items: items.collect(),
        order: state.order.clone(),
        // A restart empties the trash, so that what was deleted before is not asked back.
        deleted: Vec::new(),
        resumable: lying.filter(|open| open.location.is_some()).collect(),
    }
}

fn added(line: &Line) -> Option<(&Print, &Content)> {
    match line {
        Line::Begin {
            change: Change::Add { print, .. },
            content: Some(content),
            ..
        } => Some((print, content)),
        _ => None,
    }
}
