//! Figures of [`Health`](crate::snapshot::Health): how late pictures were, and what a daemon takes.

use serde::{Deserialize, Serialize};

/// Bounds of [`Lateness::counts`] in microseconds, each included; what is later goes into the last one.
pub const LATENESS_BOUNDS_US: [u64; 10] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000,
];

/// How late pictures were against their deadlines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lateness {
    /// Pictures by lateness: up to each of [`LATENESS_BOUNDS_US`] and above the one before, and those above all.
    pub counts: [u64; LATENESS_BOUNDS_US.len() + 1],
    /// Of all of them, in microseconds.
    pub sum_us: u64,
}

/// What a daemon takes of its machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Memory that is in RAM.
    pub resident_bytes: u64,
    /// Time on a processor since it started, in microseconds.
    pub cpu_us: u64,
    /// Open files, sockets among them.
    pub open_files: u64,
    /// When it was started, as Unix time in milliseconds; 0 if that is not known.
    pub started_unix_ms: u64,
}

#[cfg(feature = "daemon")]
mod own {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::unistd::{SysconfVar, sysconf};

    use super::Process;

    impl Process {
        /// Of this process, as the system tells; what it does not tell is 0.
        #[must_use]
        pub fn own() -> Self {
            Self {
                resident_bytes: resident_bytes().unwrap_or(0),
                cpu_us: cpu_us().unwrap_or(0),
                open_files: open_files().unwrap_or(0),
                started_unix_ms: started_unix_ms().unwrap_or(0),
            }
        }
    }

    fn resident_bytes() -> Option<u64> {
        let text = std::fs::read_to_string("/proc/self/statm").ok()?;
        let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
        Some(pages * of_system(SysconfVar::PAGE_SIZE)?)
    }

    fn cpu_us() -> Option<u64> {
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
        let spent = [usage.user_time(), usage.system_time()];
        let micros = spent.map(|time| time.tv_sec() * 1_000_000 + time.tv_usec());
        u64::try_from(micros.iter().sum::<i64>()).ok()
    }

    fn open_files() -> Option<u64> {
        let listed = std::fs::read_dir("/proc/self/fd").ok()?.count();
        // Without the one it takes to look.
        u64::try_from(listed).ok()?.checked_sub(1)
    }

    fn started_unix_ms() -> Option<u64> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The name in brackets may have spaces; the start is the twentieth word after it.
        let (_, words) = stat.rsplit_once(')')?;
        let ticks: u64 = words.split_whitespace().nth(19)?.parse().ok()?;
        let machine = std::fs::read_to_string("/proc/stat").ok()?;
        let booted = machine
            .lines()
            .find_map(|line| line.strip_prefix("btime "))?;
        let booted: u64 = booted.trim().parse().ok()?;
        Some(booted * 1000 + ticks * 1000 / of_system(SysconfVar::CLK_TCK)?)
    }

    fn of_system(figure: SysconfVar) -> Option<u64> {
        u64::try_from(sysconf(figure).ok()??)
            .ok()
            .filter(|value| *value > 0)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_process_knows_what_it_takes() {
            let files = [(); 3].map(|()| std::fs::File::open("/proc/self/stat").unwrap());
            let own = Process::own();
            assert!(own.resident_bytes > 100_000, "{own:?}");
            assert!(own.open_files > 3, "{own:?}");
            drop(files);
            assert!(own.cpu_us > 0, "{own:?}");
            let now = std::time::SystemTime::UNIX_EPOCH
                .elapsed()
                .unwrap()
                .as_millis();
            let age = now - u128::from(own.started_unix_ms);
            assert!(age < 24 * 3_600_000, "{own:?}");
        }
    }
}
