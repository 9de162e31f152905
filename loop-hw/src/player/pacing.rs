//! Measures how exactly pictures come, for the benchmarks: the player's own presenter on a panel that only takes time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use loop_proto::clip::{Clip, ClipWriter, Position, Record};
use loop_proto::clock::monotonic;
use loop_proto::pixel::Frame;
use loop_proto::snapshot::{PanelKind, Scheduling};
use loop_proto::units::Brightness;

use super::presenter::Presenter;
use super::readahead::RECORDS;
use super::rings::{Cue, DirectorEnd, Fate, Message, Order, Place, Report, rings};
use super::timeline::Timeline;
use crate::counters::Counters;
use crate::panel::{Damage, Diagnosis, Error, Panel};
use crate::sys;

/// How to wait for a picture's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// As the original does: show the picture, then sleep for what is left of its time.
    RelativeSleep,
    /// The presenter, scheduled like any other thread.
    Normal,
    /// The presenter as it is used.
    Realtime,
}

/// What to show.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// How many frames.
    pub frames: u32,
    /// How long each is shown.
    pub period: Duration,
    /// How long the panel takes to get one; its thread is blocked meanwhile, as by the kernel's DMA.
    pub work: Duration,
}

/// How late the panel began to get its frames.
#[derive(Clone, Copy, Debug)]
pub struct Lateness {
    /// Half of the frames came this late or less.
    pub p50: Duration,
    /// 99 of 100.
    pub p99: Duration,
    /// The latest.
    pub max: Duration,
    /// How much more time passed from the first frame to the last than should have.
    pub drift: Duration,
    /// Frames whose time was over before they could be shown.
    pub dropped: u64,
    /// How the thread was scheduled in fact.
    pub scheduling: Scheduling,
}

/// Threads that do nothing but keep the processor busy, until they are dropped.
#[derive(Debug)]
pub struct Hogs {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Hogs {
    /// Starts this many.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(count: usize) -> io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let mut hogs = Self {
            over: Arc::clone(&over),
            threads: Vec::new(),
        };
        for _ in 0..count {
            let over = Arc::clone(&over);
            let hog = move || {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            };
            hogs.threads.push(spawn("hog", hog)?);
        }
        Ok(hogs)
    }
}

impl Drop for Hogs {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // It cannot panic, and there would be nothing to do about it.
            drop(thread.join());
        }
    }
}

/// Shows the frames in real time and tells how late they were.
///
/// # Errors
/// When the system gives no thread, or ends one.
pub fn measure(trial: Trial, method: Method) -> io::Result<Lateness> {
    match method {
        Method::RelativeSleep => Ok(relative(trial)),
        Method::Normal => Stage::new(trial, Scheduling::Normal)?.play(),
        Method::Realtime => Stage::new(trial, Scheduling::Realtime)?.play(),
    }
}

/// How far deadlines are off after this much simulated time, when each frame is taken up to a second late.
#[must_use]
pub fn simulated_drift(span: Duration, period: Duration) -> Duration {
    let start = Duration::from_secs(1000);
    let mut timeline = Timeline::starting(start);
    let (mut shown, mut late) = (Duration::ZERO, Duration::ZERO);
    while shown < span {
        let Some(due) = timeline.due() else { break };
        // Any sequence of different delays will do, as long as they are not hopeless.
        late += Duration::from_micros(7919);
        if late > Duration::from_secs(1) {
            late -= Duration::from_secs(1);
        }
        timeline.lateness(due + late);
        timeline.take(period);
        shown += period;
    }
    timeline
        .due()
        .unwrap_or_default()
        .abs_diff(start.saturating_add(shown))
}

fn relative(trial: Trial) -> Lateness {
    let (mut late, start) = (Vec::new(), monotonic());
    let mut begun = start;
    for _ in 0..trial.frames {
        sys::pause(trial.work);
        sys::pause((begun + trial.period).saturating_sub(monotonic()));
        let now = monotonic();
        late.push(now.saturating_sub(begun + trial.period));
        begun = now;
    }
    let drift = (begun - start).abs_diff(trial.period * trial.frames);
    summary(late, drift, 0, Scheduling::Normal)
}

fn summary(
    mut late: Vec<Duration>,
    drift: Duration,
    dropped: u64,
    scheduling: Scheduling,
) -> Lateness {
    late.sort_unstable();
    let at = |percent: usize| {
        let place = late.len().saturating_sub(1) * percent / 100;
        late.get(place).copied().unwrap_or_default()
    };
    Lateness {
        p50: at(50),
        p99: at(99),
        max: at(100),
        drift,
        dropped,
        scheduling,
    }
}

/// A presenter with its panel, and the director's part of it.
struct Stage {
    trial: Trial,
    end: DirectorEnd,
    counters: Arc<Counters>,
    /// When each picture was begun, in nanoseconds of the monotonic clock.
    begun: Arc<[AtomicU64]>,
    thread: JoinHandle<()>,
    sent: u32,
}

