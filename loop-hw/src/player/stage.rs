//! The picture that should be on the glass, and getting it there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use loop_proto::FrameSerial;
use loop_proto::clip::Record;
use loop_proto::geometry::{PANEL, Rect};
use loop_proto::launch::report;
use loop_proto::pixel::Frame;
use loop_proto::units::Brightness;
use tokio::sync::watch;

use crate::counters::Counters;
use crate::panel::{Damage, Error, Panel};
use crate::screens::{self, Screen};
use crate::state::Publisher;

/// How long a panel that failed is left alone.
const RETRY: Duration = Duration::from_secs(1);

/// The panel and what it is to show.
pub(super) struct Stage {
    panel: Box<dyn Panel>,
    picture: Frame,
    /// What in the picture the panel has not got.
    damage: Vec<Rect>,
    shown: watch::Sender<FrameSerial>,
    counters: Arc<Counters>,
    publisher: Publisher,
    /// Why the panel is not the one asked for; stays while it works.
    standing_trouble: Option<String>,
    started: Instant,
    retry_at: Option<Instant>,
}

impl Stage {
    /// A stage whose panel has not shown anything yet.
    pub(super) fn new(
        panel: Box<dyn Panel>,
        trouble: Option<String>,
        publisher: Publisher,
        started: Instant,
    ) -> Self {
        Self {
            panel,
            picture: Frame::black(),
            damage: vec![PANEL.rect()],
            shown: watch::Sender::new(FrameSerial::default()),
            counters: Arc::default(),
            publisher,
            standing_trouble: trouble,
            started,
            retry_at: None,
        }
    }

    pub(super) fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    pub(super) fn shown(&self) -> watch::Receiver<FrameSerial> {
        self.shown.subscribe()
    }

    /// Puts a record on the picture.
    pub(super) fn apply(&mut self, record: &Record) {
        record.apply(&mut self.picture, &mut self.damage);
    }

    /// Replaces the picture with a screen and shows it.
    pub(super) fn show(&mut self, screen: &Screen, now: Instant) {
        screens::draw(screen, &mut self.picture);
        self.damage.clear();
        self.damage.push(PANEL.rect());
        self.present(now);
    }

    /// Sends to the panel what it has not got.
    pub(super) fn present(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|at| now < at) {
            return;
        }
        match self
            .panel
            .present(&self.picture, Damage::Rects(&self.damage))
        {
            Ok(()) => self.presented(),
            Err(error) => self.failed(&error, now),
        }
        self.counters.take(self.panel.diagnosis());
    }

    /// When to try again with a panel that failed.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    pub(super) fn set_brightness(&mut self, brightness: Brightness) -> Result<(), Error> {
        self.panel.set_brightness(brightness)
    }

    /// Copies what is on the glass and tells which picture it is.
    pub(super) fn copy_glass(&self, out: &mut Frame) -> FrameSerial {
        self.panel.picture(out);
        *self.shown.borrow()
    }

    fn presented(&mut self) {
        self.damage.clear();
        self.counters.presented.add_one();
        self.counters.first_frame_after(self.started.elapsed());
        self.shown.send_modify(|serial| serial.0 += 1);
        if self.retry_at.take().is_some() {
            tracing::info!("the panel works again");
            self.report_trouble(self.standing_trouble.clone());
        }
    }

    fn failed(&mut self, error: &Error, now: Instant) {
        self.counters.panel_errors.add_one();
        self.damage.clear();
        self.damage.push(PANEL.rect());
        if self.retry_at.is_none() {
            tracing::error!("{}", report(error));
            self.report_trouble(Some(error.to_string()));
        }
        self.retry_at = Some(now + RETRY);
    }

    fn report_trouble(&self, trouble: Option<String>) {
        self.publisher.update_panel(|panel| panel.trouble = trouble);
    }
}
