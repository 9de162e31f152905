//! One attempt to join a network, under a checkpoint: it succeeds, or everything is as it was before.

use std::time::Duration;

use loop_proto::wifi::{Course, JoinFault};
use tokio::sync::mpsc;

use super::aim::{Aim, Key, Way, settings};
use super::bus::{Bus, CHECKPOINT, reason};
use super::facts::Path;
use super::trial::{Trial, Turn};

/// The longest it may take: NetworkManager gives up on an access point after 25 s and on an address after 45 s.
const LIMIT: Duration = Duration::from_secs(90);

/// How often the network from before is asked for when it is not joined again at once: an access point may slip, too, and
/// NetworkManager does not ask it a second time.
const RETURNS: usize = 2;

/// The longest each of them may take.
const RETURN_LIMIT: Duration = Duration::from_secs(60);

// Nobody else may go back first.
const _: () = assert!(LIMIT.as_secs() < CHECKPOINT.as_secs());

/// Tries, tells how it goes, and gives how it went. `turns` are those of the device, from before it began.
pub(crate) async fn run(
    bus: Bus,
    aim: Aim,
    mut turns: mpsc::Receiver<Turn>,
    tell: impl Fn(Course),
) -> Course {
    let checkpoint = match bus.checkpoint(&aim.device).await {
        Ok(checkpoint) => checkpoint,
        Err(error) => return refused("no checkpoint, so nothing is tried", &error),
    };
    let begun = begin(&bus, &aim).await;
    let is_begun = begun.is_ok();
    let (made, course) = match begun {
        Ok(made) => {
            let watched = watch(&mut turns, aim.has_password(), tell);
            let course = tokio::time::timeout(LIMIT, watched).await;
            let course = course.unwrap_or(Course::Failed(JoinFault::TimedOut));
            (made, aim.told(course))
        }
        Err(error) => (None, refused("not even tried", &error)),
    };
    if course == Course::Succeeded {
        stay(&bus, &aim, made.as_deref(), &checkpoint).await;
    } else {
        go_back(&bus, made.as_deref(), &checkpoint).await;
        if let (true, Some(before)) = (is_begun, &aim.before) {
            come_back(&bus, &aim.device, before, &mut turns).await;
        }
    }
    course
}

/// Gives the profile that was made for it.
async fn begin(bus: &Bus, aim: &Aim) -> zbus::Result<Option<Path>> {
    let access_point = aim.access_point.as_deref();
    match &aim.way {
        Way::Saved(profile) => {
            let begun = bus.activate(profile, &aim.device, access_point);
            begun.await.map(|()| None)
        }
        Way::New { key, hidden, .. } => {
            let settings = settings(&aim.ssid, key, *hidden);
            let made = bus.add_and_activate(&settings, &aim.device, access_point);
            made.await.map(Some)
        }
    }
}

async fn watch(
    turns: &mut mpsc::Receiver<Turn>,
    with_password: bool,
    tell: impl Fn(Course),
) -> Course {
    let mut trial = Trial::new(with_password);
    while let Some(turn) = turns.recv().await {
        match trial.take(turn) {
            Some(Course::Trying(step)) => tell(Course::Trying(step)),
            Some(end) => return end,
            None => {}
        }
    }
    Course::Failed(JoinFault::Refused)
}

async fn stay(bus: &Bus, aim: &Aim, made: Option<&str>, checkpoint: &str) {
    warn_of(
        bus.let_go(checkpoint).await,
        "NetworkManager keeps its checkpoint",
    );
    let (Some(made), Way::New { replaced, .. }) = (made, &aim.way) else {
        return;
    };
    let kept = bus.keep(made).await;
    let is_kept = kept.is_ok();
    warn_of(kept, "the network will be forgotten when it is left");
    if is_kept {
        for profile in replaced {
            warn_of(
                bus.delete(profile).await,
                "an older profile of the network stays",
            );
        }
    }
}

async fn go_back(bus: &Bus, made: Option<&str>, checkpoint: &str) {
    if let Some(made) = made
        && let Err(error) = bus.delete(made).await
    {
        // It goes by itself with the network it was for.
        tracing::debug!(
            "the profile that was tried is gone already: {}",
            reason(&error)
        );
    }
    warn_of(
        bus.roll_back(checkpoint).await,
        "NetworkManager does not go back",
    );
}

/// Sees to it that the network from before is joined again, which NetworkManager has begun with.
async fn come_back(bus: &Bus, device: &str, before: &str, turns: &mut mpsc::Receiver<Turn>) {
    for _ in 0..RETURNS {
        let watched = watch(turns, true, |_| {});
        if let Ok(Course::Succeeded) = tokio::time::timeout(RETURN_LIMIT, watched).await {
            return;
        }
        let again = bus.activate(before, device, None).await;
        warn_of(again, "the network from before is not joined again");
    }
}

fn refused(what: &str, error: &zbus::Error) -> Course {
    tracing::warn!("cannot join a network: {what}: {}", reason(error));
    Course::Failed(JoinFault::Refused)
}

fn warn_of(done: zbus::Result<()>, trouble: &str) {
    if let Err(error) = done {
        tracing::warn!("{trouble}: {}", reason(&error));
    }
}

impl Aim {
    /// An access point that was heard a moment ago is there, whatever NetworkManager says. Of a wrong password for WPA3 a
    /// real one said after half a minute that no such network is found; of one for WPA2 it says what it is.
    fn told(&self, course: Course) -> Course {
        let is_wpa3 = matches!(
            self.way,
            Way::New {
                key: Key::Sae(_),
                ..
            }
        );
        match course {
            Course::Failed(JoinFault::NotInReach) if self.access_point.is_some() => {
                Course::Failed(if is_wpa3 {
                    JoinFault::WrongPassword
                } else {
                    JoinFault::NoAnswer
                })
            }
            course => course,
        }
    }

    fn has_password(&self) -> bool {
        match &self.way {
            // Whoever saved it knew one; without one nothing is refused.
            Way::Saved(_) => true,
            Way::New { key, .. } => matches!(key, Key::Psk(_) | Key::Sae(_)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_was_heard_is_not_told_to_be_out_of_reach() {
        let passphrase = || "correct horse".to_owned().try_into().unwrap();
        let missing = Course::Failed(JoinFault::NotInReach);
        for (key, access_point, fault) in [
            (Key::Psk(passphrase()), Some("/1"), JoinFault::NoAnswer),
            (Key::Sae(passphrase()), Some("/1"), JoinFault::WrongPassword),
            (Key::Psk(passphrase()), None, JoinFault::NotInReach),
        ] {
            let aim = Aim {
                device: "/".to_owned(),
                access_point: access_point.map(str::to_owned),
                way: Way::New {
                    key,
                    hidden: access_point.is_none(),
                    replaced: Vec::new(),
                },
                ssid: "Home".parse().unwrap(),
                before: None,
            };
            assert_eq!(aim.told(missing), Course::Failed(fault));
            assert_eq!(aim.told(Course::Succeeded), Course::Succeeded);
        }
    }
}
