//! Where a picture of any size goes on the glass. The page's `geometry.ts` has the same rules.

use loop_proto::geometry::PICTURE;

use crate::look::Fit;

/// A picture's size in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dimensions {
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Dimensions {
    pub(super) fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    pub(super) fn turned(self) -> Self {
        Self {
            width: self.height,
            height: self.width,
        }
    }
}

/// The middle part of one side of the source and how many pixels of the glass show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Side {
    /// Of the source, in pixels.
    pub(super) length: u64,
    /// The part that is shown, as a fraction: it need not end where a pixel does.
    pub(super) part: (u64, u64),
    /// On the glass.
    pub(super) shown: u64,
}

/// Both sides, for the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    pub(super) across: Side,
    pub(super) down: Side,
}

impl Placement {
    /// Centres a picture; its sides must not be 0.
    pub(super) fn new(size: Dimensions, fit: Fit) -> Self {
        let (width, height) = (u64::from(size.width), u64::from(size.height));
        let glass = (u64::from(PICTURE.width), u64::from(PICTURE.height));
        let is_wide = width * glass.1 >= height * glass.0;
        let whole = |length: u64, shown: u64| Side {
            length,
            part: (length, 1),
            shown,
        };
        let (mut across, mut down) = (whole(width, glass.0), whole(height, glass.1));
        match (fit, is_wide) {
            (Fit::Fill, true) => across.part = (height * glass.0, glass.1),
            (Fit::Fill, false) => down.part = (width * glass.1, glass.0),
            (Fit::Fit, true) => down.shown = nearest(height * glass.0, width).clamp(1, glass.1),
            (Fit::Fit, false) => across.shown = nearest(width * glass.1, height).clamp(1, glass.0),
        }
        Self { across, down }
    }

    /// For a source that lies on its side.
    pub(super) fn turned(self) -> Self {
        Self {
            across: self.down,
            down: self.across,
        }
    }
}

fn nearest(numerator: u64, denominator: u64) -> u64 {
    (2 * numerator + denominator) / (2 * denominator)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(width: u32, height: u32, fit: Fit) -> (Side, Side) {
        let Placement { across, down } = Placement::new(Dimensions { width, height }, fit);
        (across, down)
    }

    #[test]
    fn what_has_the_shape_of_the_glass_is_shown_whole_either_way() {
        for fit in [Fit::Fill, Fit::Fit] {
            let (across, down) = placed(1280, 960, fit);
            assert_eq!(across.part.0 / across.part.1, 1280);
            assert_eq!(down.part, (960, 1));
            assert_eq!((across.shown, down.shown), (320, 240));
        }
    }

    #[test]
    fn fill_crops_and_fit_leaves_black() {
        let (across, down) = placed(1920, 1080, Fit::Fill);
        assert_eq!((across.part, down.part), ((1080 * 320, 240), (1080, 1)));
        let (across, down) = placed(1920, 1080, Fit::Fit);
        assert_eq!((across.shown, down.shown), (320, 180));
        let (across, down) = placed(100, 1000, Fit::Fill);
        assert_eq!((across.part, down.part), ((100, 1), (100 * 240, 320)));
    }

    #[test]
    fn a_thread_is_still_seen() {
        let (across, down) = placed(1, 30_000, Fit::Fit);
        assert_eq!((across.shown, down.shown), (1, 240));
    }
}
