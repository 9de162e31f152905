//! Films, and every picture we do not decode ourselves: by ffmpeg, under the limits of this process.
//!
//! ffmpeg turns, crops and scales, and writes frames of the glass to a pipe; when each of them begins it tells beside it,
//! in its log. So a variable frame rate stays as it is, and thinning follows the same rules as for a GIF.

mod log;

use std::io::{Read, Seek, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

use loop_proto::clip::Summary;
use loop_proto::geometry::PICTURE;
use loop_proto::pixel::{Frame, Picture};
use nix::sys::signal::Signal;

use self::log::{Log, Said};
use super::film::Film;
use super::refusal::Refusal;
use super::rounding::Rounding;
use super::scale::SUMMED;
use crate::look::{Fit, Look};

/// Bytes of one of its frames: red, green, blue.
const RGB_BYTES: usize = PICTURE.pixels() * 3;

/// Each takes its own memory for the frames it works on.
const THREADS: &str = "2";

/// The containers that can come here; a playlist, which names other files, is none of them.
const CONTAINERS: &str =
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,live_flv,mpegts,mpeg,mpegvideo,asf,ogg,bmp_pipe";

/// 4K and what cameras make of it.
const MOST_PIXELS: &str = "40000000";

/// A frame without a time comes this long after the one before.
const USUAL_STEP_US: u64 = 40_000;

/// How the frames are to be left alone: neither doubled nor dropped.
const EACH_FRAME_ONCE: [&str; 2] = ["-fps_mode", "-vsync"];

/// Makes a clip of what ffmpeg can decode.
pub(super) fn decode<W: Write + Seek>(
    program: &Path,
    source: &Path,
    look: Look,
    mut out: W,
    progress: &mut dyn FnMut(u8),
) -> Result<Summary, Refusal> {
    let [now, before] = EACH_FRAME_ONCE;
    match attempt(program, source, look, now, &mut out, progress) {
        Err(Failure::UnknownOption) => {
            out.rewind()?;
            attempt(program, source, look, before, &mut out, progress)
        }
        other => other,
    }
    .map_err(|failure| match failure {
        Failure::Refused(refusal) => refusal,
        Failure::UnknownOption => Refusal::damaged("ffmpeg is too old"),
    })
}

enum Failure {
    Refused(Refusal),
    /// ffmpeg before version 5.1 has another word for it.
    UnknownOption,
}

impl<E: Into<Refusal>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

fn attempt<W: Write + Seek>(
    program: &Path,
    source: &Path,
    look: Look,
    each_frame_once: &str,
    out: W,
    progress: &mut dyn FnMut(u8),
) -> Result<Summary, Failure> {
    let mut running = Running::start(&mut command(program, source, look.fit, each_frame_once))?;
    let mut shot = Shot::new(Film::new(out, look.quality)?);
    let mut told = 0;
    while running.read(&mut shot.rgb)? {
        shot.take(running.start_of_frame())?;
        let percent = running.log.percent(shot.start_us);
        if percent > told {
            told = percent;
            progress(percent);
        }
    }
    let (status, log) = running.finish()?;
    if log.has_unknown_option {
        return Err(Failure::UnknownOption);
    }
    judge(status, &log, &shot)?;
    let end_us = if shot.lacks(&log) {
        // Its last frame stands.
        log.length_us.unwrap_or(0)
    } else {
        shot.start_us + shot.step_us
    };
    Ok(shot.film.finish(end_us)?.1)
}

fn command(program: &Path, source: &Path, fit: Fit, each_frame_once: &str) -> Command {
    let (width, height) = (PICTURE.width, PICTURE.height);
    let (shape, turned) = (format!("{width}/{height}"), format!("{height}/{width}"));
    let place = match fit {
        Fit::Fill => format!(
            "crop=w='max(1,min(iw,ih*{shape}/sar))':h='max(1,min(ih,iw*sar*{turned}))',\
             scale={width}:{height}:flags=area"
        ),
        Fit::Fit => format!(
            "scale=w='if(gt(dar,{shape}),{width},max(1,round({height}*dar)))':\
             h='if(gt(dar,{shape}),max(1,round({width}/dar)),{height})':flags=area,\
             pad={width}:{height}:(ow-iw)/2:(oh-ih)/2:black"
        ),
    };
    let mut file = std::ffi::OsString::from("file:");
    file.push(source);
    let mut command = Command::new(program);
    command
        .args([
            "-nostdin",
            "-hide_banner",
            "-nostats",
            "-loglevel",
            "level+info",
        ])
        .args([
            "-protocol_whitelist",
            "file,pipe",
            "-format_whitelist",
            CONTAINERS,
        ])
        .args(["-max_pixels", MOST_PIXELS, "-threads", THREADS, "-i"])
        .arg(file)
        .args(["-map", "0:V:0", "-an", "-sn", "-dn"])
        .args(["-vf", &format!("{place},format=rgb24,setsar=1,showinfo")])
        .args(["-filter_threads", "1", each_frame_once, "passthrough"])
        .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]);
    command
}

