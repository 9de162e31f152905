//! Cuts the power after every step of a recording and compares what is found with what had been acknowledged.

mod library;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use super::disk::Disk;
use super::follow::What;
use super::opened::Bench;
use super::script::{Act, Display, Known, Recording, Step};
use super::states::{States, Thoroughness, Tree};

use library::library_fault;

/// What was tried, and what went wrong.
#[derive(Debug, Default)]
pub struct Report {
    /// Operations after which the power was cut, and acknowledgements.
    pub moments: usize,
    /// States a cut could have left, all moments together.
    pub states: usize,
    /// Of the media library those that differ, each opened by the real store.
    pub libraries: usize,
    /// Of loop-hw's folder those that differ, each started on by the real loop-hw.
    pub displays: usize,
    /// What was lost or damaged.
    pub faults: Vec<String>,
}

/// What must be there at a moment: the old, or the new where a change is under way.
#[derive(Clone, Copy)]
struct Bounds<'a> {
    old: &'a Known,
    new: &'a Known,
    /// What loop-hw had been given for sure.
    settled: &'a Known,
    /// What is being done and has not been acknowledged.
    under_way: Option<Act>,
    /// What was sent to be resumed, by the name of the file.
    parcels: &'a BTreeMap<String, Vec<u8>>,
}

/// The last step that has begun, counted from 1, and whether it has been acknowledged.
type Moment = (usize, bool);

/// A state to start on, and the moments at which a cut could leave it.
struct Case {
    tree: Tree,
    moments: Vec<Moment>,
}

impl Case {
    fn new(tree: Tree) -> Self {
        Self {
            tree,
            moments: Vec::new(),
        }
    }

    fn also_at(&mut self, moment: Moment) {
        if !self.moments.contains(&moment) {
            self.moments.push(moment);
        }
    }
}

/// How the disk behaves between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kernel {
    /// It has written everything when the next step begins, as it does by itself after some seconds.
    Busy,
    /// It writes nothing that it is not made to.
    Lazy,
}

/// Cuts the power everywhere.
#[must_use]
pub fn cut_everywhere(recording: &Recording) -> Report {
    let mut cut = Cut::new(recording);
    cut.replay(Kernel::Busy, Thoroughness::Every);
    cut.replay(Kernel::Lazy, Thoroughness::Ends);
    cut.try_all(Until::End)
}

/// Cuts the power everywhere until something is lost.
#[must_use]
pub fn first_loss(recording: &Recording) -> Option<String> {
    let mut cut = Cut::new(recording);
    cut.replay(Kernel::Busy, Thoroughness::Every);
    cut.replay(Kernel::Lazy, Thoroughness::Ends);
    cut.try_all(Until::Fault).faults.into_iter().next()
}

/// How long states are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// All of them.
    End,
    /// Until something is wrong with one.
    Fault,
}

struct Cut<'a> {
    recording: &'a Recording,
    /// When each step was acknowledged; never for one that nobody is told of.
    acknowledged: Vec<Option<u64>>,
    report: Report,
    states: States,
    known: HashSet<(u64, Moment)>,
    libraries: HashMap<u64, Case>,
    displays: HashMap<(u64, usize), Case>,
}

impl<'a> Cut<'a> {
    fn new(recording: &'a Recording) -> Self {
        let answer = |step: &Step| {
            let times = recording
                .events
                .iter()
                .filter(|event| matches!(event.what, What::Answer { status } if status < 300));
            let mut times = times.map(|event| event.time);
            let answer = times.find(|time| (step.began..=step.answered).contains(time));
            assert!(
                answer.is_some() || !step.is_acknowledged(),
                "nobody saw the answer to {:?}",
                step.act
            );
            answer.filter(|_| step.is_acknowledged())
        };
        Self {
            recording,
            acknowledged: recording.steps.iter().map(answer).collect(),
            report: Report::default(),
            states: States::default(),
            known: HashSet::new(),
            libraries: HashMap::new(),
            displays: HashMap::new(),
        }
    }

    /// Goes through the recording and takes note of every state a cut could leave.
    fn replay(&mut self, kernel: Kernel, thoroughness: Thoroughness) {
        let recording = self.recording;
        let (mut disk, mut step, mut acknowledged) = (Disk::default(), 0, false);
        for event in &recording.events {
            while recording
                .steps
                .get(step)
                .is_some_and(|next| event.time >= next.began)
            {
                (step, acknowledged) = (step + 1, false);
                if kernel == Kernel::Busy {
                    disk.settle();
                }
            }
            let matters = match &event.what {
                What::Disk(operation) => disk.apply(operation),
                What::Answer { .. } => {
                    let now = step.checked_sub(1).and_then(|step| self.acknowledged[step])
                        == Some(event.time);
                    let first = now && !acknowledged;
                    acknowledged |= first;
                    first
                }
            };
            if matters {
                self.report.moments += 1;
                self.cut(&disk, thoroughness, (step, acknowledged));
            }
        }
    }

