//! From system calls to operations on the data folder. A call that touches the folder in a way nobody has thought of ends
//! the test: what is overlooked here would be taken for durable.

mod allocation;
mod processes;
mod territory;

use std::collections::{HashMap, HashSet};

use self::allocation::allocated;
use self::processes::processes;
use self::territory::{Territory, answer};
use super::operation::{Handle, Operation};
use super::trace::{Call, Edge, Log, descriptor, texts};

/// Calls that change neither names nor content, or are done with when they end.
const HARMLESS: [&str; 26] = [
    "close",
    "pread64",
    "preadv",
    "fstat",
    "newfstatat",
    "statx",
    "stat",
    "lstat",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getdents64",
    "statfs",
    "fstatfs",
    "fadvise64",
    "chmod",
    "fchmod",
    "fchmodat",
    "utimensat",
    "flock",
    "execve",
    "exit",
    "exit_group",
    "sync_file_range",
];

/// Something that happened, as far as the disk or a client is concerned.
#[derive(Clone, Debug)]
pub struct Event {
    /// Microseconds since 1970.
    pub time: u64,
    /// What it was.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// The disk was changed.
    Disk(Operation),
    /// The first bytes of an HTTP answer were on their way out.
    Answer {
        /// Its status.
        status: u16,
    },
}

/// Puts the events of several programs into one order.
#[must_use]
pub fn merge(logs: Vec<Vec<Event>>) -> Vec<Event> {
    let mut events: Vec<_> = logs.into_iter().flatten().collect();
    // Each log's times only rise, and a stable order keeps those that are equal.
    events.sort_by_key(|event| event.time);
    events
}

/// Follows a program. `number` tells it from others; `root` is the folder that holds `data`.
#[must_use]
pub fn follow(log: &Log, number: u64, root: &str) -> Vec<Event> {
    let mut follower = Follower {
        territory: Territory::below(root),
        files: HashMap::new(),
        positions: HashMap::new(),
        appending: HashSet::new(),
        processes: processes(log),
        next: number << 32,
        out: Vec::new(),
    };
    let mut events = Vec::new();
    for moment in &log.moments {
        let call = &log.calls[moment.call];
        match moment.edge {
            Edge::Begins => follower.begins(call, moment.call),
            Edge::Ends => follower.ends(call, moment.call),
        }
        let time = moment.time;
        events.extend(follower.out.drain(..).map(|what| Event { time, what }));
    }
    events
}

struct Follower {
    territory: Territory,
    files: HashMap<(u32, i32), Handle>,
    /// Where the next write goes. Shared by all who have the file by the same opening.
    positions: HashMap<Handle, u64>,
    appending: HashSet<Handle>,
    processes: HashMap<u32, (u32, Option<u32>)>,
    next: u64,
    out: Vec<What>,
}

impl Follower {
    fn begins(&mut self, call: &Call, number: usize) {
        if call.name.starts_with("io_uring") {
            panic!("{call:?} cannot be followed");
        }
        if let Some(status) = answer(call) {
            self.out.push(What::Answer { status });
        }
        if call.name == "close" && self.territory.touches(call) {
            // Before it has returned, the number may be another file's.
            self.inherit(call);
            let key = self.key(call, 0);
            self.files.remove(&key);
        }
        if is_sync(call) && self.territory.touches(call) {
            self.inherit(call);
            let file = self.file(call, 0);
            self.disk(Operation::SyncBegins {
                file,
                token: number,
            });
        }
    }

    fn ends(&mut self, call: &Call, number: usize) {
        let Some(result) = call
            .result
            .filter(|result| *result >= 0 && self.territory.touches(call))
        else {
            return;
        };
        self.inherit(call);
        let file = |follower: &Self| follower.file(call, 0);
        match call.name.as_str() {
            "open" | "openat" | "openat2" | "creat" => self.opened(call, result),
            "fsync" | "fdatasync" => {
                let file = file(self);
                self.disk(Operation::SyncEnds {
                    file,
                    token: number,
                });
            }
            "dup" | "dup2" | "dup3" => self.duplicated(call, result),
            "fcntl" if call.args[1].starts_with("F_DUPFD") => self.duplicated(call, result),
            "fcntl" => assert!(
                call.args[1].starts_with("F_GET") || call.args[1] == "F_SETFD",
                "{call:?}"
            ),
            "lseek" => {
                let file = file(self);
                self.positions.insert(file, result.cast_unsigned());
            }
            "read" | "readv" => {
                let file = file(self);
                self.advance(file, result);
            }
            "write" | "writev" => {
                let file = file(self);
                let bytes = written(call, result);
                let at = (!self.appending.contains(&file)).then(|| self.advance(file, result));
                self.disk(Operation::Write { file, at, bytes });
            }
            "pwrite64" | "pwritev" => {
                let operation = Operation::Write {
                    file: file(self),
                    at: Some(number_of(call, 3)),
                    bytes: written(call, result),
                };
                self.disk(operation);
            }
            "ftruncate" => {
                let operation = Operation::Truncate {
                    file: file(self),
                    length: number_of(call, 1),
                };
                self.disk(operation);
            }
            "fallocate" => {
                let operation = allocated(call, file(self));
                self.disk(operation);
            }
            "copy_file_range" => self.copied(call, result),
            "ioctl" => assert!(
                !call.args[1].contains("CLONE"),
                "{call:?} copies behind our back"
            ),
            "sendfile" => assert!(
                !self.territory.holds(&call.args[0]),
                "{call:?} writes to the data folder"
            ),
            "mmap" => assert!(
                !call.args[3].contains("MAP_SHARED") || !call.args[2].contains("PROT_WRITE"),
                "{call:?} writes behind our back"
            ),
            name if HARMLESS.contains(&name) => {}
            _ => self.named(call),
        }
    }

