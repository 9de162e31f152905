//! When to look for networks: one look serves all who ask, and what was seen a moment ago is seen.

use std::time::Duration;

use loop_proto::wifi::Network;
use loop_proto::{Fault, FaultCode};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long a look is good for. Looking takes the adapter away from the network it has joined.
const FRESH: Duration = Duration::from_secs(10);

/// How long a look may take: two bands are heard through in six seconds or so.
const LIMIT: Duration = Duration::from_secs(15);

/// How long one may take that was refused: another one is under way, or was just done.
const REFUSED_LIMIT: Duration = Duration::from_secs(3);

/// After the end of a look its last access points are told.
const SETTLING: Duration = Duration::from_secs(1);

/// Who may wait for one look.
const WAITING: usize = 16;

pub(crate) type Answer = oneshot::Sender<Result<Vec<Network>, Fault>>;

/// The look under way, and the last one.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    ends: Option<Instant>,
    done: Option<Instant>,
    /// What `LastScan` was; `None` before it was told.
    mark: Option<i64>,
    waiting: Vec<Answer>,
}

impl Scan {
    /// Whether what is known is as good as what another look would bring.
    pub(crate) fn is_fresh(&self, now: Instant) -> bool {
        self.ends.is_none() && self.done.is_some_and(|done| now < done + FRESH)
    }

    /// Begins a look; whether NetworkManager is to be asked for it.
    pub(crate) fn begin(&mut self, now: Instant) -> bool {
        let begins = self.ends.is_none();
        self.ends.get_or_insert(now + LIMIT);
        begins
    }

    /// Tells somebody of its end.
    pub(crate) fn wait(&mut self, answer: Answer) {
        if self.waiting.len() < WAITING {
            self.waiting.push(answer);
        } else {
            let fault = Fault::new(FaultCode::Busy, "too many wait for networks to be found");
            drop(answer.send(Err(fault)));
        }
    }

    /// NetworkManager does not want to look.
    pub(crate) fn refused(&mut self, now: Instant) {
        self.ends = self.ends.map(|ends| ends.min(now + REFUSED_LIMIT));
    }

    /// `LastScan` is this now. It also changes when others have asked.
    pub(crate) fn mark(&mut self, last_scan: i64, now: Instant) {
        let before = self.mark.replace(last_scan);
        if before.is_none_or(|before| before == last_scan) {
            return;
        }
        self.done = Some(now);
        self.ends = self.ends.map(|ends| ends.min(now + SETTLING));
    }

    /// When the look under way is over.
    pub(crate) fn ends(&self) -> Option<Instant> {
        self.ends
    }

    /// It is over: gives who waits for it.
    pub(crate) fn end(&mut self) -> Vec<Answer> {
        self.ends = None;
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_look_serves_all_and_is_good_for_a_while() {
        let (mut scan, start) = (Scan::default(), Instant::now());
        let after = |millis| start + Duration::from_millis(millis);
        // Who has just begun to follow cannot tell how old that one is.
        scan.mark(5, start);
        assert!(!scan.is_fresh(start));
        assert!(scan.begin(start));
        assert!(!scan.begin(after(100)), "one is under way");
        scan.mark(7, after(6_000));
        assert_eq!(
            scan.ends(),
            Some(after(7_000)),
            "its last words are waited for"
        );
        assert!(!scan.is_fresh(after(6_100)), "it is not over");
        scan.end();
        assert!(scan.is_fresh(after(15_900)));
        scan.mark(7, after(15_900));
        assert!(
            !scan.is_fresh(after(16_000)),
            "the same mark is no other look"
        );
        assert!(scan.begin(after(16_000)));
    }

    #[test]
    fn a_look_that_never_ends_is_over_all_the_same() {
        let (mut scan, start) = (Scan::default(), Instant::now());
        scan.begin(start);
        assert_eq!(scan.ends(), Some(start + LIMIT));
        scan.refused(start);
        assert_eq!(scan.ends(), Some(start + REFUSED_LIMIT));
        let (answer, waits) = oneshot::channel();
        scan.wait(answer);
        assert_eq!(scan.end().len(), 1);
        drop(waits);
        assert!(!scan.is_fresh(start), "nothing was seen");
    }

    #[test]
    fn not_everybody_may_wait() {
        let mut scan = Scan::default();
        let mut waits: Vec<_> = (0..=WAITING)
            .map(|_| {
                let (answer, waits) = oneshot::channel();
                scan.wait(answer);
                waits
            })
            .collect();
        let last = waits.pop().unwrap().blocking_recv().unwrap();
        assert_eq!(last.unwrap_err().code, FaultCode::Busy);
        assert_eq!(scan.end().len(), WAITING);
    }
}
