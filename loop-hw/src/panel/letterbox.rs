//! The landscape picture on an upright glass: smaller, in the middle, between black bars.

use loop_proto::geometry::{PICTURE, Rect, Size};
use loop_proto::pixel::{Frame, PIXEL_BYTES, ROW_BYTES, rgb565, rgb888};

/// Where the picture goes and how it is made smaller.
#[derive(Debug)]
pub(super) struct Letterbox {
    place: Rect,
}

impl Letterbox {
    /// For a glass of this size, which is narrower than the picture.
    pub(super) fn new(glass: Size) -> Self {
        let height = PICTURE.height * glass.width / PICTURE.width;
        let place = Rect {
            x: 0,
            y: (glass.height - height) / 2,
            width: glass.width,
            height,
        };
        Self { place }
    }

    /// Replaces `out` with the pixels of the rectangle that is returned: each the mean of the pixels it stands for.
    pub(super) fn draw(&self, frame: &Frame, out: &mut Vec<u8>) -> Rect {
        out.clear();
        for y in 0..self.place.height {
            for x in 0..self.place.width {
                let columns = span(x, self.place.width, PICTURE.width);
                let rows = span(y, self.place.height, PICTURE.height);
                out.extend_from_slice(&mean(frame, columns, rows));
            }
        }
        self.place
    }
}

/// Which of `from` source pixels the `at`th of `to` pixels stands for.
fn span(at: u16, to: u16, from: u16) -> std::ops::Range<usize> {
    let edge = |at: u16| usize::from(at) * usize::from(from) / usize::from(to);
    edge(at)..edge(at + 1)
}

fn mean(
    frame: &Frame,
    columns: std::ops::Range<usize>,
    rows: std::ops::Range<usize>,
) -> [u8; PIXEL_BYTES] {
    // A frame has the viewer's columns as rows.
    let bytes = rows.start * PIXEL_BYTES..rows.end * PIXEL_BYTES;
    let count = u32::try_from(columns.len() * rows.len())
        .unwrap_or(1)
        .max(1);
    let mut sum = [0u32; 3];
    let lines = frame
        .as_bytes()
        .chunks_exact(ROW_BYTES)
        .skip(columns.start)
        .take(columns.len());
    for pixel in lines
        .filter_map(|line| line.get(bytes.clone()))
        .flat_map(|line| line.as_chunks().0)
    {
        sum.iter_mut()
            .zip(rgb888(*pixel))
            .for_each(|(sum, channel)| *sum += u32::from(channel));
    }
    let [red, green, blue] = sum.map(|sum| u8::try_from(sum / count).unwrap_or(u8::MAX));
    rgb565(red, green, blue)
}
