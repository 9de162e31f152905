//! What the states a device goes through mean for an attempt to join; pure.
//!
//! ```text
//! 40 prepare ▶ 50 config ▶ 60 need auth ▶ 40 ▶ 50 ▶ 70 address ▶ 80 check ▶ 90 ▶ 100 joined
//!                  ▲            │ a password that is refused is asked for again, with reason 8,
//!                  └────────────┘ and when nobody knows another one it ends with 120, reason 7
//! ```

use loop_proto::wifi::{Course, JoinFault, JoinStep};

use super::facts::device_state::{ACTIVATED, CONFIG, NEED_AUTH, PREPARE};
use super::view::step;

/// A step of a device, as `StateChanged` tells it: `NMDeviceState` twice and `NMDeviceStateReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) to: u32,
    pub(crate) from: u32,
    pub(crate) reason: u32,
}

/// An attempt under way. The reason why it fails is told only along the way, not at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trial {
    begun: bool,
    with_password: bool,
    authenticating: bool,
    refused: bool,
    reached: Option<JoinStep>,
}

impl Trial {
    /// One that has not begun: what the device leaves first is told before.
    pub(crate) fn new(with_password: bool) -> Self {
        Self {
            with_password,
            ..Self::default()
        }
    }

    /// What an attempt is after another step; `None` if it says nothing.
    pub(crate) fn take(&mut self, turn: Turn) -> Option<Course> {
        self.begun |= turn.to == PREPARE;
        if !self.begun {
            return None;
        }
        self.authenticating |= turn.to == NEED_AUTH;
        self.refused |=
            turn.to == NEED_AUTH && turn.from == CONFIG && is_by_supplicant(turn.reason);
        if turn.to == ACTIVATED {
            return Some(Course::Succeeded);
        }
        let Some(step) = step(turn.to, self.authenticating) else {
            return Some(Course::Failed(self.fault(turn.reason)));
        };
        let is_news = self.reached.replace(step) != Some(step);
        is_news.then_some(Course::Trying(step))
    }

    /// By `NMDeviceStateReason`.
    fn fault(&self, reason: u32) -> JoinFault {
        match reason {
            _ if self.refused && self.with_password => JoinFault::WrongPassword,
            7 if self.with_password => JoinFault::WrongPassword,
            7 => JoinFault::PasswordNeeded,
            5 | 6 | 15..=17 => JoinFault::NoAddress,
            53 => JoinFault::NotInReach,
            39 | 60 => JoinFault::Interrupted,
            _ if is_by_supplicant(reason) => JoinFault::NoAnswer,
            _ => JoinFault::Refused,
        }
    }
}

/// The part that speaks with access points has lost one, could not be set up, has failed, or waited in vain.
fn is_by_supplicant(reason: u32) -> bool {
    (8..=11).contains(&reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each step with its reason.
    fn courses(trial: &mut Trial, steps: &[(u32, u32)]) -> Vec<Course> {
        let mut from = 30;
        let turns = steps.iter().map(|(to, reason)| {
            let from = std::mem::replace(&mut from, *to);
            (*to, from, *reason)
        });
        let told = turns.map(|(to, from, reason)| trial.take(Turn { to, from, reason }));
        told.flatten().collect()
    }

    const SEARCHED: [Course; 2] = [
        Course::Trying(JoinStep::Associating),
        Course::Trying(JoinStep::Authenticating),
    ];

    // The steps are those a real NetworkManager has gone through.

    #[test]
    fn the_right_password_leads_through_all_steps() {
        let steps = [40, 50, 60, 40, 50, 70, 80, 90, 100].map(|to| (to, 0));
        let told = courses(&mut Trial::new(true), &steps);
        let (search, rest) = told.split_at(2);
        assert_eq!(search, SEARCHED);
        let [address, check] = [JoinStep::GettingAddress, JoinStep::Checking].map(Course::Trying);
        assert_eq!(rest, [address, check, Course::Succeeded]);
    }

    #[test]
    fn a_wrong_password_is_told_as_such() {
        let steps = [
            (40, 0),
            (50, 0),
            (60, 0),
            (40, 0),
            (50, 0),
            (60, 8),
            (120, 7),
        ];
        let told = courses(&mut Trial::new(true), &steps);
        let failed = Course::Failed(JoinFault::WrongPassword);
        assert_eq!(told.last(), Some(&failed));
        assert_eq!(told.split_last().unwrap().1, SEARCHED);
    }

    #[test]
    fn what_the_device_leaves_first_is_no_failure() {
        let steps = [(110, 60), (30, 60), (40, 0), (50, 0)];
        let told = courses(&mut Trial::new(true), &steps);
        assert_eq!(told, SEARCHED[..1]);
    }

    #[test]
    fn each_reason_gives_the_user_something_to_do() {
        for (reason, fault) in [
            (5, JoinFault::NoAddress),
            (17, JoinFault::NoAddress),
            (11, JoinFault::NoAnswer),
            (53, JoinFault::NotInReach),
            (39, JoinFault::Interrupted),
            (7, JoinFault::PasswordNeeded),
            (36, JoinFault::Refused),
        ] {
            let told = courses(&mut Trial::new(false), &[(40, 0), (50, 0), (120, reason)]);
            assert_eq!(told.last(), Some(&Course::Failed(fault)), "{reason}");
        }
    }
}
