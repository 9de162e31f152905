//! An ILI9341 on any wire: sends what has changed, in the windows that cost least.

mod glass;
mod heal;
mod init;
mod marker;

#[cfg(test)]
mod tests;

use std::time::Duration;

use loop_proto::clip::MAX_RECTS;
use loop_proto::geometry::{PANEL, Rect};
use loop_proto::pixel::Frame;
use loop_proto::snapshot::PanelKind;
use loop_proto::units::Brightness;

pub use marker::Marker;

use self::glass::Glass;
use self::heal::Healing;
use super::diff::Marks;
use super::letterbox::Letterbox;
use super::plan::Planner;
use super::{Damage, Diagnosis, Error, Mounting, Panel};
use crate::backlight::Backlight;
use crate::bus::Wire;

const MEMORY_ACCESS: u8 = 0x36;

/// Rows of rectangles that are marked; with more of them comparing the frames is less work.
const MOST_ROWS: usize = 30 * PANEL.height as usize;

/// The panel with its backlight.
#[derive(Debug)]
pub struct Ili9341<W, B> {
    glass: Glass<W>,
    backlight: B,
    mounting: Mounting,
    brightness: Brightness,
    /// Upright mounting shows the picture smaller, between bars.
    upright: Option<Upright>,
    marks: Marks,
    planner: Planner,
    healing: Healing,
    /// With what it says about this driver.
    marker: Option<(Marker, String)>,
    stage: Stage,
}

/// What an upright mounting needs besides.
#[derive(Debug)]
struct Upright {
    letterbox: Letterbox,
    /// The whole picture, which the viewer would see if there were no bars.
    picture: Frame,
}

/// How far the controller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Unknown, also after a failed transfer: it must be initialised and get a whole picture.
    Cold,
    /// A program before this one has initialised it; what it shows is not known.
    Warm,
    /// It shows what was last sent.
    Showing,
}

impl<W: Wire, B: Backlight> Ili9341<W, B> {
    /// A panel that is initialised with its first picture.
    pub fn new(wire: W, backlight: B, mounting: Mounting) -> Self {
        Self {
            glass: Glass::new(wire),
            backlight,
            mounting,
            brightness: Brightness::FULL,
            upright: mounting.is_upright().then(Upright::new),
            marks: Marks::default(),
            planner: Planner::default(),
            healing: Healing::default(),
            marker: None,
            stage: Stage::Cold,
        }
    }

    /// Takes over a panel that shows a picture, if the note says that it has been initialised just as it would be now and
    /// nobody can have reset it since; and leaves such a note for the next start.
    #[must_use]
    pub fn attached(mut self, marker: Marker) -> Self {
        let access = self.mounting.memory_access();
        let note = format!("ili9341 {:016x} {access:02x}", init::fingerprint());
        if marker.says(&note) && self.glass.wire().was_held() {
            self.stage = Stage::Warm;
        } else {
            // If we end before the panel is initialised, the next start must not believe in it.
            marker.remove();
        }
        self.marker = Some((marker, note));
        self
    }

    pub(super) fn wire(&self) -> &W {
        self.glass.wire()
    }

    #[cfg(test)]
    pub(super) fn wire_mut(&mut self) -> &mut W {
        self.glass.wire_mut()
    }

    #[cfg(test)]
    pub(super) fn backlight(&self) -> &B {
        &self.backlight
    }

    /// The wire, for the next driver.
    #[cfg(test)]
    pub(super) fn into_wire(self) -> W {
        self.glass.into_wire()
    }

    fn try_present(&mut self, frame: &Frame, damage: Damage<'_>) -> Result<(), Error> {
        let order = [self.mounting.memory_access()];
        let access = (MEMORY_ACCESS, order.as_slice());
        if self.stage == Stage::Showing {
            self.healing.before_picture(&mut self.glass, access)?;
            let shadow = self.glass.shadow();
            let frame = mark(&mut self.marks, shadow, &mut self.upright, frame, damage);
            let (meter, latched) = (self.glass.meter(), self.glass.latched());
            let windows = self.planner.plan(&self.marks, &meter, latched);
            return Ok(self.glass.send(frame, windows)?);
        }
        if self.stage == Stage::Cold {
            init::run(self.glass.wire_mut())?;
        } else {
            init::resume(self.glass.wire_mut())?;
        }
        self.glass.set(access)?;
        self.glass.wire_mut().calibrate()?;
        self.glass.distrust_window();
        let frame = match &mut self.upright {
            Some(upright) => upright.draw(frame),
            None => frame,
        };
        self.glass.send(frame, &[PANEL.rect()])?;
        if self.stage == Stage::Cold {
            // Only now: whatever was in the memory before would flash up.
            self.glass.set(init::DISPLAY_ON)?;
        }
        self.light(self.brightness)?;
        if let Some((marker, note)) = &self.marker {
            marker.leave(note);
        }
        self.stage = Stage::Showing;
        Ok(())
    }

