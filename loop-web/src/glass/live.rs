//! Pictures of live content, and the messages that lead to them.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use loop_proto::clip::{delta_message, key_message};
use loop_proto::pixel::Frame;
use tokio::sync::OnceCell;

/// Pictures a client may be behind and still get what has changed; further behind it gets a whole picture. Each one kept
/// is 150 KB, which is also why clients keep only the number of theirs.
const KEPT: usize = 4;

/// Numbers pictures as they come.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    last: u32,
    /// The newest first.
    recent: VecDeque<(u32, Arc<Frame>)>,
}

impl Pictures {
    /// Takes the next picture; none if it looks like the last.
    pub(super) fn next(&mut self, frame: Frame) -> Option<Arc<LivePicture>> {
        let frame = Arc::new(frame);
        if self.recent.front().is_some_and(|(_, last)| *last == frame) {
            return None;
        }
        // 0 is no serial; after nine years of pictures it begins anew.
        self.last = self.last.checked_add(1).unwrap_or(1);
        let picture = LivePicture {
            serial: self.last,
            frame: Arc::clone(&frame),
            key: OnceCell::new(),
            deltas: self
                .recent
                .iter()
                .map(|(serial, before)| Delta {
                    base: *serial,
                    before: Arc::clone(before),
                    message: OnceCell::new(),
                })
                .collect(),
        };
        self.recent.truncate(KEPT - 1);
        self.recent.push_front((self.last, frame));
        Some(Arc::new(picture))
    }

    /// Lets go of all pictures; numbers go on, so that none of them is given twice.
    pub(super) fn forget(&mut self) {
        self.recent.clear();
    }
}

/// A picture of live content. What leads to it is packed when the first client needs it, and once for all.
#[derive(Debug)]
pub(crate) struct LivePicture {
    serial: u32,
    frame: Arc<Frame>,
    key: OnceCell<Bytes>,
    deltas: Vec<Delta>,
}

#[derive(Debug)]
struct Delta {
    base: u32,
    before: Arc<Frame>,
    message: OnceCell<Bytes>,
}

impl LivePicture {
    /// Its number, from 1.
    pub(crate) fn serial(&self) -> u32 {
        self.serial
    }

    /// What a client needs that has the picture `base`, or none.
    pub(crate) async fn message(&self, base: Option<u32>) -> Bytes {
        let delta = base.and_then(|base| self.deltas.iter().find(|delta| delta.base == base));
        let (serial, frame) = (self.serial, &self.frame);
        match delta {
            Some(Delta {
                base,
                before,
                message,
            }) => {
                let (base, before, after) = (*base, Arc::clone(before), Arc::clone(frame));
                let pack = move || delta_message(serial, base, &before, &after);
                message.get_or_init(|| packed(pack)).await.clone()
            }
            None => {
                let frame = Arc::clone(frame);
                let pack = move || key_message(serial, &frame);
                self.key.get_or_init(|| packed(pack)).await.clone()
            }
        }
    }
}

/// Packs away from the event loop: it is a few milliseconds of work.
async fn packed(pack: impl FnOnce() -> Vec<u8> + Send + 'static) -> Bytes {
    let packed = tokio::task::spawn_blocking(pack).await;
    // Only a stop ends the work early, and then nobody waits for it.
    packed.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use loop_proto::clip::{Record, read_message};

    use super::*;

    fn frame(shade: u8) -> Frame {
        let mut frame = Frame::black();
        frame.as_bytes_mut()[..9000].fill(shade);
        frame
    }

    #[tokio::test]
    async fn a_client_gets_what_it_needs_wherever_it_is() {
        let mut pictures = Pictures::default();
        let made: Vec<_> = (1..=7)
            .map(|shade| pictures.next(frame(shade)).unwrap())
            .collect();
        assert!(pictures.next(frame(7)).is_none());
        let newest = made.last().unwrap();
        for (base, follows) in [
            (None, None),
            (Some(2), None),
            (Some(3), Some(3)),
            (Some(6), Some(6)),
        ] {
            let mut shown = base.map_or(Frame::black(), |base| frame(u8::try_from(base).unwrap()));
            let mut record = Record::default();
            let message = newest.message(base).await;
            let serials = read_message(&message, &mut record).unwrap();
            assert_eq!((serials.serial, serials.base), (7, follows));
            record.apply(&mut shown, &mut Vec::new());
            assert!(shown == frame(7), "from {base:?}");
        }
    }

    #[tokio::test]
    async fn a_message_is_packed_once_for_all() {
        let mut pictures = Pictures::default();
        pictures.next(frame(1));
        let picture = pictures.next(frame(2)).unwrap();
        let (one, other) = tokio::join!(picture.message(Some(1)), picture.message(Some(1)));
        assert_eq!(one.as_ptr(), other.as_ptr());
    }
}