impl Stage {
    fn new(trial: Trial, scheduling: Scheduling) -> io::Result<Self> {
        let begun: Arc<[AtomicU64]> = (0..trial.frames).map(|_| AtomicU64::new(0)).collect();
        let panel = Box::new(Probe {
            begun: Arc::clone(&begun),
            count: 0,
            work: trial.work,
        });
        let (end, presenter_end) = rings();
        let counters = Arc::new(Counters::default());
        let presenter = Presenter::new(panel, presenter_end, Arc::clone(&counters), Instant::now());
        let thread = spawn("presenter", move || presenter.run(scheduling))?;
        Ok(Self {
            trial,
            end,
            counters,
            begun,
            thread,
            sent: 0,
        })
    }

    fn play(mut self) -> io::Result<Lateness> {
        let mut record = Record::default();
        for _ in 0..RECORDS {
            still()?
                .load(Position::Frame(0), &mut record)
                .map_err(io::Error::other)?;
            self.cue(std::mem::take(&mut record));
        }
        // When each was due that was shown, in their order.
        let mut due = Vec::new();
        let mut taken = 0;
        while taken < self.trial.frames {
            match self.end.next_report() {
                Some(Report::Cue(cue, fate, timeline)) => {
                    taken += 1;
                    if fate == Fate::Shown {
                        due.push(timeline.due().unwrap_or_default() - self.trial.period);
                    }
                    self.cue(cue.record);
                }
                Some(_) => {}
                None if self.end.is_alone() => return Err(io::Error::other("the presenter died")),
                None => self.end.alarm().wait(None),
            }
        }
        self.end.send(Message::Order(Order::Stop));
        let health = self.counters.health();
        let joined = self.thread.join();
        joined.map_err(|_| io::Error::other("the presenter died"))?;
        let begun: Vec<_> = self.begun.iter().map(loaded).collect();
        let late = begun.iter().zip(&due);
        let late = late
            .map(|(begun, due)| begun.saturating_sub(*due))
            .collect();
        let span = |moments: &[Duration]| {
            moments
                .last()
                .zip(moments.first())
                .map(|(last, first)| last.saturating_sub(*first))
                .unwrap_or_default()
        };
        let shown = begun.get(..due.len()).unwrap_or_default();
        let drift = span(shown).abs_diff(span(&due));
        Ok(summary(
            late,
            drift,
            health.frames_dropped,
            health.scheduling,
        ))
    }

    /// Sends the next frame, if there is another.
    fn cue(&mut self, record: Record) {
        if self.sent == self.trial.frames {
            return;
        }
        self.end.send(Message::Cue(Cue {
            segment: 1,
            frame: self.sent,
            record,
            duration: self.trial.period,
            place: if self.sent == 0 {
                Place::Chosen
            } else {
                Place::Within
            },
        }));
        self.sent += 1;
    }
}

fn loaded(nanos: &AtomicU64) -> Duration {
    Duration::from_nanos(nanos.load(Ordering::Relaxed))
}

/// A clip of one black frame.
fn still() -> io::Result<Clip<Vec<u8>>> {
    let written = || {
        let mut writer = ClipWriter::new(io::Cursor::new(Vec::new()))?;
        writer.push(&Frame::black(), Duration::from_secs(1))?;
        let (file, _) = writer.finish()?;
        Clip::open(file.into_inner())
    };
    written().map_err(|error: loop_proto::clip::Error| io::Error::other(error))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run)
}

/// Notes when it is given a picture, and takes its time.
struct Probe {
    begun: Arc<[AtomicU64]>,
    count: usize,
    work: Duration,
}

impl Panel for Probe {
    fn kind(&self) -> PanelKind {
        PanelKind::Simulated
    }

    fn present(&mut self, _: &Frame, _: Damage<'_>) -> Result<(), Error> {
        let nanos = u64::try_from(monotonic().as_nanos()).unwrap_or(u64::MAX);
        if let Some(begun) = self.begun.get(self.count) {
            begun.store(nanos, Ordering::Relaxed);
        }
        self.count += 1;
        sys::pause(self.work);
        Ok(())
    }

    fn heal(&mut self, _: Duration) -> Result<bool, Error> {
        Ok(false)
    }

    fn picture(&self, _: &mut Frame) {}

    fn set_brightness(&mut self, _: Brightness) -> Result<(), Error> {
        Ok(())
    }

    fn diagnosis(&self) -> Diagnosis {
        Diagnosis::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIAL: Trial = Trial {
        frames: 40,
        period: Duration::from_millis(3),
        work: Duration::from_millis(1),
    };

    #[test]
    fn every_frame_is_shown_or_dropped_and_none_comes_early() {
        for method in [Method::Normal, Method::Realtime] {
            let late = measure(TRIAL, method).unwrap();
            assert!(late.dropped < u64::from(TRIAL.frames));
            assert!(late.p50 <= late.p99 && late.p99 <= late.max);
            assert!(late.max > Duration::ZERO);
        }
    }

    #[test]
    fn sleeping_for_what_is_left_only_ever_adds_up() {
        let late = measure(TRIAL, Method::RelativeSleep).unwrap();
        assert!(late.drift >= late.max);
        assert_eq!(late.scheduling, Scheduling::Normal);
    }

    #[test]
    fn deadlines_of_an_hour_are_where_they_should_be() {
        let hour = Duration::from_secs(3600);
        for period in [33_333, 40_000, 69_930] {
            let drift = simulated_drift(hour, Duration::from_micros(period));
            assert!(drift <= Duration::from_millis(1), "{drift:?}");
        }
    }
}
