//! The picture that should be on the glass, and where the panel has not got it yet.

use loop_proto::clip::{MAX_RECTS, Record};
use loop_proto::geometry::{PANEL, Rect};
use loop_proto::pixel::Frame;

use crate::panel::Damage;
use crate::screens::Cover;

/// Most rectangles that one record adds: those of a delta, or what a key is found to differ in, which is noticed to be too
/// much at the end of a row.
const MOST: usize = MAX_RECTS + PANEL.width as usize;

/// Picture and damage; does not allocate after it was made.
#[derive(Debug)]
pub(super) struct Draft {
    /// With the cover in it.
    picture: Frame,
    /// Holds the pixels that are under it.
    cover: Cover,
    rects: Vec<Rect>,
    /// The rectangles do not tell all.
    is_unknown: bool,
}

impl Draft {
    /// A black picture of which the panel has nothing.
    pub(super) fn new() -> Self {
        Self {
            picture: Frame::black(),
            cover: Cover::default(),
            rects: Vec::with_capacity(2 * MOST),
            is_unknown: true,
        }
    }

    pub(super) fn picture(&self) -> &Frame {
        &self.picture
    }

    /// Puts a record on the picture. What it changes under the cover is not seen, and no damage.
    pub(super) fn apply(&mut self, record: &Record) {
        if self.rects.capacity() - self.rects.len() < MOST {
            self.forget();
        }
        let mut at = self.rects.len();
        self.cover.exchange(&mut self.picture);
        record.apply(&mut self.picture, &mut self.rects);
        self.cover.exchange(&mut self.picture);
        while let Some(rect) = self.rects.get_mut(at) {
            *rect = self.cover.beside(*rect);
            if rect.is_empty() {
                self.rects.swap_remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// Takes another picture, and gives the one that was there for it.
    pub(super) fn replace(&mut self, picture: &mut Frame) {
        self.cover.exchange(&mut self.picture);
        std::mem::swap(&mut self.picture, picture);
        self.cover.exchange(&mut self.picture);
        self.forget();
    }

    /// Lays another cover over the picture, and gives the one that was there for it.
    pub(super) fn lay_over(&mut self, cover: &mut Cover) {
        self.cover.exchange(&mut self.picture);
        std::mem::swap(&mut self.cover, cover);
        let changed = self.cover.difference(cover);
        self.cover.exchange(&mut self.picture);
        let Some(rect) = changed else { return };
        if self.rects.len() < self.rects.capacity() {
            self.rects.push(rect);
        } else {
            self.forget();
        }
    }

    /// Nobody knows any more what the panel has got.
    pub(super) fn forget(&mut self) {
        self.rects.clear();
        self.is_unknown = true;
    }

    /// The panel has got it.
    pub(super) fn presented(&mut self) {
        self.rects.clear();
        self.is_unknown = false;
    }

    /// What the panel has not got.
    pub(super) fn damage(&self) -> Damage<'_> {
        // With more pixels than a panel has, the rectangles of several frames overlap; comparing is cheaper than sending
        // the same place twice.
        let pixels: usize = self.rects.iter().map(|rect| rect.pixels()).sum();
        if self.is_unknown || pixels > PANEL.pixels() {
            Damage::Unknown
        } else {
            Damage::Rects(&self.rects)
        }
    }
}
