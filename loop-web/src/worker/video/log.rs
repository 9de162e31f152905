//! What ffmpeg says on its standard error.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::Sender;

/// Longer lines are cut.
const LINE_BYTES: u64 = 4096;

/// Of a reason that is passed on.
const REASON_CHARS: usize = 160;

/// What is of use while it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// How long the film is, in microseconds.
    Length(u64),
    /// When the next frame begins; `None` where the film does not say.
    Frame(Option<u64>),
}

/// What is of use when it has ended.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) length_us: Option<u64>,
    /// What its times are counted in, as a fraction of a second.
    time_base: Option<(u64, u64)>,
    pub(super) has_unknown_option: bool,
    pub(super) lacks_memory: bool,
    /// The last complaint.
    pub(super) reason: Option<String>,
}

/// Reads until it ends.
pub(super) fn read(lines: impl Read, tell: &Sender<Said>) -> Log {
    let mut lines = BufReader::new(lines);
    let mut log = Log::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = lines.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line);
        if !read.is_ok_and(|bytes| bytes > 0) {
            return log;
        }
        if let Some(said) = log.take(String::from_utf8_lossy(&line).trim()) {
            // Nobody may listen any more; the rest is read all the same, so that ffmpeg can end.
            let _ = tell.send(said);
        }
    }
}

impl Log {
    /// 0 to 99: the last is said by whoever is done.
    pub(super) fn percent(&self, at_us: u64) -> u8 {
        let length = self.length_us.unwrap_or(0);
        let percent = at_us.saturating_mul(100).checked_div(length).unwrap_or(0);
        u8::try_from(percent.min(99)).unwrap_or(99)
    }

    /// In microseconds; what is before the beginning is at the beginning.
    fn frame_time(&self, pts: &str) -> Option<u64> {
        let (upper, lower) = self.time_base?;
        let pts = u64::try_from(pts.parse::<i64>().ok()?).unwrap_or(0);
        let us = u128::from(pts) * u128::from(upper) * 1_000_000 / u128::from(lower);
        u64::try_from(us).ok()
    }

    fn take(&mut self, line: &str) -> Option<Said> {
        if line.contains("Parsed_showinfo") {
            // What goes out of it has none that counts.
            if let Some(base) = field(line, "config in time_base:") {
                self.time_base = fraction(base);
            }
            let pts = field(line, " pts:")?;
            return Some(Said::Frame(self.frame_time(pts)));
        }
        if let Some((_, rest)) = line.split_once("Duration: ") {
            let time = rest.split([',', ' ']).next().and_then(clock)?;
            self.length_us = Some(time);
            return Some(Said::Length(time));
        }
        let complaint = ["[error] ", "[fatal] ", "[panic] "]
            .iter()
            .find_map(|level| line.split_once(level));
        let (_, text) = complaint?;
        self.has_unknown_option |= text.contains("Unrecognized option");
        self.lacks_memory |= text.contains("Cannot allocate memory");
        // The path of a file says nothing to whoever sent it.
        let text = match text.strip_prefix("file:") {
            Some(rest) => rest.rsplit_once(": ").map_or("", |(_, text)| text),
            None => text,
        };
        // What comes after the first complaint is mostly what follows from it.
        if self.reason.is_none() && !text.is_empty() {
            let printable = text.chars().filter(|c| !c.is_control());
            self.reason = Some(printable.take(REASON_CHARS).collect());
        }
        None
    }
}

/// The word behind a name.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(name)?;
    rest.trim_start().split([' ', ',']).next()
}

fn fraction(text: &str) -> Option<(u64, u64)> {
    let (upper, lower) = text.split_once('/')?;
    let (upper, lower) = (upper.parse().ok()?, lower.parse::<u64>().ok()?);
    (lower > 0).then_some((upper, lower))
}

/// `HH:MM:SS.ff`
fn clock(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let whole: u64 = hours.parse::<u32>().ok()?.into();
    let minutes: u64 = minutes.parse::<u32>().ok()?.into();
    Some((whole * 3600 + minutes * 60) * 1_000_000 + micros(seconds)?)
}

/// Seconds with a fraction.
fn micros(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u64 = whole.parse::<u32>().ok()?.into();
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Some(whole * 1_000_000 + fraction.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_and_each_frames_time_are_told() {
        let text = b"[info]   Duration: 00:01:02.50, start: 0.000000, bitrate: 5 kb/s\n\
            [Parsed_showinfo_3 @ 0x1] [info] config in time_base: 1/90000, frame_rate: 30/1\n\
            [Parsed_showinfo_3 @ 0x1] [info] config out time_base: 0/0, frame_rate: 0/0\n\
            [Parsed_showinfo_3 @ 0x1] [info] n:   0 pts:      0 pts_time:0       duration:1\n\
            [Parsed_showinfo_3 @ 0x1] [info] n:   1 pts:   3003 pts_time:0.0333667 pos: 1\n\
            [Parsed_showinfo_3 @ 0x1] [info] n:   2 pts:   NOPTS pts_time:NOPTS pos: 1\n\
            [Parsed_showinfo_3 @ 0x1] [info] n:   3 pts:  -3003 pts_time:-0.0333667 pos: 1\n";
        let (tell, said) = std::sync::mpsc::channel();
        let log = read(&text[..], &tell);
        assert_eq!(log.length_us, Some(62_500_000));
        assert_eq!(log.percent(31_250_000), 50);
        drop(tell);
        let frames = [Some(0), Some(33_366), None, Some(0)].map(Said::Frame);
        let wanted: Vec<_> = [Said::Length(62_500_000)]
            .into_iter()
            .chain(frames)
            .collect();
        assert_eq!(said.iter().collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn the_reason_is_short_and_without_paths() {
        let (tell, _said) = std::sync::mpsc::channel();
        let text = b"[mov,mp4 @ 0x2] [error] moov atom not found\n[error] file:/a: b/c: Invalid data found\n";
        assert_eq!(
            read(&text[..], &tell).reason.unwrap(),
            "moov atom not found"
        );
        let text = b"[error] file:/a: b/c: Invalid data found\n";
        assert_eq!(read(&text[..], &tell).reason.unwrap(), "Invalid data found");
        let long = [b"[error] ".to_vec(), vec![b'x'; 100_000]].concat();
        assert_eq!(
            read(long.as_slice(), &tell).reason.unwrap().len(),
            REASON_CHARS
        );
    }

    #[test]
    fn what_is_missing_is_known() {
        let (tell, _said) = std::sync::mpsc::channel();
        let text = b"[fatal] Unrecognized option 'fps_mode'.\n[error] x: Cannot allocate memory\n";
        let log = read(&text[..], &tell);
        assert!(log.has_unknown_option && log.lacks_memory);
    }
}
