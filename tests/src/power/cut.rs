//! Cuts the power after every step of a recording and compares what is found with what had been acknowledged.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::disk::{Disk, hash_of};
use super::follow::What;
use super::opened::{Bench, Library};
use super::script::{Display, Known, Recording, Step};
use super::states::{States, Thoroughness, Tree};

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
    cut.try_all()
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
    fn try_all(mut self) -> Report {
        let libraries: Vec<_> = std::mem::take(&mut self.libraries).into_values().collect();
        let displays: Vec<_> = std::mem::take(&mut self.displays).into_values().collect();
        (self.report.libraries, self.report.displays) = (libraries.len(), displays.len());
        let mut faults = side_by_side(&libraries, &|bench, case| {
            let found = bench.open_library(&case.tree);
            self.judge(case, |bounds| library_fault(&found, bounds))
        });
        faults.extend(side_by_side(&displays, &|bench, case| {
            let found = bench.start_display(&case.tree);
            self.judge(case, |bounds| display_fault(&found, bounds))
        }));
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
        }
    }
}

type Trial<'a> = dyn Fn(&mut Bench, &Case) -> Vec<String> + Sync + 'a;

fn side_by_side(cases: &[Case], trial: &Trial<'_>) -> Vec<String> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        let work = |first: usize| {
            let mut bench = Bench::default();
            let cases = cases.iter().skip(first).step_by(threads);
            cases
                .flat_map(|case| trial(&mut bench, case))
                .collect::<Vec<_>>()
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

fn library_fault(found: &Library, bounds: Bounds<'_>) -> Option<String> {
    let Bounds { old, new, .. } = bounds;
    if let Some(fault) = found.faults.first() {
        return Some(fault.clone());
    }
    let mut slugs = old
        .items
        .keys()
        .chain(new.items.keys())
        .chain(found.items.keys());
    let torn = slugs.find(|slug| {
        let is = found.items.get(*slug);
        is != old.items.get(*slug) && is != new.items.get(*slug)
    });
    if let Some(slug) = torn {
        let is = found.items.get(slug);
        return Some(format!(
            "{slug} is neither the old nor the new one, but {is:?}"
        ));
    }
    // A name in the order that no item has is not taken for anything.
    let there = |order: &[String]| {
        order
            .iter()
            .filter(|slug| found.items.contains_key(*slug))
            .cloned()
            .collect::<Vec<_>>()
    };
    if found.order != there(&old.order) && found.order != there(&new.order) {
        return Some(format!(
            "the loop is {:?}, neither {:?} nor {:?}",
            found.order, old.order, new.order
        ));
    }
    // An upload that is over need not be there any more.
    let mut uploads = old
        .uploads
        .iter()
        .filter(|(id, _)| new.uploads.contains_key(*id));
    let (id, _) = uploads.find(|(id, files)| !has_arrived(found, id, files))?;
    Some(format!(
        "of upload {id} not all is there that was acknowledged"
    ))
}

/// Whether each file of an upload begins with what had arrived of it.
fn has_arrived(found: &Library, id: &str, files: &BTreeMap<String, (usize, u64)>) -> bool {
    files.iter().all(|(name, (length, hash))| {
        let file = found.incoming.get(id).and_then(|files| files.get(name));
        let begins = file.and_then(|file| file.get(..*length));
        begins.is_some_and(|bytes| hash_of(bytes) == *hash)
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
        one_of("the playlist", order(found), order(before), order(new))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_acknowledged_of_an_upload_must_be_there_and_more_may_be() {
        let arrived =
            |bytes: &[u8]| BTreeMap::from([("data".to_owned(), (bytes.len(), hash_of(bytes)))]);
        let known = Known {
            uploads: BTreeMap::from([("u".to_owned(), arrived(b"abc"))]),
            ..Known::default()
        };
        let bounds = Bounds {
            old: &known,
            new: &known,
            settled: &known,
        };
        for (found, right) in [
            ("abc", true),
            ("abcde", true),
            ("ab", false),
            ("ab\0", false),
        ] {
            let files = BTreeMap::from([("data".to_owned(), found.into())]);
            let library = Library {
                incoming: BTreeMap::from([("u".to_owned(), files)]),
                ..Library::default()
            };
            assert_eq!(library_fault(&library, bounds).is_none(), right, "{found}");
        }
        assert!(library_fault(&Library::default(), bounds).is_some());
    }
}
