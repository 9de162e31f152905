//! What a framebuffer shows: puts what has changed into its memory, and no more.

use loop_proto::geometry::{PANEL, Rect};
use loop_proto::pixel::{Frame, PIXEL_BYTES, ROW_BYTES};

use super::Layout;
use crate::panel::Damage;
use crate::panel::letterbox::Letterbox;

/// Layout and content of the memory.
#[derive(Debug)]
pub(super) struct Surface {
    layout: Layout,
    /// Upright mounting shows the picture smaller, between bars.
    letterbox: Option<Letterbox>,
    shown: Frame,
    showing: bool,
}

impl Surface {
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            letterbox: layout.is_upright().then(Letterbox::new),
            shown: Frame::black(),
            showing: false,
        }
    }

    /// Whether there has been a picture.
    pub(super) fn is_showing(&self) -> bool {
        self.showing
    }

    /// The last picture.
    pub(super) fn shown(&self) -> &Frame {
        &self.shown
    }

    /// Writes what differs from the last picture; the first time everything, with black around it. Gives the number of
    /// bytes and never allocates.
    pub(super) fn present(
        &mut self,
        memory: &mut [u8],
        frame: &Frame,
        damage: Damage<'_>,
    ) -> usize {
        let written = match damage {
            _ if !self.showing => {
                memory.fill(0);
                self.write(memory, frame, PANEL.rect())
            }
            Damage::Rects(rects) => rects
                .iter()
                .filter(|rect| rect.fits(PANEL))
                .map(|rect| self.write(memory, frame, *rect))
                .sum(),
            Damage::Unknown => (0..PANEL.height)
                .filter_map(|row| {
                    let rect = changed(&self.shown, frame, row)?;
                    Some(self.write(memory, frame, rect))
                })
                .sum(),
        };
        self.shown.copy_from(frame);
        self.showing = true;
        written
    }

    fn write(&mut self, memory: &mut [u8], frame: &Frame, rect: Rect) -> usize {
        let Some(letterbox) = self.letterbox.as_mut() else {
            return self.layout.write(memory, frame, rect);
        };
        let place = letterbox.draw(frame, rect);
        self.layout.write(memory, letterbox.glass(), place)
    }
}

/// The part of a row from its first to its last pixel that differs.
fn changed(before: &Frame, after: &Frame, row: u16) -> Option<Rect> {
    let start = usize::from(row) * ROW_BYTES;
    let range = start..start + ROW_BYTES;
    let (before, after) = (
        before.as_bytes().get(range.clone())?,
        after.as_bytes().get(range)?,
    );
    if before == after {
        return None;
    }
    let mut differs = before
        .as_chunks::<PIXEL_BYTES>()
        .0
        .iter()
        .zip(after.as_chunks::<PIXEL_BYTES>().0)
        .map(|(before, after)| before != after);
    let first = u16::try_from(differs.clone().position(|differs| differs)?).ok()?;
    let last = u16::try_from(differs.rposition(|differs| differs)?).ok()?;
    Some(Rect {
        x: first,
        y: row,
        width: last + 1 - first,
        height: 1,
    })
}