    /// Calls that change names.
    fn named(&mut self, call: &Call) {
        let flags = call.args.last().unwrap().clone();
        let operation = match call.name.as_str() {
            "mkdir" => Operation::MakeFolder {
                path: self.territory.path(call, None, 0),
            },
            "mkdirat" => Operation::MakeFolder {
                path: self.territory.path(call, Some(0), 1),
            },
            "rmdir" | "unlink" => Operation::Remove {
                path: self.territory.path(call, None, 0),
            },
            "unlinkat" => Operation::Remove {
                path: self.territory.path(call, Some(0), 1),
            },
            "rename" => Operation::Rename {
                from: self.territory.path(call, None, 0),
                to: self.territory.path(call, None, 1),
                exchange: false,
            },
            "renameat" | "renameat2" => Operation::Rename {
                from: self.territory.path(call, Some(0), 1),
                to: self.territory.path(call, Some(2), 3),
                exchange: flags.contains("RENAME_EXCHANGE"),
            },
            "link" => Operation::Link {
                from: self.territory.path(call, None, 0),
                to: self.territory.path(call, None, 1),
            },
            "linkat" if !flags.contains("AT_EMPTY_PATH") => Operation::Link {
                from: self.territory.path(call, Some(0), 1),
                to: self.territory.path(call, Some(2), 3),
            },
            _ => panic!("nobody knows what {call:?} does to the data folder"),
        };
        self.disk(operation);
    }

    fn disk(&mut self, operation: Operation) {
        self.out.push(What::Disk(operation));
    }

    fn opened(&mut self, call: &Call, result: i64) {
        let (path, flags) = match call.name.as_str() {
            "open" | "creat" => (self.territory.path(call, None, 0), call.args[1..].join(",")),
            _ => (
                self.territory.path(call, Some(0), 1),
                call.args[2..].join(","),
            ),
        };
        assert!(
            !flags.contains("O_TMPFILE"),
            "{call:?} makes a file without a name"
        );
        let file = Handle(self.next);
        self.next += 1;
        let fresh = call.name == "creat";
        let (create, truncate) = (
            fresh || flags.contains("O_CREAT"),
            fresh || flags.contains("O_TRUNC"),
        );
        if flags.contains("O_APPEND") {
            self.appending.insert(file);
        }
        self.files
            .insert((self.process(call), i32::try_from(result).unwrap()), file);
        self.disk(Operation::Open {
            file,
            path,
            create,
            truncate,
        });
    }

    fn duplicated(&mut self, call: &Call, result: i64) {
        let file = self.file(call, 0);
        self.files
            .insert((self.process(call), i32::try_from(result).unwrap()), file);
    }

    fn copied(&mut self, call: &Call, result: i64) {
        if !self.territory.holds(&call.args[2]) {
            return;
        }
        let (from, to) = (self.file(call, 0), self.file(call, 2));
        let mut place = |file, arg: usize| match call.args[arg].as_str() {
            "NULL" => self.advance(file, result),
            given => given
                .trim_matches(['[', ']'])
                .split(" => ")
                .next()
                .unwrap()
                .parse()
                .unwrap(),
        };
        let (from_at, at) = (place(from, 1), place(to, 3));
        self.disk(Operation::Copy {
            from,
            from_at,
            to,
            at,
            length: result.cast_unsigned(),
        });
    }

    /// Moves a file's position on; gives where it was.
    fn advance(&mut self, file: Handle, by: i64) -> u64 {
        let position = self.positions.entry(file).or_default();
        *position += by.cast_unsigned();
        *position - by.cast_unsigned()
    }

    /// A new process begins with all the files its parent has.
    fn inherit(&mut self, call: &Call) {
        let (own, parent) = self.processes[&call.thread];
        if let Some(parent) = parent {
            let inherited: Vec<_> = self
                .files
                .iter()
                .filter(|((process, _), _)| *process == parent)
                .map(|((_, number), file)| (*number, *file))
                .collect();
            self.files.extend(
                inherited
                    .into_iter()
                    .map(|(number, file)| ((own, number), file)),
            );
            self.processes
                .values_mut()
                .filter(|place| place.0 == own)
                .for_each(|place| place.1 = None);
        }
    }

    fn process(&self, call: &Call) -> u32 {
        self.processes[&call.thread].0
    }

    fn key(&self, call: &Call, at: usize) -> (u32, i32) {
        (self.process(call), descriptor(&call.args[at]).unwrap().0)
    }

    fn file(&self, call: &Call, at: usize) -> Handle {
        let key = self.key(call, at);
        *self
            .files
            .get(&key)
            .unwrap_or_else(|| panic!("nobody saw how the file of {call:?} was opened"))
    }
}

fn is_sync(call: &Call) -> bool {
    matches!(call.name.as_str(), "fsync" | "fdatasync")
}

fn number_of(call: &Call, at: usize) -> u64 {
    call.args[at].parse().unwrap()
}

fn written(call: &Call, result: i64) -> Vec<u8> {
    let mut bytes = texts(&call.args[1]);
    let length = usize::try_from(result).unwrap();
    assert!(length <= bytes.len(), "strace has cut off what was written");
    bytes.truncate(length);
    bytes
}
