//! The conversion worker: one original in, one clip out, then it is done. Cancelled by ending its process group.
//!
//! It is a process of its own because originals come from outside and decoders are large: it opens what it needs, takes
//! away from itself everything else ([`limits`]), and only then reads. It is started by [`crate::convert`] as
//! `loop-web convert-worker ORIGINAL CLIP ORDER` and says on its standard output how it goes ([`line`]). Whoever reads
//! that takes it for hearsay.

pub mod bounds;
mod canvas;
pub mod decode;
mod film;
mod gif;
mod jpeg;
pub mod limits;
pub mod line;
pub mod order;
mod orientation;
mod pacer;
mod paint;
mod place;
mod png;
pub mod refusal;
mod rounding;
mod scale;
mod source;
mod video;
mod webp;

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use loop_proto::clip::Summary;

use self::bounds::Bounds;
use self::limits::{Limits, Reach};
use self::line::Line;
use self::order::Order;
use self::refusal::Refusal;

/// The hidden first argument.
pub const ARGUMENT: &str = "convert-worker";

/// Exit code when it was not started as it must be, or cannot limit itself.
pub(crate) const BAD_START: u8 = 2;

/// What it was started with.
struct Task {
    source: File,
    source_path: PathBuf,
    clip: File,
    order: Order,
}

/// Does the worker's work if the arguments ask for it; `None` if they ask for the daemon. They begin with the program's name.
#[must_use]
pub fn run_if_asked(arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let arguments: Vec<_> = arguments.collect();
    Some(match prepare(&arguments).and_then(protect) {
        Ok(task) => {
            say(&match work(task) {
                Ok(summary) => Line::Done {
                    clip: summary.id,
                    frames: summary.frame_count,
                    total_us: u64::try_from(summary.total.as_micros()).unwrap_or(u64::MAX),
                },
                Err(refusal) => Line::from(&refusal),
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            drop(writeln!(std::io::stderr(), "{ARGUMENT}: {error}"));
            ExitCode::from(BAD_START)
        }
    })
}

/// Opens everything while that is still allowed.
fn prepare(arguments: &[OsString]) -> std::io::Result<Task> {
    let [source, clip, order] = arguments else {
        return Err(std::io::Error::other("ORIGINAL CLIP ORDER are needed"));
    };
    let source_path = PathBuf::from(source);
    let order = order.to_str().unwrap_or_default();
    Ok(Task {
        source: File::open(&source_path)?,
        source_path,
        clip: File::create_new(Path::new(clip))?,
        order: serde_json::from_str(order)?,
    })
}

fn protect(task: Task) -> std::io::Result<Task> {
    let limits = Limits {
        cpu_seconds: task.order.cpu_seconds,
        file_bytes: task.order.clip_bytes,
    };
    let reach = task.order.ffmpeg.as_ref().map(|program| Reach {
        program,
        source: &task.source,
    });
    say(&Line::Protected(limits::apply(limits, reach)?));
    Ok(task)
}

fn work(task: Task) -> Result<Summary, Refusal> {
    let look = task.order.look;
    let out = BufWriter::new(&task.clip);
    let mut progress = |percent| say(&Line::Progress(percent));
    match &task.order.ffmpeg {
        None => decode::decode(&task.source, look, Bounds::default(), out, &mut progress),
        Some(program) => video::decode(program, &task.source_path, look, out, &mut progress),
    }
}

/// With nobody left to listen there is no point in going on, and the next write ends it.
fn say(line: &Line) {
    let mut out = std::io::stdout().lock();
    let said = serde_json::to_writer(&mut out, line)
        .map_err(std::io::Error::from)
        .and_then(|()| writeln!(out))
        .and_then(|()| out.flush());
    drop(said);
}
