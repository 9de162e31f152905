//! Who may have a connection: so many in all, and no client so many that none is left for others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::address::Client;

/// What one client may have of all places, in percent.
const SHARE_PERCENT: usize = 75;

/// Connections at a time, WebSockets among them.
#[derive(Debug)]
pub(crate) struct Lobby {
    places: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<Client, usize>,
}

/// A connection's place; dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Guest {
    lobby: Arc<Lobby>,
    client: Client,
}

impl Lobby {
    pub(crate) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            places,
            taken: Mutex::default(),
        })
    }

    /// Gives a place, unless all are taken, or the client has its share.
    pub(crate) fn enter(self: &Arc<Self>, client: Client) -> Option<Guest> {
        let mut taken = self.taken();
        let has = taken.by.get(&client).copied().unwrap_or(0);
        let share = self.places.saturating_mul(SHARE_PERCENT).div_ceil(100);
        if taken.all >= self.places || has >= share {
            return None;
        }
        taken.all += 1;
        taken.by.insert(client, has + 1);
        drop(taken);
        Some(Guest {
            lobby: Arc::clone(self),
            client,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // A panic elsewhere at the worst leaves a place taken.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut taken = self.lobby.taken();
        taken.all = taken.all.saturating_sub(1);
        if let Some(has) = taken.by.get_mut(&self.client) {
            *has -= 1;
            if *has == 0 {
                taken.by.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn client(last: u8) -> Client {
        SocketAddr::from(([10, 0, 0, last], 1)).into()
    }

    #[test]
    fn one_client_leaves_places_for_others_and_gives_its_own_back() {
        let lobby = Lobby::new(8);
        let mut greedy: Vec<_> = (0..8).map_while(|_| lobby.enter(client(1))).collect();
        assert_eq!(greedy.len(), 6);
        let others = [2, 3].map(|last| lobby.enter(client(last)));
        assert!(others.iter().all(Option::is_some));
        assert!(lobby.enter(client(4)).is_none());
        greedy.pop();
        assert!(lobby.enter(client(4)).is_some());
        drop((greedy, others));
        assert!(lobby.taken().by.is_empty() && lobby.taken().all == 0);
    }
}