    fn light(&mut self, brightness: Brightness) -> Result<(), Error> {
        self.backlight
            .set(brightness)
            .map_err(|error| Error::Backlight(error.to_string()))
    }

    /// The next picture finds a controller of which nothing is known.
    fn give_up(&mut self) {
        self.stage = Stage::Cold;
        if let Some((marker, _)) = &self.marker {
            marker.remove();
        }
    }
}

impl<W: Wire, B: Backlight> Panel for Ili9341<W, B> {
    fn kind(&self) -> PanelKind {
        PanelKind::Ili9341
    }

    fn present(&mut self, frame: &Frame, damage: Damage<'_>) -> Result<(), Error> {
        self.try_present(frame, damage)
            .inspect_err(|_| self.give_up())
    }

    fn heal(&mut self, budget: Duration) -> Result<bool, Error> {
        if self.stage != Stage::Showing {
            return Ok(false);
        }
        let order = [self.mounting.memory_access()];
        let access = (MEMORY_ACCESS, order.as_slice());
        let healed = self.healing.step(&mut self.glass, access, budget);
        healed.map_err(|error| {
            self.give_up();
            error.into()
        })
    }

    fn picture(&self, out: &mut Frame) {
        let upright = self.upright.as_ref();
        out.copy_from(upright.map_or(self.glass.shadow(), |upright| &upright.picture));
    }

    fn set_brightness(&mut self, brightness: Brightness) -> Result<(), Error> {
        self.brightness = brightness;
        if self.stage == Stage::Showing {
            self.light(brightness)?;
        }
        Ok(())
    }

    fn diagnosis(&self) -> Diagnosis {
        Diagnosis {
            traffic: self.wire().traffic(),
            bus: self.wire().state(),
            ..Diagnosis::default()
        }
    }
}

impl Upright {
    fn new() -> Self {
        Self {
            letterbox: Letterbox::new(),
            picture: Frame::black(),
        }
    }

    /// All of the picture as it is on the glass.
    fn draw(&mut self, picture: &Frame) -> &Frame {
        self.picture.copy_from(picture);
        self.letterbox.draw(picture, PANEL.rect());
        self.letterbox.glass()
    }

    /// The same where only these rectangles have changed, which are marked.
    fn draw_rects(&mut self, picture: &Frame, rects: &[Rect], marks: &mut Marks) -> &Frame {
        self.picture.copy_from(picture);
        for rect in rects {
            marks.add(self.letterbox.draw(picture, *rect));
        }
        self.letterbox.glass()
    }
}

/// Marks what must be sent, and gives the frame as it is to be on the glass.
fn mark<'a>(
    marks: &mut Marks,
    shadow: &Frame,
    upright: &'a mut Option<Upright>,
    frame: &'a Frame,
    damage: Damage<'_>,
) -> &'a Frame {
    let rects = match damage {
        Damage::Rects(rects) if is_short(rects) => rects,
        Damage::Rects(_) | Damage::Unknown => {
            let frame = match upright {
                Some(upright) => upright.draw(frame),
                None => frame,
            };
            marks.compare(shadow, frame);
            return frame;
        }
    };
    marks.clear();
    if let Some(upright) = upright {
        return upright.draw_rects(frame, rects, marks);
    }
    rects.iter().for_each(|rect| marks.add(*rect));
    frame
}

fn is_short(rects: &[Rect]) -> bool {
    let rows = rects.iter().map(|rect| usize::from(rect.height));
    rects.len() <= MAX_RECTS && rows.sum::<usize>() <= MOST_ROWS
}
