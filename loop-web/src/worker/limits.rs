//! What the worker takes away from itself before it reads a byte of the original.
//!
//! Limits on resources are always set, and setting one cannot fail quietly. Landlock takes away the file system, the
//! network and other processes where the kernel has it; an older kernel gets as much of it as it knows. There is no filter
//! of system calls: the one well-kept safe crate for it knows no 32-bit ARM.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use nix::sys::prctl;
use nix::sys::resource::{Resource, rlim_t, setrlimit};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

/// Memory a process may write to, in bytes. Measured: see the figures in `bounds.rs` for pictures; ffmpeg takes 60 to 90 MB
/// for a film in 1080p and 190 MB for one in 4K. A Raspberry Pi with 512 MB has about 300 MB to spare.
const MEMORY: u64 = 256 * 1024 * 1024;

/// All addresses: what is only mapped for reading, and what the C library reserves for each thread, counts here.
const ADDRESSES: u64 = 4 * MEMORY;

/// The original, the clip, three streams and, for a film, ffmpeg's own.
const FILES: u64 = 64;

/// Behind the seconds at which the system asks a process to end it ends it.
const GRACE_SECONDS: u64 = 5;

/// Others come first.
const NICE: i32 = 10;

/// When memory runs out in the whole device, this process goes first.
const FIRST_TO_GO: &[u8] = b"1000";

/// What this program knows of; a kernel may know less.
const KNOWN: ABI = ABI::V6;

/// Where programs have their libraries and what tells where those are.
const PROGRAMS: [&str; 6] = [
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
];

/// How far a process is to be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of the processor, all threads together.
    pub cpu_seconds: u64,
    /// Largest file that may be written.
    pub file_bytes: u64,
}

/// What is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protections {
    /// Memory that may be written to, in MB.
    pub memory_mb: u64,
    /// Of the processor.
    pub cpu_seconds: u64,
    /// Largest file that may be written, in MB.
    pub file_mb: u64,
    /// How far the file system, the network and other processes are out of reach.
    pub landlock: Landlock,
}

/// How far the kernel goes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Landlock {
    /// With all we ask.
    Full,
    /// With what it knows.
    Partial,
    /// It has none, or it is not allowed.
    None,
}

/// What a film's program may still reach.
#[derive(Clone, Copy, Debug)]
pub struct Reach<'a> {
    /// The program.
    pub program: &'a Path,
    /// What it is to read.
    pub source: &'a File,
}

/// Limits this process and all it starts, for good. `reach` is what it may still open and run; nothing without it.
///
/// # Errors
/// When a limit cannot be set: the worker must not go on then.
pub fn apply(limits: Limits, reach: Option<Reach<'_>>) -> std::io::Result<Protections> {
    // Who started it ends it, also by dying. As far as it is allowed: these are courtesies.
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    let _ = rustix::process::nice(NICE);
    drop(File::create("/proc/self/oom_score_adj").and_then(|mut file| file.write_all(FIRST_TO_GO)));

    let seconds = limits.cpu_seconds;
    let hard = [
        (Resource::RLIMIT_CORE, 0, 0),
        (Resource::RLIMIT_DATA, MEMORY, MEMORY),
        (Resource::RLIMIT_AS, ADDRESSES, ADDRESSES),
        (Resource::RLIMIT_CPU, seconds, seconds + GRACE_SECONDS),
        (Resource::RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes),
        (Resource::RLIMIT_NOFILE, FILES, FILES),
    ];
    for (resource, soft, hard) in hard {
        setrlimit(resource, narrow(soft), narrow(hard))?;
    }
    Ok(Protections {
        memory_mb: MEMORY / (1024 * 1024),
        cpu_seconds: seconds,
        file_mb: limits.file_bytes / 1_000_000,
        landlock: restrict(reach).unwrap_or(Landlock::None),
    })
}

fn restrict(reach: Option<Reach<'_>>) -> Result<Landlock, RulesetError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?;
    if let Some(reach) = reach {
        let run = AccessFs::Execute | AccessFs::ReadFile | AccessFs::ReadDir;
        let read_write = AccessFs::ReadFile | AccessFs::WriteFile;
        rules = rules.add_rule(PathBeneath::new(reach.source.as_fd(), AccessFs::ReadFile))?;
        let places = PROGRAMS.map(|place| (Path::new(place), run)).into_iter();
        let program = (reach.program, AccessFs::Execute | AccessFs::ReadFile);
        for (place, access) in places.chain([program, (Path::new("/dev/null"), read_write)]) {
            // Not every system has all of them.
            if let Ok(there) = PathFd::new(place) {
                let access = if place.is_dir() {
                    access
                } else {
                    access & file_access()
                };
                rules = rules.add_rule(PathBeneath::new(there, access))?;
            }
        }
    }
    Ok(match rules.restrict_self()?.ruleset {
        RulesetStatus::FullyEnforced => Landlock::Full,
        RulesetStatus::PartiallyEnforced => Landlock::Partial,
        RulesetStatus::NotEnforced => Landlock::None,
    })
}

/// What can be allowed for a file; more of it would be an error.
fn file_access() -> BitFlags<AccessFs> {
    AccessFs::from_file(KNOWN)
}

fn narrow(limit: u64) -> rlim_t {
    rlim_t::try_from(limit).unwrap_or(rlim_t::MAX)
}
