//! Who is connected, and who has to go when others come.
//!
//! A connection without a request costs its owner nothing, so it can claim nothing: when places run out, the one goes that
//! has been without a request for the longest, be it that it keeps quiet or that the head of its request never ends. One
//! whose request is worked on stays. A client has its share, so that its connections push out each other first.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::HttpBody;
use hyper::body::{Frame, SizeHint};
use tokio::sync::Notify;

use super::address::Client;

/// All connections, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Lobby(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    share: usize,
    guests: Mutex<Vec<Arc<Guest>>>,
    /// Counts the times that somebody has become idle.
    moments: AtomicU64,
}

#[derive(Debug)]
struct Guest {
    client: Client,
    /// Requests that are worked on or whose answer is not all sent: one at the most, or two for a moment.
    requests: AtomicUsize,
    /// The moment since which there was none.
    idle_since: AtomicU64,
    leave: Notify,
}

/// The place of a connection. Dropped, it is for others.
#[derive(Debug)]
pub(crate) struct Place {
    guest: Arc<Guest>,
    lobby: Lobby,
}

/// A request under way, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Arc<Guest>, Lobby);

/// The body of an answer; with its end the request is over.
#[derive(Debug)]
pub(crate) struct Held<B> {
    body: B,
    _turn: Turn,
}

impl Lobby {
    /// With so many places.
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Shared {
            most,
            share: Client::share_of(most),
            guests: Mutex::default(),
            moments: AtomicU64::new(0),
        }))
    }

    /// A place for a connection of this client; `None` if nobody can go for it.
    pub(crate) fn enter(&self, client: Client) -> Option<Place> {
        let mut guests = self.guests();
        let alike = guests.iter().filter(|guest| guest.client == client);
        if alike.count() >= self.0.share {
            send_away(&mut guests, |guest| guest.client == client)?;
        } else if guests.len() >= self.0.most {
            send_away(&mut guests, |_| true)?;
        }
        let guest = Arc::new(Guest {
            client,
            requests: AtomicUsize::new(0),
            idle_since: AtomicU64::new(self.moment()),
            leave: Notify::new(),
        });
        guests.push(Arc::clone(&guest));
        Some(Place {
            guest,
            lobby: self.clone(),
        })
    }

    fn moment(&self) -> u64 {
        self.0.moments.fetch_add(1, Ordering::Relaxed)
    }

    fn guests(&self) -> MutexGuard<'_, Vec<Arc<Guest>>> {
        // Each step leaves the list whole.
        self.0.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the one of these leave that has been idle for the longest; `None` if all of them are busy.
fn send_away(guests: &mut Vec<Arc<Guest>>, among: impl Fn(&Guest) -> bool) -> Option<()> {
    let idle = guests
        .iter()
        .enumerate()
        .filter(|(_, guest)| among(guest) && guest.requests.load(Ordering::Relaxed) == 0);
    let (at, _) = idle.min_by_key(|(_, guest)| guest.idle_since.load(Ordering::Relaxed))?;
    guests.swap_remove(at).leave.notify_one();
    Some(())
}

impl Place {
    /// Ends when somebody else needs the place.
    pub(crate) async fn told_to_leave(&self) {
        self.guest.leave.notified().await;
    }

    /// Begins requests of this connection.
    pub(crate) fn turns(&self) -> impl Fn() -> Turn + Send + 'static {
        let (guest, lobby) = (Arc::clone(&self.guest), self.lobby.clone());
        move || {
            guest.requests.fetch_add(1, Ordering::Relaxed);
            Turn(Arc::clone(&guest), lobby.clone())
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut guests = self.lobby.guests();
        if let Some(at) = guests
            .iter()
            .position(|guest| Arc::ptr_eq(guest, &self.guest))
        {
            guests.swap_remove(at);
        }
    }
}

impl Turn {
    /// Lasts as long as this body.
    pub(crate) fn hold<B>(self, body: B) -> Held<B> {
        Held { body, _turn: self }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Self(guest, lobby) = self;
        guest.idle_since.store(lobby.moment(), Ordering::Relaxed);
        guest.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<B: HttpBody + Unpin> HttpBody for Held<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn client(last: u8) -> Client {
        SocketAddr::from(([10, 0, 0, last], 1)).into()
    }

    async fn leaves(place: &Place) -> bool {
        timeout(Duration::from_secs(1), place.told_to_leave())
            .await
            .is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_been_without_a_request_for_the_longest_goes_first() {
        let lobby = Lobby::new(3);
        let [first, second, third] = [1, 2, 3].map(|last| lobby.enter(client(last)).unwrap());
        let turn = first.turns()();
        let _fourth = lobby.enter(client(4)).unwrap();
        assert!(!leaves(&first).await && leaves(&second).await && !leaves(&third).await);
        drop((second, turn.hold(())));
        let _fifth = lobby.enter(client(5)).unwrap();
        assert!(!leaves(&first).await && leaves(&third).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_its_share_pushes_out_its_own_and_nobody_else() {
        let lobby = Lobby::new(8);
        let other = lobby.enter(client(1)).unwrap();
        let places: Vec<_> = (0..50).map(|_| lobby.enter(client(2)).unwrap()).collect();
        assert!(!leaves(&other).await);
        for (at, place) in places.iter().enumerate() {
            assert_eq!(leaves(place).await, at < 44, "{at}");
        }
        assert_eq!(lobby.guests().len(), 7);
        drop((places, other));
        assert!(lobby.guests().is_empty());
    }

    #[test]
    fn one_client_leaves_places_for_others_and_when_all_are_busy_nobody_has_to_go() {
        let lobby = Lobby::new(8);
        let enter = |last| {
            let place = lobby.enter(client(last))?;
            let turn = place.turns()();
            Some((place, turn))
        };
        let mut greedy: Vec<_> = (0..8).map_while(|_| enter(1)).collect();
        assert_eq!(greedy.len(), 6);
        let others = [2, 3].map(enter);
        assert!(others.iter().all(Option::is_some));
        assert!(enter(4).is_none());
        greedy.pop();
        assert!(enter(4).is_some());
    }
}
