use super::*;
use crate::scene;

/// A board's log, written as a driver would make it.
#[derive(Default)]
struct Log(Vec<Entry>);

impl Log {
    fn push(mut self, event: Event) -> Self {
        let at = self.0.len() as u64 * 1_000_000;
        self.0.push(Entry {
            at,
            after_gap: false,
            event,
        });
        self
    }

    fn edge(self, line: u8, high: bool) -> Self {
        self.push(Event::Edge { line, high })
    }

    fn send(self, data: bool, bytes: &[u8]) -> Self {
        self.push(Event::Transfer {
            chip: 0,
            data,
            bytes: bytes.to_vec(),
        })
    }

    fn command(self, op: u8, parameters: &[u8]) -> Self {
        let log = self.send(false, &[op]);
        if parameters.is_empty() {
            log
        } else {
            log.send(true, parameters)
        }
    }

    fn wake(self) -> Self {
        self.edge(RESET, true)
            .edge(RESET, false)
            .edge(RESET, true)
            .command(SLEEP_OUT, &[])
            .command(PIXEL_FORMAT, &[0x55])
            .command(0x36, &[0x48])
            .command(0xB6, &[0x0A, 0xA2])
    }

    /// Rows of a frame, written in two transfers.
    fn rows(self, frame: &Frame, rows: std::ops::Range<u16>) -> Self {
        let row = usize::from(PANEL.width) * PIXEL_BYTES;
        let bytes = &frame.as_bytes()[usize::from(rows.start) * row..usize::from(rows.end) * row];
        let ([a, b], [c, d]) = (rows.start.to_be_bytes(), (rows.end - 1).to_be_bytes());
        let (one, other) = bytes.split_at(bytes.len() / 3);
        self.command(COLUMN_ADDRESS, &[0, 0, 0, 239])
            .command(PAGE_ADDRESS, &[a, b, c, d])
            .command(MEMORY_WRITE, &[])
            .send(true, one)
            .send(true, other)
    }

    fn whole(self, frame: &Frame) -> Self {
        self.rows(frame, 0..PANEL.height)
    }

    fn light(self) -> Self {
        self.command(0x29, &[]).edge(LIGHT, true)
    }
}

fn frames() -> Vec<Frame> {
    (0..scene::FRAMES)
        .map(|frame| scene::picture(frame).transposed())
        .collect()
}

fn judged(log: Log) -> Verdict {
    // Only the next command tells that a burst is over.
    Judge::new(frames(), Rotation::Deg270).judge(&log.command(0x00, &[]).0)
}

#[test]
fn a_good_start_is_good() {
    let frames = frames();
    let screen = Frame::black();
    let log = Log::default()
        .wake()
        .whole(&screen)
        .light()
        .whole(&frames[0])
        .rows(&frames[1], 0..200)
        .rows(&frames[1], 200..320)
        .rows(&frames[1], 5..9);
    let verdict = judged(log);
    let counts = (
        verdict.before,
        verdict.frames,
        verdict.parts,
        verdict.repeats,
    );
    assert_eq!(counts, (1, 2, 1, 1), "{verdict:?}");
    let wrong = (
        verdict.mismatches,
        verdict.violations,
        verdict.skipped,
        verdict.gaps,
    );
    assert_eq!(wrong, (0, 0, 0, 0), "{verdict:?}");
    let start = (
        verdict.resets,
        verdict.wakes,
        verdict.darkenings,
        verdict.light,
    );
    assert_eq!(start, (1, 1, 0, (1, 0)));
    assert_eq!((verdict.unwritten_when_lit, verdict.showing), (0, true));
}

#[test]
fn one_wrong_pixel_is_seen_and_found() {
    let mut frames = frames();
    let log = Log::default().wake().whole(&frames[0]).light();
    let at = (17 * 240 + 100) * PIXEL_BYTES;
    frames[1].as_bytes_mut()[at] ^= 0x80;
    let verdict = judged(log.whole(&frames[1]).whole(&frames[2]));
    assert_eq!((verdict.frames, verdict.mismatches), (2, 1));
    let text = verdict.first_mismatch.unwrap();
    assert!(
        text.contains("most like frame 1, but pixel 17,100"),
        "{text}"
    );
}

#[test]
fn a_frame_left_out_is_counted_and_one_that_repeats_another_is_not() {
    let frames = frames();
    assert_eq!(frames[8], frames[9]);
    let log = Log::default().wake().whole(&frames[6]).light();
    let verdict = judged(log.whole(&frames[8]).whole(&frames[10]));
    assert_eq!((verdict.frames, verdict.skipped), (3, 1));
}

#[test]
fn light_before_the_whole_picture_shows_what_nobody_has_written() {
    let frames = frames();
    let log = Log::default().wake().rows(&frames[0], 0..319).light();
    assert_eq!(judged(log).unwritten_when_lit, 240);
    let dark = Log::default().wake().whole(&frames[0]).edge(LIGHT, true);
    assert_eq!(judged(dark).unwritten_when_lit, PANEL.pixels());
}

#[test]
fn breaches_of_the_protocol_are_counted() {
    let frames = frames();
    let asleep = Log::default().whole(&frames[0]);
    assert!(judged(asleep).violations > 0);
    let stray = Log::default().send(true, &[1, 2]);
    assert_eq!(judged(stray).violations, 1);
}

#[test]
fn a_second_log_goes_on_where_the_first_has_stopped() {
    let frames = frames();
    let mut judge = Judge::new(frames.clone(), Rotation::Deg270);
    judge.judge(&Log::default().wake().whole(&frames[0]).light().0);
    let again = Log::default()
        .whole(&frames[12])
        .whole(&frames[13])
        .command(0, &[]);
    let verdict = judge.judge(&again.0);
    let counts = (verdict.frames, verdict.skipped, verdict.mismatches);
    assert_eq!(counts, (2, 0, 0), "{verdict:?}");
    assert_eq!(
        (verdict.resets, verdict.wakes, verdict.violations),
        (0, 0, 0)
    );
}
