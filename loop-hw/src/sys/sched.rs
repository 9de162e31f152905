//! Which threads the kernel runs first.

use nix::errno::Errno;
use nix::libc;

/// Puts the calling thread before all threads that share the processor fairly, with a priority of 1 to 99 among those that
/// do not (`SCHED_FIFO`). Threads it starts are normal ones.
///
/// # Errors
/// Without CAP_SYS_NICE and with a lower RLIMIT_RTPRIO.
pub(crate) fn become_realtime(priority: i32) -> nix::Result<()> {
    let parameters = libc::sched_param {
        sched_priority: priority,
    };
    let policy = libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK;
    // SAFETY: 0 is the calling thread, and the parameters outlive the call.
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const parameters) };
    Errno::result(result).map(drop)
}
