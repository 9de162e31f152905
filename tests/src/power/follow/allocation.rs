//! `fallocate`: room is set aside, or given back.

use crate::power::operation::{Handle, Operation};
use crate::power::trace::Call;

/// What it does to a file.
pub(super) fn allocated(call: &Call, file: Handle) -> Operation {
    let number = |at: usize| call.args[at].parse::<u64>().unwrap();
    let (at, length) = (number(2), number(3));
    let mut flags: Vec<_> = call.args[1].split('|').collect();
    flags.sort_unstable();
    match flags[..] {
        ["0"] => Operation::Extend {
            file,
            length: at + length,
        },
        ["FALLOC_FL_KEEP_SIZE"] => Operation::Reserve {
            file,
            length: at + length,
        },
        ["FALLOC_FL_KEEP_SIZE", "FALLOC_FL_PUNCH_HOLE"] => Operation::Punch { file, at, length },
        _ => panic!("nobody knows what {call:?} does to the data folder"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(flags: &str) -> Call {
        let args = ["5<x>", flags, "4096", "8192"];
        Call {
            thread: 1,
            name: "fallocate".to_owned(),
            args: args.map(str::to_owned).to_vec(),
            result: Some(0),
        }
    }

    #[test]
    fn room_is_set_aside_or_given_back_within_or_behind_a_file() {
        let file = Handle(1);
        assert!(matches!(
            allocated(&call("0"), file),
            Operation::Extend { length: 12288, .. }
        ));
        assert!(matches!(
            allocated(&call("FALLOC_FL_KEEP_SIZE"), file),
            Operation::Reserve { length: 12288, .. }
        ));
        assert!(matches!(
            allocated(&call("FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE"), file),
            Operation::Punch {
                at: 4096,
                length: 8192,
                ..
            }
        ));
    }

    #[test]
    #[should_panic(expected = "nobody knows what")]
    fn what_nobody_has_thought_of_ends_the_test() {
        allocated(&call("FALLOC_FL_COLLAPSE_RANGE"), Handle(1));
    }
}
