//! Reads and unpacks records ahead of the glass, on a thread of its own, so that a slow card never delays a picture.
//!
//! The director asks for segments: an entry from some place on, for a number of passes. Segments are delivered one after the
//! other, until it says halt. Records travel in buffers that come back, so their number bounds how far
//! ahead is read, and nothing is allocated once they have grown.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::Duration;

use loop_proto::clip::{Clip, Position, Record};
use loop_proto::launch::report;
use loop_proto::snapshot::Entry;

use super::{Inbox, Input};
use crate::media::Library;

/// How many records may be on their way.
pub(super) const RECORDS: usize = 8;

/// Numbers segments; what arrives for another one than the present is stale.
pub(super) type SegmentId = u64;

/// What to read.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) id: SegmentId,
    pub(super) entry: Entry,
    /// The frame to begin with.
    pub(super) from: u32,
    /// Whether that frame follows on the one before it; else the picture starts from nothing.
    pub(super) continues: bool,
    /// Passes until the segment ends, counting the one begun; `None` for no end.
    pub(super) passes: Option<u32>,
}

/// One record, or the news that there will be none.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) segment: SegmentId,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Frame(PreparedFrame),
    /// The entry cannot be played (on); the text is for people.
    Broken(String),
}

/// A frame, ready to be put on the one before it.
#[derive(Debug)]
pub(super) struct PreparedFrame {
    pub(super) clip: Arc<Clip<File>>,
    pub(super) frame: u32,
    pub(super) duration: Duration,
    pub(super) record: Record,
}

/// What the director sends over.
#[derive(Debug)]
pub(super) enum Order {
    /// Forget all segments before this.
    Halt,
    Read(Segment),
    /// A buffer comes back.
    Buffer(Record),
}

/// Reads until the director hangs up.
pub(super) fn run(library: &Library, orders: &Receiver<Order>, director: &Inbox) {
    let mut reader = Reader {
        orders,
        buffers: Vec::new(),
        waiting: VecDeque::new(),
        halted: false,
    };
    reader.buffers.resize_with(RECORDS, Record::default);
    while let Some(segment) = reader.next_segment() {
        let end = match library.open(&segment.entry) {
            Ok(clip) => deliver(&mut reader, &segment, &Arc::new(clip), director),
            Err(error) => broken(&segment, report(&error), director),
        };
        if end.is_none() {
            return;
        }
    }
}

struct Reader<'a> {
    orders: &'a Receiver<Order>,
    buffers: Vec<Record>,
    /// Segments that have been asked for, the first in front.
    waiting: VecDeque<Segment>,
    /// The present segment is not wanted any more.
    halted: bool,
}

impl Reader<'_> {
    fn next_segment(&mut self) -> Option<Segment> {
        while self.waiting.is_empty() {
            let order = self.orders.recv().ok()?;
            self.take(order);
        }
        self.halted = false;
        self.waiting.pop_front()
    }

    /// A free buffer; waits for one. `None` when the present segment is over: halted, or the director is gone.
    fn buffer(&mut self) -> Option<Record> {
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.take(order),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => match self.buffers.pop() {
                    Some(buffer) if !self.halted => return Some(buffer),
                    Some(buffer) => {
                        self.buffers.push(buffer);
                        return None;
                    }
                    None if self.halted => return None,
                    None => {
                        let order = self.orders.recv().ok()?;
                        self.take(order);
                    }
                },
            }
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Buffer(record) => self.buffers.push(record),
            Order::Read(segment) => self.waiting.push_back(segment),
            Order::Halt => {
                self.waiting.clear();
                self.halted = true;
            }
        }
    }
}

/// Delivers a segment to its end. `None` when the director is gone.
fn deliver(
    reader: &mut Reader<'_>,
    segment: &Segment,
    clip: &Arc<Clip<File>>,
    director: &Inbox,
) -> Option<()> {
    let count = clip.frame_count();
    let mut frame = segment.from.min(count - 1);
    let mut continues = segment.continues;
    let mut passes = segment.passes;
    loop {
        let Some(mut record) = reader.buffer() else {
            return Some(());
        };
        let position = if frame == 0 && continues && count > 1 {
            Position::Wrap
        } else {
            Position::Frame(frame)
        };
        if let Err(error) = clip.load(position, &mut record) {
            reader.buffers.push(record);
            return broken(segment, report(&error), director);
        }
        let duration = clip.duration(frame).unwrap_or_default();
        let content = PreparedFrame {
            clip: Arc::clone(clip),
            frame,
            duration,
            record,
        };
        send(segment, Content::Frame(content), director)?;
        continues = true;
        frame += 1;
        if frame == count {
            frame = 0;
            passes = passes.map(|left| left.saturating_sub(1));
            // A still has nothing more to say, however long it stays.
            if passes == Some(0) || count == 1 {
                return Some(());
            }
        }
    }
}

fn broken(segment: &Segment, reason: String, director: &Inbox) -> Option<()> {
    send(segment, Content::Broken(reason), director)
}

fn send(segment: &Segment, content: Content, director: &Inbox) -> Option<()> {
    director.send(Input::Prepared(Prepared {
        segment: segment.id,
        content,
    }))
}

/// The director's end.
#[derive(Debug)]
pub(super) struct ReadAhead {
    orders: Sender<Order>,
}

impl ReadAhead {
    pub(super) fn new(orders: Sender<Order>) -> Self {
        Self { orders }
    }

    pub(super) fn halt(&self) {
        self.send(Order::Halt);
    }

    pub(super) fn read(&self, segment: Segment) {
        self.send(Order::Read(segment));
    }

    pub(super) fn give_back(&self, record: Record) {
        self.send(Order::Buffer(record));
    }

    fn send(&self, order: Order) {
        // The reader ends only after us; a reader that died leaves the last picture on the glass.
        if self.orders.send(order).is_err() {
            tracing::error!("the reading thread is gone");
        }
    }
}