    fn cut(&mut self, disk: &Disk, thoroughness: Thoroughness, moment: Moment) {
        for tree in self.states.after_a_cut(disk, thoroughness) {
            self.report.states += 1;
            if !self.known.insert((tree.hash(), moment)) {
                continue;
            }
            let library = tree.part(|path| !path.starts_with("data/hw"));
            let case = self.libraries.entry(library.hash());
            case.or_insert_with(|| Case::new(library)).also_at(moment);
            // loop-hw needs something to play, but what it remembers is in a folder of its own.
            let own = tree.part(|path| path.starts_with("data/hw"));
            let case = self.displays.entry((own.hash(), moment.0));
            let display = || tree.part(|path| !path.starts_with("data/incoming"));
            case.or_insert_with(|| Case::new(display())).also_at(moment);
        }
    }

    /// Lets the real programs start on each state.
    fn try_all(mut self, until: Until) -> Report {
        let libraries: Vec<_> = std::mem::take(&mut self.libraries).into_values().collect();
        let displays: Vec<_> = std::mem::take(&mut self.displays).into_values().collect();
        (self.report.libraries, self.report.displays) = (libraries.len(), displays.len());
        let mut faults = side_by_side(&libraries, until, &|bench, case| {
            let found = bench.open_library(&case.tree);
            self.judge(case, |bounds| library_fault(&found, bounds))
        });
        if until == Until::End || faults.is_empty() {
            faults.extend(side_by_side(&displays, until, &|bench, case| {
                let found = bench.start_display(&case.tree);
                self.judge(case, |bounds| display_fault(&found, bounds))
            }));
        }
        faults.sort();
        faults.dedup();
        self.report.faults = faults;
        self.report
    }

    fn judge(&self, case: &Case, fault: impl Fn(Bounds<'_>) -> Option<String>) -> Vec<String> {
        let told = |(step, acknowledged): &Moment| {
            let act = step
                .checked_sub(1)
                .map(|step| self.recording.steps[step].act);
            let when = if *acknowledged { "after" } else { "before" };
            fault(self.bounds(*step, *acknowledged))
                .map(|fault| format!("{when} the answer to step {step}, {act:?}: {fault}"))
        };
        case.moments.iter().filter_map(told).collect()
    }

    /// `step` is the last that has begun, counted from 1.
    fn bounds(&self, step: usize, acknowledged: bool) -> Bounds<'a> {
        let recording = self.recording;
        let after = |step: usize| {
            step.checked_sub(1)
                .map_or(&recording.before, |step| &recording.steps[step].after)
        };
        let settled = after(step.saturating_sub(1));
        let old = if acknowledged { after(step) } else { settled };
        Bounds {
            old,
            new: after(step),
            settled,
            under_way: step
                .checked_sub(1)
                .filter(|_| !acknowledged)
                .map(|step| recording.steps[step].act),
            parcels: &recording.parcels,
        }
    }
}

type Trial<'a> = dyn Fn(&mut Bench, &Case) -> Vec<String> + Sync + 'a;

fn side_by_side(cases: &[Case], until: Until, trial: &Trial<'_>) -> Vec<String> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let is_over = AtomicBool::new(false);
    let is_over = &is_over;
    std::thread::scope(|scope| {
        let work = |first: usize| {
            let mut bench = Bench::default();
            let cases = cases.iter().skip(first).step_by(threads);
            let goes_on = |_: &&Case| until == Until::End || !is_over.load(Ordering::Relaxed);
            let faults = cases.take_while(goes_on).flat_map(|case| {
                let faults = trial(&mut bench, case);
                is_over.fetch_or(!faults.is_empty(), Ordering::Relaxed);
                faults
            });
            faults.collect::<Vec<_>>()
        };
        let running: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || work(first)))
            .collect();
        running
            .into_iter()
            .flat_map(|running| running.join().unwrap())
            .collect()
    })
}

fn display_fault(found: &Result<Display, String>, bounds: Bounds<'_>) -> Option<String> {
    let found = match found {
        Ok(found) => found,
        Err(fault) => return Some(fault.clone()),
    };
    let (old, new) = (&bounds.old.display, &bounds.new.display);
    let one_of = |what: &str, is: String, old: String, new: String| {
        (is != old && is != new).then(|| format!("{what} is {is}, neither {old} nor {new}"))
    };
    // loop-hw is told of a new order when it has been acknowledged: it may have the one before.
    let before = &bounds.settled.display;
    let same = before.playlist == new.playlist && bounds.settled.items == bounds.new.items;
    let current = |display: &Display| format!("{:?}", display.current);
    one_of(
        "the brightness",
        found.brightness.to_string(),
        old.brightness.to_string(),
        new.brightness.to_string(),
    )
    .or_else(|| {
        one_of(
            "what repeats and plays",
            found.modes.clone(),
            old.modes.clone(),
            new.modes.clone(),
        )
    })
    .or_else(|| {
        let order = |display: &Display| format!("{:?}", display.playlist);
        // Items that come together come one after the other.
        let grows = new.playlist.starts_with(&found.playlist);
        let is_on_its_way = grows && found.playlist.starts_with(&before.playlist);
        one_of("the playlist", order(found), order(before), order(new)).filter(|_| !is_on_its_way)
    })
    .or_else(|| {
        let found = one_of(
            "what is on the glass",
            current(found),
            current(old),
            current(new),
        );
        found.filter(|_| same)
    })
}
