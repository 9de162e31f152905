//! Who belongs to whom.

use std::collections::HashMap;

use crate::power::trace::Log;

/// Which process each thread belongs to, and which process made it.
pub(super) fn processes(log: &Log) -> HashMap<u32, (u32, Option<u32>)> {
    let mut processes: HashMap<u32, (u32, Option<u32>)> = HashMap::new();
    for call in &log.calls {
        let (own, _) = *processes.entry(call.thread).or_insert((call.thread, None));
        let made = call.result.and_then(|id| u32::try_from(id).ok());
        if let (Some(child), "clone" | "clone3" | "fork" | "vfork") = (made, call.name.as_str()) {
            let shares = call.args.iter().any(|arg| arg.contains("CLONE_THREAD"));
            let place = if shares {
                (own, None)
            } else {
                (child, Some(own))
            };
            processes.insert(child, place);
        }
    }
    processes
}
