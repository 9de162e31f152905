//! The attempt to join that a session makes.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use loop_proto::Fault;
use loop_proto::wifi::{Attempt, AttemptId, Course, Join, JoinFault, JoinStep};
use tokio::sync::mpsc;

use super::{Done, Running, Session, Stage, TURNS};
use crate::wifi::aim::{Aim, Miss, aim};
use crate::wifi::attempt;

impl Session {
    pub(super) fn join(&mut self, join: Join) -> Result<AttemptId, Fault> {
        self.usable()?;
        let last = self.publisher.snapshot().wifi.attempt;
        let id = AttemptId(last.map_or(1, |last| last.id.0.saturating_add(1)));
        tracing::info!(network = %join.ssid, "joining a network");
        self.attempt = Some(Running {
            id,
            ssid: join.ssid.clone(),
            stage: Stage::Searching(join),
        });
        self.tell_course(Course::Trying(JoinStep::Searching));
        if self.search() == Some(Miss::NotHeard) {
            self.look_around()?;
        }
        Ok(id)
    }

    /// Goes on with an attempt that waits for its network to be heard; tells what keeps it from that.
    pub(super) fn search(&mut self) -> Option<Miss> {
        let running = self.attempt.as_ref()?;
        let Stage::Searching(join) = &running.stage else {
            return None;
        };
        let adapter = self.facts.adapter();
        let aimed = adapter.map_or(Err(Miss::Never(JoinFault::Refused)), |at| {
            aim(&self.facts, at, join)
        });
        match aimed {
            Ok(aim) => {
                self.try_to_join(aim);
                None
            }
            Err(Miss::Never(fault)) => {
                self.end_attempt(Course::Failed(fault));
                None
            }
            Err(miss) => Some(miss),
        }
    }

    fn try_to_join(&mut self, aim: Aim) {
        let Some(running) = &mut self.attempt else {
            return;
        };
        let (turns, heard) = mpsc::channel(TURNS);
        let device = aim.device.clone();
        running.stage = Stage::Made { device, turns };
        let (id, ssid) = (running.id, running.ssid.clone());
        let (bus, publisher) = (self.bus.clone(), self.publisher.clone());
        let tell = move |course| {
            let ssid = ssid.clone();
            publisher.update_wifi(|wifi| wifi.attempt = Some(Attempt { id, ssid, course }));
        };
        let attempt = attempt::run(bus, aim, heard, tell);
        self.work
            .spawn(async move { Done::Attempt(to_its_end(attempt).await) });
    }

    pub(super) fn end_attempt(&mut self, course: Course) {
        if let Some(running) = &self.attempt {
            tracing::info!(network = %running.ssid, "joining a network: {course:?}");
            self.tell_course(course);
            self.attempt = None;
        }
    }

    fn tell_course(&self, course: Course) {
        if let Some(Running { id, ssid, .. }) = &self.attempt {
            let (id, ssid) = (*id, ssid.clone());
            let attempt = Attempt { id, ssid, course };
            self.publisher
                .update_wifi(|wifi| wifi.attempt = Some(attempt));
        }
    }
}

/// What an attempt comes to, also when it panics: else everybody would wait for its end for ever. NetworkManager goes back to
/// what was by itself.
async fn to_its_end(attempt: impl Future<Output = Course>) -> Course {
    let course = AssertUnwindSafe(attempt).catch_unwind().await;
    course.unwrap_or(Course::Failed(JoinFault::Refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_attempt_that_panics_has_failed() {
        let attempt = async { panic!("as a test") };
        assert_eq!(
            to_its_end(attempt).await,
            Course::Failed(JoinFault::Refused)
        );
    }
}