/// ffmpeg at work. Dropped, it ends.
struct Running {
    child: Child,
    reader: Option<JoinHandle<Log>>,
    said: Receiver<Said>,
    log: Log,
    last_us: Option<u64>,
}

impl Running {
    fn start(command: &mut Command) -> Result<Self, Refusal> {
        let started = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started
            .map_err(|error| Refusal::Damaged(format!("ffmpeg cannot be started: {error}")))?;
        // Not bounded: ffmpeg tells at most a few frames ahead of its pipe, and to let it wait here would let both wait.
        let (tell, said) = std::sync::mpsc::channel();
        let reader = child
            .stderr
            .take()
            .map(|lines| std::thread::spawn(move || log::read(lines, &tell)));
        Ok(Self {
            child,
            reader,
            said,
            log: Log::default(),
            last_us: None,
        })
    }

    /// The next frame; false when there are no more.
    fn read(&mut self, rgb: &mut [u8]) -> Result<bool, Refusal> {
        let Some(out) = self.child.stdout.as_mut() else {
            return Ok(false);
        };
        match out.read_exact(rgb) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// When the frame that has just been read begins, which is told before it is written.
    fn start_of_frame(&mut self) -> u64 {
        let next = self.last_us.map_or(0, |last| last + USUAL_STEP_US);
        let start = loop {
            match self.said.recv() {
                Ok(Said::Length(us)) => self.log.length_us = Some(us),
                Ok(Said::Frame(Some(us))) => break us,
                Ok(Said::Frame(None)) | Err(_) => break next,
            }
        };
        self.last_us = Some(start);
        start
    }

    fn finish(mut self) -> Result<(ExitStatus, Log), Refusal> {
        drop(self.child.stdout.take());
        let status = self.child.wait()?;
        let log = self.reader.take().and_then(|reader| reader.join().ok());
        Ok((status, log.unwrap_or_default()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already, or it ends now; either way it is waited for.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What is made of the frames.
struct Shot<W> {
    film: Film<W>,
    rgb: Vec<u8>,
    picture: Picture,
    frame: Frame,
    /// Of the last frame, from the first one on.
    start_us: u64,
    /// From the last frame but one to the last.
    step_us: u64,
    origin_us: Option<u64>,
}

impl<W: Write + Seek> Shot<W> {
    fn new(film: Film<W>) -> Self {
        Self {
            film,
            rgb: vec![0; RGB_BYTES],
            picture: Picture::black(),
            frame: Frame::black(),
            start_us: 0,
            step_us: 0,
            origin_us: None,
        }
    }

    /// Whether the film is clearly longer than what has come of it. A still is not.
    fn lacks(&self, log: &Log) -> bool {
        let length_us = log.length_us.unwrap_or(0);
        let missing = length_us.saturating_sub(self.start_us + self.step_us);
        self.start_us > 0 && missing > (length_us / 20).max(500_000)
    }

    fn take(&mut self, told_us: u64) -> Result<(), Refusal> {
        let origin = *self.origin_us.get_or_insert(told_us);
        let start = told_us.saturating_sub(origin).max(self.start_us);
        self.step_us = start - self.start_us;
        self.start_us = start;
        if !self.film.accepts(start) {
            return Ok(());
        }
        let rgb = self.rgb.as_chunks::<3>().0;
        let pixels = self
            .picture
            .as_bytes_mut()
            .as_chunks_mut::<2>()
            .0
            .iter_mut();
        let places = (0..PICTURE.height).flat_map(|y| (0..PICTURE.width).map(move |x| (x, y)));
        for ((pixel, rgb), (x, y)) in pixels.zip(rgb).zip(places) {
            let sums = rgb.map(|channel| u32::from(channel) * SUMMED);
            *pixel = Rounding::Masked.pixel(sums, x, y);
        }
        self.picture.transpose_into(&mut self.frame);
        self.film.add(start, &self.frame)
    }
}

/// Whether what has come is the whole film. One that was cut off in transfer decodes up to where it stops, and only its
/// container complains.
fn judge<W: Write + Seek>(status: ExitStatus, log: &Log, shot: &Shot<W>) -> Result<(), Refusal> {
    let nothing = shot.origin_us.is_none();
    let is_cut = log.reason.is_some() && shot.lacks(log);
    if status.success() && !nothing && !is_cut {
        return Ok(());
    }
    match status
        .signal()
        .and_then(|signal| Signal::try_from(signal).ok())
    {
        Some(Signal::SIGXCPU) => return Err(Refusal::Time),
        Some(Signal::SIGKILL) => return Err(Refusal::Memory),
        Some(signal) => return Err(Refusal::Damaged(format!("ffmpeg broke down ({signal})"))),
        None => {}
    }
    if log.lacks_memory {
        return Err(Refusal::Memory);
    }
    match &log.reason {
        Some(reason) => Err(Refusal::Damaged(format!("ffmpeg says: {reason}"))),
        None if nothing => Err(Refusal::damaged("there is no picture in it")),
        None => Err(Refusal::damaged("ffmpeg failed and does not say why")),
    }
}
