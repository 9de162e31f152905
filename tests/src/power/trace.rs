//! Reads what `strace` writes down.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

/// What is of no interest: waiting, memory, and what is received. Everything else is written down, so that no way to a file
/// can be overlooked.
const LEFT_OUT: &str = "!futex,epoll_wait,epoll_ctl,poll,brk,madvise,mprotect,munmap,mremap,recvfrom,recvmsg,\
    clock_nanosleep,sched_yield,getrandom,rt_sigprocmask,rt_sigaction,sigaltstack,gettid,set_robust_list,rseq,\
    sched_getaffinity,prctl";

/// Longest text of a call that is written down whole.
const LONGEST: &str = "67108864";

/// A system call that has returned.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who made it.
    pub thread: u32,
    /// Its name.
    pub name: String,
    /// Its arguments, as they are written down.
    pub args: Vec<String>,
    /// What came back; `None` if it did not come back.
    pub result: Option<i64>,
}

/// A moment of a call, in the order of the log.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Microseconds since 1970.
    pub time: u64,
    /// Whether the call begins or ends here.
    pub edge: Edge,
    /// Which call, counted from 0.
    pub call: usize,
}

/// Calls of several threads overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// It is made. What it does may have happened from here on.
    Begins,
    /// It has returned. What it does has happened.
    Ends,
}

/// All that one program did.
#[derive(Debug, Default)]
pub struct Log {
    /// Its calls.
    pub calls: Vec<Call>,
    /// When they began and ended.
    pub moments: Vec<Moment>,
}

/// The words before a program's name with which it is run under `strace`. The program stays our child.
#[must_use]
pub fn under_strace(log: &Path) -> Vec<OsString> {
    let fixed = "strace -D -f -yy -xx -ttt -T --seccomp-bpf -s";
    let mut words: Vec<OsString> = fixed.split(' ').map(OsString::from).collect();
    words.extend([
        LONGEST.into(),
        "-e".into(),
        format!("trace={LEFT_OUT}").into(),
        "-o".into(),
    ]);
    words.push(log.into());
    words
}

/// Waits until a log is complete and reads it.
pub async fn read_to_end(path: &Path) -> Log {
    for _ in 0..1000 {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if is_complete(&text) {
            return Log::parse(&text);
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("strace did not finish {}", path.display());
}

/// Whether the program that was started has ended.
fn is_complete(text: &str) -> bool {
    let leader = text.split(' ').next().unwrap_or_default();
    let mut ends = text
        .lines()
        .rev()
        .take(64)
        .filter(|line| line.contains(" +++ "));
    text.ends_with('\n') && ends.any(|line| line.split(' ').next() == Some(leader))
}

impl Log {
    /// Reads a log.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut log = Self::default();
        let mut open: HashMap<u32, (usize, String)> = HashMap::new();
        let mut now = 0;
        for line in text.lines() {
            let (thread, rest) = line.split_once(' ').unwrap();
            let thread = thread.parse().unwrap();
            let (time, rest) = rest.trim_start().split_once(' ').unwrap();
            now = microseconds(time).max(now);
            if rest.starts_with("+++") || rest.starts_with("---") {
                continue;
            }
            if let Some(resumed) = rest.strip_prefix("<... ") {
                let (_, tail) = resumed.split_once(" resumed>").unwrap();
                let Some((call, begun)) = open.remove(&thread) else {
                    panic!("a call returns that was never made: {line}")
                };
                log.complete(call, &(begun + tail));
                log.mark(now, Edge::Ends, call);
                continue;
            }
            let call = log.calls.len();
            log.mark(now, Edge::Begins, call);
            if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
                let name = begun.split('(').next().unwrap_or_default();
                log.calls.push(Call {
                    thread,
                    name: name.to_owned(),
                    args: Vec::new(),
                    result: None,
                });
                open.insert(thread, (call, begun.to_owned()));
                continue;
            }
            log.calls.push(Call {
                thread,
                name: String::new(),
                args: Vec::new(),
                result: None,
            });
            let took = log.complete(call, rest);
            now += took;
            log.mark(now, Edge::Ends, call);
        }
        // A program that is killed leaves calls behind of which nobody knows whether they were carried out.
        for (call, begun) in open.into_values() {
            log.calls[call].args = arguments(&begun).0;
        }
        log
    }

    fn mark(&mut self, time: u64, edge: Edge, call: usize) {
        self.moments.push(Moment { time, edge, call });
    }

    /// Takes a whole call apart; gives how many microseconds it took.
    fn complete(&mut self, call: usize, text: &str) -> u64 {
        let (args, tail) = arguments(text);
        let call = &mut self.calls[call];
        call.name = text.split('(').next().unwrap_or_default().to_owned();
        call.args = args;
        let value = tail.trim_start_matches([' ', '=']);
        let digits = value.split([' ', '<']).next().unwrap_or_default();
        call.result = digits.parse().ok().or_else(|| hexadecimal(digits));
        let took = tail
            .rsplit_once('<')
            .and_then(|(_, took)| took.strip_suffix('>'));
        took.filter(|took| took.contains('.'))
            .map_or(0, microseconds)
    }
}

