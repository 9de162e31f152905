//! systemd's watchdog: it hears of a daemon only while that does what it is for.

use std::time::Duration;

use tokio::time::{interval, timeout};

use super::tell_systemd;

/// How often within the watchdog's time we tell of ourselves.
const TIMES: u32 = 3;

/// Tells systemd again and again that the daemon works, as long as `works` says so in time. Never ends; without a watchdog
/// it waits.
pub async fn prove_life<F: Future<Output = bool>>(works: impl Fn() -> F) {
    match sd_notify::watchdog_enabled() {
        Some(patience) => {
            prove(patience, works, || {
                tell_systemd(sd_notify::NotifyState::Watchdog);
            })
            .await;
        }
        None => std::future::pending().await,
    }
}

async fn prove<F: Future<Output = bool>>(
    patience: Duration,
    works: impl Fn() -> F,
    tell: impl Fn(),
) {
    let pause = (patience / TIMES).max(Duration::from_millis(1));
    let mut check = interval(pause);
    loop {
        check.tick().await;
        if timeout(pause, works()).await == Ok(true) {
            tell();
        } else {
            tracing::warn!(
                "the daemon does not do what it is for; systemd is not told that it lives"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{pending, ready};

    use super::*;

    /// How often systemd is told in a minute, with a watchdog of 15 seconds.
    async fn told<F: Future<Output = bool>>(works: impl Fn() -> F) -> u32 {
        let told = Cell::new(0);
        let tell = || told.set(told.get() + 1);
        let proving = prove(Duration::from_secs(15), works, tell);
        assert!(timeout(Duration::from_secs(59), proving).await.is_err());
        told.get()
    }

    #[tokio::test(start_paused = true)]
    async fn systemd_hears_of_a_daemon_that_works_three_times_within_its_patience() {
        assert_eq!(told(|| ready(true)).await, 12);
    }

    #[tokio::test(start_paused = true)]
    async fn systemd_does_not_hear_of_one_that_fails_or_hangs() {
        assert_eq!(told(|| ready(false)).await, 0);
        assert_eq!(told(pending).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_works_again_is_told_of_again() {
        let asked = Cell::new(0);
        let works = || {
            asked.set(asked.get() + 1);
            ready(asked.get() > 4)
        };
        assert_eq!(told(works).await, 8);
    }
}
