//! Places for WebSockets, of which no client can have all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::address::Client;

/// All places, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Seats(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    taken: Mutex<HashMap<Client, usize>>,
}

/// A place. Dropped, it is for others.
#[derive(Debug)]
pub(crate) struct Seat {
    client: Client,
    seats: Seats,
}

impl Seats {
    /// So many.
    pub(crate) fn new(most: usize) -> Self {
        let taken = Mutex::default();
        Self(Arc::new(Shared { most, taken }))
    }

    /// A place for this client; `None` if all are taken, or it has its share.
    pub(crate) fn take(&self, client: Client) -> Option<Seat> {
        let mut taken = self.taken();
        let all: usize = taken.values().sum();
        let own = taken.get(&client).copied().unwrap_or_default();
        if all >= self.0.most || own >= Client::share_of(self.0.most) {
            return None;
        }
        taken.insert(client, own + 1);
        let seats = self.clone();
        Some(Seat { client, seats })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        // Each step leaves the list whole.
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        if let Some(own) = taken.get_mut(&self.client) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn client(number: u8) -> Client {
        Client::from(SocketAddr::from(([10, 0, 0, number], 1)))
    }

    #[test]
    fn one_client_has_its_share_and_others_find_a_place_beside_it() {
        let seats = Seats::new(8);
        let greedy: Vec<_> = std::iter::from_fn(|| seats.take(client(1))).collect();
        assert_eq!(greedy.len(), 6);
        let others = [2, 3].map(|number| seats.take(client(number)).unwrap());
        assert!(seats.take(client(4)).is_none());
        drop(greedy);
        assert!(seats.take(client(4)).is_some());
        drop(others);
        assert!(seats.taken().is_empty());
    }

    #[test]
    fn a_single_place_is_for_whoever_comes_first() {
        let seats = Seats::new(1);
        let seat = seats.take(client(1)).unwrap();
        assert!(seats.take(client(2)).is_none());
        drop(seat);
        assert!(seats.take(client(2)).is_some());
    }
}
