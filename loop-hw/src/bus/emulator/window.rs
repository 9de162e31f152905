//! The address window and the pointer that walks through it.

/// Start and end of columns and pages, and the place of the next pixel.
#[derive(Debug)]
pub(super) struct Window {
    columns: [u8; 4],
    pages: [u8; 4],
    next: (u16, u16),
    /// The window is full: more pixels would start over, which no driver of ours means to do.
    full: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            columns: [0, 0, 0, 239],
            pages: [0, 0, 0x01, 0x3F],
            next: (0, 0),
            full: false,
        }
    }
}

fn range([start_high, start_low, end_high, end_low]: [u8; 4]) -> (u16, u16) {
    (
        u16::from_be_bytes([start_high, start_low]),
        u16::from_be_bytes([end_high, end_low]),
    )
}

fn set(bytes: &mut [u8; 4], number: usize, value: u8) -> bool {
    bytes.get_mut(number).map(|byte| *byte = value).is_some()
}

impl Window {
    pub(super) fn set_column_byte(&mut self, number: usize, value: u8) -> bool {
        set(&mut self.columns, number, value)
    }

    pub(super) fn set_page_byte(&mut self, number: usize, value: u8) -> bool {
        set(&mut self.pages, number, value)
    }

    /// Turns a bit of one of the eight bytes.
    #[cfg(test)]
    pub(super) fn turn(&mut self, byte: usize, bit: u8) {
        let mut bytes = self.columns.iter_mut().chain(&mut self.pages);
        bytes
            .nth(byte % 8)
            .into_iter()
            .for_each(|byte| *byte ^= 1 << (bit % 8));
    }

    pub(super) fn lies_within(&self, last_column: u16, last_page: u16) -> bool {
        let ((left, right), (top, bottom)) = (range(self.columns), range(self.pages));
        left <= right && right <= last_column && top <= bottom && bottom <= last_page
    }

    /// Puts the pointer to the start, as each memory write does.
    pub(super) fn rewind(&mut self) {
        self.next = (range(self.columns).0, range(self.pages).0);
        self.full = false;
    }

    /// The place of the next pixel, and one step on; `None` when the window is full.
    pub(super) fn advance(&mut self) -> Option<(u16, u16)> {
        if self.full {
            return None;
        }
        let ((left, right), (_, bottom)) = (range(self.columns), range(self.pages));
        let (column, page) = self.next;
        self.next = if column < right {
            (column + 1, page)
        } else {
            (left, page.saturating_add(1))
        };
        self.full = column >= right && page >= bottom;
        Some((column, page))
    }
}
