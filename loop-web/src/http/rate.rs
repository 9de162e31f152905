//! How often a client may change something.
//!
//! The generic cell rate algorithm (ITU-T I.371): of each client only the moment is kept up to which it has used its
//! allowance. One whose moment is over has not asked for a while, and need not be kept.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use loop_proto::config::Web;
use tokio::time::Instant;

use super::App;
use super::address::Client;
use super::error::ApiError;
use super::guard::changes;

/// Clients that are kept, of about 60 bytes each. When there are more, those are forgotten that have used the least.
const CLIENTS: usize = 4096;

/// What each client may do.
#[derive(Debug)]
pub(crate) struct Writes {
    /// Between two writes in the long run; none without a limit.
    interval: Option<Duration>,
    /// How far a client may be ahead of that.
    burst: Duration,
    /// Up to when each client has used what it may.
    used: Mutex<HashMap<Client, Instant>>,
}

impl Writes {
    pub(crate) fn new(web: &Web) -> Self {
        let rate = u32::try_from(web.writes_per_second.get()).unwrap_or(u32::MAX);
        let burst = u32::try_from(web.write_burst.get()).unwrap_or(u32::MAX);
        let interval = Duration::from_secs(1).checked_div(rate);
        Self {
            interval,
            burst: interval.unwrap_or_default().saturating_mul(burst),
            used: Mutex::default(),
        }
    }

    /// Counts a write; how long to wait where it is one too many.
    fn count(&self, client: Client, now: Instant) -> Result<(), Duration> {
        let Some(interval) = self.interval else {
            return Ok(());
        };
        // Each change of the table is one step.
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let before = used.get(&client).copied().unwrap_or(now).max(now);
        let after = before + interval;
        let ahead = after.duration_since(now);
        if let Some(wait) = ahead.checked_sub(self.burst).filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        if used.len() >= CLIENTS && !used.contains_key(&client) {
            make_room(&mut used, now);
        }
        used.insert(client, after);
        Ok(())
    }
}

fn make_room(used: &mut HashMap<Client, Instant>, now: Instant) {
    used.retain(|_, until| *until > now);
    if used.len() >= CLIENTS {
        let mut moments: Vec<Instant> = used.values().copied().collect();
        let (_, middle, _) = moments.select_nth_unstable(CLIENTS / 2);
        let middle = *middle;
        used.retain(|_, until| *until > middle);
    }
}

/// Lets a request through unless its client has changed too much of late. Reading is free; so is adding to an upload that
/// was begun, which has limits of its own.
pub(crate) async fn limit_writes(State(app): State<App>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Client>().copied();
    let counted = client
        .filter(|_| is_write(&request))
        .map_or(Ok(()), |client| app.writes.count(client, Instant::now()));
    match counted {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
            let message = "too many changes in a short time, try again in a moment";
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message)
                .retry(seconds.saturating_add(1))
                .into_response()
        }
    }
}

fn is_write(request: &Request) -> bool {
    let is_piece =
        *request.method() == Method::PATCH && request.uri().path().starts_with("/api/uploads/");
    changes(request.method()) && !is_piece
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use loop_proto::config::Bounded;
    use proptest::prelude::*;

    use super::*;

    fn client(number: u32) -> Client {
        SocketAddr::new(Ipv4Addr::from_bits(number).into(), 1).into()
    }

    fn writes<const RATE: u64, const BURST: u64>() -> Writes {
        Writes::new(&Web {
            writes_per_second: Bounded::new::<RATE>(),
            write_burst: Bounded::new::<BURST>(),
            ..Web::default()
        })
    }

    proptest! {
        /// A bucket of tokens, in thousandths, which fills by one each second and gives one for each write.
        #[test]
        fn it_gives_what_a_bucket_of_tokens_gives(waits in prop::collection::vec(0u64..3000, 1..60)) {
            let (writes, mut now, mut tokens) = (writes::<1, 5>(), Instant::now(), 5000);
            for wait in waits {
                now += Duration::from_millis(wait);
                tokens = 5000.min(tokens + wait);
                let given = writes.count(client(1), now);
                match tokens.checked_sub(1000) {
                    Some(left) => {
                        prop_assert_eq!(given, Ok(()));
                        tokens = left;
                    }
                    None => prop_assert_eq!(given, Err(Duration::from_millis(1000 - tokens))),
                }
            }
        }
    }

    #[test]
    fn one_client_does_not_use_what_another_may() {
        let (writes, now) = (writes::<50, 300>(), Instant::now());
        for _ in 0..300 {
            assert_eq!(writes.count(client(1), now), Ok(()));
        }
        assert!(writes.count(client(1), now).is_err());
        assert_eq!(writes.count(client(2), now), Ok(()));
    }

    #[test]
    fn a_million_clients_take_no_more_room_than_few_and_a_greedy_one_is_not_forgotten() {
        let (writes, now) = (writes::<1, 5>(), Instant::now());
        for _ in 0..5 {
            writes.count(client(0), now).unwrap();
        }
        for number in 1..1_000_000 {
            writes.count(client(number), now).unwrap();
        }
        assert!(writes.used.lock().unwrap().len() <= CLIENTS);
        assert!(writes.count(client(0), now).is_err());
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let writes = writes::<0, 1>();
        for _ in 0..1000 {
            assert_eq!(writes.count(client(1), Instant::now()), Ok(()));
        }
        assert!(writes.used.lock().unwrap().is_empty());
    }
}
