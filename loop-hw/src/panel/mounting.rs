//! How the module is mounted, and what that does to a picture on its way to the glass. All panels go by this.
//!
//! Three ways of counting pixels meet here: as the *viewer* sees them; on the *glass*, which is the module held upright
//! with its connector below and looked at directly; and in a *frame*, whose rows are the viewer's columns.

use loop_proto::config::PanelConfig;
use loop_proto::geometry::{PANEL, PICTURE, Rotation, Size};

/// An angle, and whether the glass is seen in a mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mounting {
    rotation: Rotation,
    mirrored: bool,
}

impl Mounting {
    /// A module turned by this much; `mirrored` when the viewer looks at it in a mirror or through a prompter's glass, so
    /// that left and right must be exchanged.
    #[must_use]
    pub const fn new(rotation: Rotation, mirrored: bool) -> Self {
        Self { rotation, mirrored }
    }

    /// As configured.
    #[must_use]
    pub const fn of(config: &PanelConfig) -> Self {
        Self::new(config.rotation, config.mirror)
    }

    /// How far the viewer has turned the module.
    #[must_use]
    pub const fn rotation(self) -> Rotation {
        self.rotation
    }

    /// Whether the viewer looks at it in a mirror.
    #[must_use]
    pub const fn is_mirrored(self) -> bool {
        self.mirrored
    }

    /// Whether the module stands on its short side, so that the picture is wider than the glass.
    #[must_use]
    pub const fn is_upright(self) -> bool {
        matches!(self.rotation, Rotation::Deg0 | Rotation::Deg180)
    }

    /// Width and height of the glass as the viewer sees it.
    #[must_use]
    pub const fn seen(self) -> Size {
        if self.is_upright() { PANEL } else { PICTURE }
    }

    /// Where on the glass the viewer's pixel lies.
    #[must_use]
    pub const fn on_glass(self, x: u16, y: u16) -> (u16, u16) {
        let (right, bottom) = (PANEL.width - 1, PANEL.height - 1);
        let x = if self.mirrored {
            self.seen().width - 1 - x
        } else {
            x
        };
        match self.rotation {
            Rotation::Deg0 => (x, y),
            Rotation::Deg90 => (y, bottom - x),
            Rotation::Deg180 => (right - x, bottom - y),
            Rotation::Deg270 => (right - y, x),
        }
    }

    /// The ILI9341's memory access control (datasheet 8.2.29). Rows and columns are never exchanged: what is sent has the
    /// glass's rows already, lying because a frame's rows are the viewer's columns, upright because it is drawn anew.
    ///
    /// The init sequence shifts the source driver (B6h, SS = 1), which puts column 0 on the left of the glass. Codes seen
    /// elsewhere for the other direction (48h, 28h, 88h with exchanged rows) would show the picture as in a mirror; the
    /// original's 68h shows what 48h shows here, with rows and columns exchanged.
    pub(super) const fn memory_access(self) -> u8 {
        const ROWS_BACKWARDS: u8 = 0x80;
        const COLUMNS_BACKWARDS: u8 = 0x40;
        const BGR: u8 = 0x08;
        let turned = match self.rotation {
            Rotation::Deg0 => 0,
            Rotation::Deg90 => ROWS_BACKWARDS,
            Rotation::Deg180 => ROWS_BACKWARDS | COLUMNS_BACKWARDS,
            Rotation::Deg270 => COLUMNS_BACKWARDS,
        };
        let mirrored = match (self.mirrored, self.is_upright()) {
            (false, _) => 0,
            (true, true) => COLUMNS_BACKWARDS,
            (true, false) => ROWS_BACKWARDS,
        };
        (turned ^ mirrored) | BGR
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Every way to mount a module.
    pub(in crate::panel) const ALL: [Mounting; 8] = [
        Mounting::new(Rotation::Deg0, false),
        Mounting::new(Rotation::Deg90, false),
        Mounting::new(Rotation::Deg180, false),
        Mounting::new(Rotation::Deg270, false),
        Mounting::new(Rotation::Deg0, true),
        Mounting::new(Rotation::Deg90, true),
        Mounting::new(Rotation::Deg180, true),
        Mounting::new(Rotation::Deg270, true),
    ];

    #[test]
    fn in_a_mirror_the_glass_shows_the_same_with_left_and_right_exchanged() {
        for mirrored in &ALL[4..] {
            let plain = Mounting::new(mirrored.rotation, false);
            let size = plain.seen();
            for (x, y) in [(0, 0), (7, 3), (size.width - 1, size.height - 1)] {
                assert_eq!(
                    mirrored.on_glass(x, y),
                    plain.on_glass(size.width - 1 - x, y)
                );
            }
        }
    }

    #[test]
    fn every_pixel_of_the_viewer_has_its_own_place_on_the_glass() {
        for mounting in ALL {
            let size = mounting.seen();
            let mut taken = vec![false; PANEL.pixels()];
            for (x, y) in (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y))) {
                let (column, row) = mounting.on_glass(x, y);
                assert!(column < PANEL.width && row < PANEL.height);
                let at = usize::from(row) * usize::from(PANEL.width) + usize::from(column);
                assert!(!std::mem::replace(&mut taken[at], true), "{mounting:?}");
            }
        }
    }

    #[test]
    fn the_glass_turned_as_the_original_did_shows_what_it_showed() {
        // Code 68h of the original has the same two directions with rows and columns exchanged.
        let usual = Mounting::new(Rotation::Deg270, false);
        assert_eq!(usual.memory_access(), 0x48);
        assert_eq!(usual.on_glass(0, 0), (239, 0));
        let codes: Vec<u8> = ALL.map(Mounting::memory_access).to_vec();
        assert_eq!(codes, [0x08, 0x88, 0xC8, 0x48, 0x48, 0x08, 0x88, 0xC8]);
    }
}
