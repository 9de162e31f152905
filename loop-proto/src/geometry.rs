//! Sizes and rectangles, in pixels.

use serde::{Deserialize, Serialize};

/// Width and height of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Pixels in a row.
    pub width: u16,
    /// Number of rows.
    pub height: u16,
}

/// A picture as the viewer sees it: the 2.4" panel lying on its long side.
pub const PICTURE: Size = Size {
    width: 320,
    height: 240,
};

/// The same picture in the panel's order, which is how frames and clips hold it: see [`crate::pixel::Frame`].
pub const PANEL: Size = PICTURE.turned();

impl Size {
    /// Number of pixels.
    #[must_use]
    pub const fn pixels(self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Number of bytes of a picture in RGB565.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.pixels() * 2
    }

    /// The rectangle that covers all of it.
    #[must_use]
    pub const fn rect(self) -> Rect {
        Rect {
            x: 0,
            y: 0,
            width: self.width,
            height: self.height,
        }
    }

    /// The same picture turned by a quarter.
    #[must_use]
    pub const fn turned(self) -> Self {
        Self {
            width: self.height,
            height: self.width,
        }
    }
}

/// A rectangle; the right and bottom edges are not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x: u16,
    /// Top edge.
    pub y: u16,
    /// Columns, 0 for an empty rectangle.
    pub width: u16,
    /// Rows, 0 for an empty rectangle.
    pub height: u16,
}

impl Rect {
    /// First column right of it. Never overflows for a rectangle that [fits](Self::fits) a size.
    #[must_use]
    pub const fn right(self) -> u16 {
        self.x.saturating_add(self.width)
    }

    /// First row below it.
    #[must_use]
    pub const fn bottom(self) -> u16 {
        self.y.saturating_add(self.height)
    }

    /// Number of pixels.
    #[must_use]
    pub const fn pixels(self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Whether it has no pixels.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// Whether it is not empty and lies wholly within a picture of this size.
    #[must_use]
    pub fn fits(self, size: Size) -> bool {
        !self.is_empty()
            && u32::from(self.x) + u32::from(self.width) <= u32::from(size.width)
            && u32::from(self.y) + u32::from(self.height) <= u32::from(size.height)
    }

    /// The smallest rectangle around both; an empty one adds nothing.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            width: self.right().max(other.right()) - x,
            height: self.bottom().max(other.bottom()) - y,
        }
    }
}

/// How the module is mounted: the angle, clockwise, between the panel's own top and the viewer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum Rotation {
    /// Portrait, connector down.
    Deg0,
    /// Landscape.
    Deg90,
    /// Portrait, upside down.
    Deg180,
    /// Landscape the other way round, which is how most cases hold the module.
    Deg270,
}

impl From<Rotation> for u16 {
    fn from(rotation: Rotation) -> Self {
        match rotation {
            Rotation::Deg0 => 0,
            Rotation::Deg90 => 90,
            Rotation::Deg180 => 180,
            Rotation::Deg270 => 270,
        }
    }
}

impl TryFrom<u16> for Rotation {
    type Error = String;

    fn try_from(degrees: u16) -> Result<Self, Self::Error> {
        match degrees {
            0 => Ok(Self::Deg0),
            90 => Ok(Self::Deg90),
            180 => Ok(Self::Deg180),
            270 => Ok(Self::Deg270),
            other => Err(format!("rotation {other} is not one of 0, 90, 180, 270")),
        }
    }
}
