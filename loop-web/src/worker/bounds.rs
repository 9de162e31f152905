//! How much a file may ask for. Its header tells, and is asked before anything is unpacked.

use super::place::Dimensions;
use super::refusal::Refusal;

/// Ours, whatever the system allows.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Longest side. A row of a PNG then takes 256 kB at most.
    pub side: u32,
    /// Of a picture that is decoded row after row, or into three bytes a pixel.
    pub still: u64,
    /// Of a picture whose decoder needs up to nine bytes a pixel.
    pub heavy: u64,
    /// Of an animation, which takes up to twelve: what is shown, what is put back later, the new frame.
    pub animation: u64,
    /// Of all frames together.
    pub work: u64,
}

/// 256 MB hold any of them. Phones take pictures of 50 million pixels; an animation is as large as a film in 4K.
impl Default for Bounds {
    fn default() -> Self {
        Self {
            side: 32_768,
            still: 50_000_000,
            heavy: 16_000_000,
            animation: 9_000_000,
            work: 20_000_000_000,
        }
    }
}

impl Bounds {
    /// Refuses a picture without pixels and one with more than `most`.
    pub(super) fn check(&self, size: Dimensions, most: u64) -> Result<(), Refusal> {
        if size.pixels() == 0 {
            return Err(Refusal::damaged("the picture has no size"));
        }
        if size.pixels() > most || size.width.max(size.height) > self.side {
            return Err(Refusal::pixels(size, most, self.side));
        }
        Ok(())
    }
}

/// What is left of the work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget(pub(super) u64);

impl Budget {
    /// Takes the pixels of one more frame. A frame without any costs, too.
    pub(super) fn spend(&mut self, pixels: u64) -> Result<(), Refusal> {
        self.0 = self.0.checked_sub(pixels.max(1)).ok_or(Refusal::Work)?;
        Ok(())
    }
}

/// Memory for a picture. Where there is none it says so, and does not end the process.
pub(super) fn buffer(bytes: u64) -> Result<Vec<u8>, Refusal> {
    let length = usize::try_from(bytes).map_err(|_| Refusal::Memory)?;
    let mut buffer = Vec::new();
    buffer
        .try_reserve_exact(length)
        .map_err(|_| Refusal::Memory)?;
    buffer.resize(length, 0);
    Ok(buffer)
}