fn hexadecimal(digits: &str) -> Option<i64> {
    let value = u64::from_str_radix(digits.strip_prefix("0x")?, 16).ok()?;
    Some(value.cast_signed())
}

fn microseconds(seconds: &str) -> u64 {
    let (whole, parts) = seconds.split_once('.').unwrap();
    whole.parse::<u64>().unwrap() * 1_000_000 + parts.parse::<u64>().unwrap()
}

/// Splits a call into its arguments and what is behind them.
fn arguments(text: &str) -> (Vec<String>, &str) {
    let start = text.find('(').unwrap() + 1;
    let bytes = text.as_bytes();
    let (mut args, mut from, mut depth, mut quoted, mut noted) = (Vec::new(), start, 0, false, 0);
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            // The arrow between two addresses of a connection closes nothing.
            b'-' if noted > 0 && bytes.get(at + 1) == Some(&b'>') => at += 1,
            b'<' if bytes.get(at + 1) != Some(&b'<') && bytes[at - 1] != b'<' => noted += 1,
            b'>' if noted > 0 => noted -= 1,
            _ if noted > 0 => {}
            b'(' | b'[' | b'{' => depth += 1,
            b')' if depth == 0 => break,
            b')' | b']' | b'}' => depth -= 1,
            b',' if depth == 0 => {
                args.push(text[from..at].trim().to_owned());
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    let at = at.min(bytes.len());
    args.push(text[from..at].trim().to_owned());
    args.retain(|arg| !arg.is_empty());
    (args, text.get(at + 1..).unwrap_or_default())
}

/// The bytes of a text that is written as hexadecimal digits between quotes; the first one found.
#[must_use]
pub fn text(arg: &str) -> Option<Vec<u8>> {
    let (_, begun) = arg.split_once('"')?;
    let (digits, rest) = begun.split_once('"')?;
    assert!(!rest.starts_with("..."), "strace has cut a text off");
    Some(unescape(digits))
}

/// The bytes of all texts of a list, one after the other.
#[must_use]
pub fn texts(arg: &str) -> Vec<u8> {
    let quoted = arg.split('"').skip(1).step_by(2);
    quoted.flat_map(unescape).collect()
}

/// The number of a file descriptor, and the path strace knows for it.
#[must_use]
pub fn descriptor(arg: &str) -> Option<(i32, String)> {
    let (number, path) = arg.split_once('<').unwrap_or((arg, ""));
    let number = if number == "AT_FDCWD" {
        -100
    } else {
        number.parse().ok()?
    };
    let path = path.rsplit_once('>').map_or("", |(path, _)| path);
    Some((
        number,
        String::from_utf8_lossy(&unescape(path)).into_owned(),
    ))
}

/// A path as strace writes it.
#[must_use]
pub fn escape(path: &str) -> String {
    path.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}

fn unescape(digits: &str) -> Vec<u8> {
    let value = |digit: u8| (digit as char).to_digit(16).unwrap() as u8;
    let (mut bytes, mut rest) = (Vec::with_capacity(digits.len() / 4), digits.as_bytes());
    while let Some((first, others)) = rest.split_first() {
        match (first, others) {
            (b'\\', [b'x', high, low, others @ ..]) => {
                bytes.push(value(*high) << 4 | value(*low));
                rest = others;
            }
            _ => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
7  10.000100 execve(\"\\x2f\", [\"\\x61\"], 0x1 /* 9 vars */) = 0 <0.000010>
7  10.000200 write(3<\\x2f\\x61>, \"\\x61\\x62\", 2 <unfinished ...>
8  10.000210 writev(4<TCP:[127.0.0.1:80->127.0.0.1:9]>, [{iov_base=\"\\x61\", iov_len=1}, {iov_base=\"\\x62\", iov_len=1}], 2) = 2 <0.000005>
7  10.000300 <... write resumed>)     = 2 <0.000100>
8  10.000400 fsync(5<\\x2f\\x61> <unfinished ...>
7  10.000500 +++ killed by SIGKILL +++
";

    #[test]
    fn calls_that_overlap_are_put_together() {
        let log = Log::parse(LOG);
        assert!(is_complete(LOG));
        let write = &log.calls[1];
        assert_eq!(
            (write.name.as_str(), write.result, write.thread),
            ("write", Some(2), 7)
        );
        assert_eq!(descriptor(&write.args[0]), Some((3, "/a".to_owned())));
        assert_eq!(text(&write.args[1]), Some(b"ab".to_vec()));
        let gathered = &log.calls[2];
        assert_eq!(
            (gathered.args.len(), texts(&gathered.args[1])),
            (3, b"ab".to_vec())
        );
        assert_eq!((log.calls[3].result, log.calls[3].args.len()), (None, 1));
        let order: Vec<_> = log
            .moments
            .iter()
            .map(|moment| (moment.call, moment.edge))
            .collect();
        let (begins, ends) = (Edge::Begins, Edge::Ends);
        assert_eq!(
            order,
            [
                (0, begins),
                (0, ends),
                (1, begins),
                (2, begins),
                (2, ends),
                (1, ends),
                (3, begins)
            ]
        );
        assert_eq!(log.moments[4].time, 10_000_215);
    }
}
