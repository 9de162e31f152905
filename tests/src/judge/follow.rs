//! Which frame the glass shows, and which it is on the way to.

use loop_proto::pixel::{Frame, PIXEL_BYTES, ROW_BYTES};

/// What a look at the glass tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Not a frame, and none has been seen yet.
    Other,
    /// What was there before.
    Same,
    /// On the way from one frame to another.
    Part,
    /// A frame; so many have been left out before it.
    Frame { skipped: usize },
    /// Neither a frame nor on the way to one.
    Wrong(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// No frame has been seen.
    Before,
    /// This frame is on the glass, or was when the present one began to come.
    At(usize),
    /// Something was wrong, and no frame has been seen since; or the next frame may be any.
    Anywhere { wrong: bool },
}

#[derive(Debug)]
pub(super) struct Follower {
    frames: Vec<Frame>,
    place: Place,
    /// What was on the glass before the present frame began to come.
    base: Frame,
}

impl Follower {
    pub(super) fn new(frames: Vec<Frame>) -> Self {
        Self {
            frames,
            place: Place::Before,
            base: Frame::black(),
        }
    }

    /// A new log begins, with this on the glass.
    pub(super) fn start_anywhere(&mut self, glass: &Frame) {
        if self.place != Place::Before {
            self.place = Place::Anywhere { wrong: false };
        }
        self.base.copy_from(glass);
    }

    pub(super) fn look(&mut self, glass: &Frame) -> Seen {
        if *glass == self.base && !matches!(self.place, Place::Before) {
            return Seen::Same;
        }
        if let Some((frame, skipped)) = self.find(glass) {
            self.place = Place::At(frame);
            self.base.copy_from(glass);
            return Seen::Frame { skipped };
        }
        match self.place {
            Place::Before => Seen::Other,
            Place::Anywhere { wrong: true } => Seen::Wrong("still not a frame".to_owned()),
            Place::At(_) | Place::Anywhere { wrong: false } if self.is_on_the_way(glass) => {
                Seen::Part
            }
            Place::At(_) | Place::Anywhere { .. } => {
                let text = self.describe(glass);
                self.place = Place::Anywhere { wrong: true };
                Seen::Wrong(text)
            }
        }
    }

    /// The next frame that looks like this, and how many others come before it.
    fn find(&self, glass: &Frame) -> Option<(usize, usize)> {
        let count = self.frames.len();
        let (start, counts) = match self.place {
            Place::At(frame) => (frame + 1, true),
            Place::Before | Place::Anywhere { .. } => (0, false),
        };
        let mut skipped = 0;
        for at in (start..start + count).map(|at| at % count) {
            if self.frames[at] == *glass {
                return Some((at, if counts { skipped } else { 0 }));
            }
            // A frame that repeats the one before it is never sent.
            skipped += usize::from(self.frames[at] != self.frames[(at + count - 1) % count]);
        }
        None
    }

    fn is_on_the_way(&self, glass: &Frame) -> bool {
        self.frames
            .iter()
            .any(|frame| first_foreign_pixel(glass, &self.base, frame).is_none())
    }

    /// Where the glass is neither what it was nor the frame it is most like.
    fn describe(&self, glass: &Frame) -> String {
        let likeness = |frame: &Frame| {
            let pairs = glass.as_bytes().iter().zip(frame.as_bytes());
            pairs.filter(|(one, other)| one == other).count()
        };
        let frames = self.frames.iter().enumerate();
        let (number, frame) = frames.max_by_key(|(_, frame)| likeness(frame)).unwrap();
        let (x, y) = first_foreign_pixel(glass, &self.base, frame).unwrap_or_default();
        let from = self.place;
        format!("most like frame {number}, but pixel {x},{y} is foreign, coming from {from:?}")
    }
}

/// The viewer's place of a pixel that comes from neither of two frames.
fn first_foreign_pixel(glass: &Frame, one: &Frame, other: &Frame) -> Option<(usize, usize)> {
    let row = |frame: &Frame, x: usize| -> Vec<[u8; PIXEL_BYTES]> {
        let bytes = &frame.as_bytes()[x * ROW_BYTES..][..ROW_BYTES];
        bytes.as_chunks().0.to_vec()
    };
    let rows = glass.as_bytes().chunks_exact(ROW_BYTES);
    let sources = one
        .as_bytes()
        .chunks_exact(ROW_BYTES)
        .zip(other.as_bytes().chunks_exact(ROW_BYTES));
    let suspects = rows
        .zip(sources)
        .enumerate()
        .filter(|(_, (seen, (one, other)))| seen != one && seen != other);
    suspects.map(|(x, _)| x).find_map(|x| {
        let (seen, one, other) = (row(glass, x), row(one, x), row(other, x));
        let y = (0..seen.len()).find(|&y| seen[y] != one[y] && seen[y] != other[y])?;
        Some((x, y))
    })
}
