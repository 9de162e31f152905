//! How much a clip may differ from its source, and who sees to it.
//!
//! Film is never still: its noise changes most pixels by a step or two in every frame, and each change costs a place in
//! the file and time on the wire. So a pixel is held while its exact value is near what is shown. What is shown is always
//! compared with the exact value, never with an earlier guess: errors cannot add up. And a pixel that has come to rest
//! becomes exact, so that whatever stands still to be looked at is what was sent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::pixel::{Frame, PIXEL_BYTES, rgb888};

/// A pixel whose exact value rests is shown inexactly for at most this long, in milliseconds.
const SETTLE_MS: u16 = 500;

/// How closely a clip keeps to the frames it is made of.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// Every pixel of every frame.
    #[default]
    Off,
    /// Moving pixels may be off by a step of red and blue: by 8 of 255 in each channel.
    Balanced,
    /// By two steps: 16 of 255.
    Small,
}

impl Quality {
    /// All, from the most exact.
    pub const ALL: [Self; 3] = [Self::Off, Self::Balanced, Self::Small];

    /// The word for it in files and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Balanced => "balanced",
            Self::Small => "small",
        }
    }

    /// The quality of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quality| quality.name() == name)
    }

    /// By how much of 255 a channel of a moving pixel may be off.
    #[must_use]
    pub const fn tolerance(self) -> u8 {
        match self {
            Self::Off => 0,
            Self::Balanced => 8,
            Self::Small => 16,
        }
    }
}

/// Holds pixels that hardly change. Its memory is three frames, however long the clip.
#[derive(Debug)]
pub(super) struct DeadZone {
    tolerance: u8,
    shown: Frame,
    exact: Frame,
    /// For how long each pixel had had its exact value when the last frame began, in milliseconds.
    rested: Vec<u16>,
    /// When the last frame and the next one begin; `None` before the first.
    times: Option<(Duration, Duration)>,
}

impl DeadZone {
    /// `None` where nothing may be held.
    pub(super) fn of(quality: Quality) -> Option<Self> {
        (quality.tolerance() > 0).then(|| Self {
            tolerance: quality.tolerance(),
            shown: Frame::black(),
            exact: Frame::black(),
            rested: vec![0; Frame::SIZE.pixels()],
            times: None,
        })
    }

    /// What to show instead of the next frame of the clip.
    pub(super) fn hold(&mut self, frame: &Frame, duration: Duration) -> &Frame {
        let Some((began, now)) = self.times else {
            self.times = Some((Duration::ZERO, duration));
            self.shown.copy_from(frame);
            self.exact.copy_from(frame);
            return &self.shown;
        };
        let until = now + duration;
        self.times = Some((now, until));
        let (since, lasts) = (millis_between(began, now), millis_between(now, until));

        let step = Step {
            tolerance: self.tolerance,
            since,
            lasts,
        };
        let new = frame.as_bytes().as_chunks().0.iter();
        let exact = self.exact.as_bytes_mut().as_chunks_mut().0;
        let shown = self.shown.as_bytes_mut().as_chunks_mut().0;
        let memory = exact.iter_mut().zip(&mut self.rested).zip(shown);
        for (new, ((exact, rested), shown)) in new.zip(memory) {
            step.take(*new, exact, rested, shown);
        }
        &self.shown
    }
}

type Pixel = [u8; PIXEL_BYTES];

/// From one frame to the next.
struct Step {
    tolerance: u8,
    /// How long the frame before was shown, in milliseconds.
    since: u16,
    /// How long the new one will be.
    lasts: u16,
}

impl Step {
    /// Gives a pixel its new exact value and decides whether to show it.
    fn take(&self, new: Pixel, exact: &mut Pixel, rested: &mut u16, shown: &mut Pixel) {
        if new == *exact {
            *rested = rested.saturating_add(self.since);
        } else {
            *exact = new;
            *rested = 0;
        }
        let settles = rested.saturating_add(self.lasts) > SETTLE_MS;
        if new != *shown && (settles || !near(new, *shown, self.tolerance)) {
            *shown = new;
        }
    }
}

/// Whether no channel differs by more.
fn near(a: Pixel, b: Pixel, tolerance: u8) -> bool {
    let mut channels = rgb888(a).into_iter().zip(rgb888(b));
    channels.all(|(a, b)| a.abs_diff(b) <= tolerance)
}

/// Whole milliseconds that end between the two. Counting these, not rounding each duration, adds up over any number.
fn millis_between(from: Duration, to: Duration) -> u16 {
    u16::try_from(to.as_millis() - from.as_millis()).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
