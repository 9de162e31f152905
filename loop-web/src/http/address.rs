//! Whom a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// A client, as far as limits tell one from another. In IPv6 a client has a whole network of 64 bits to take addresses from.
///
/// What a proxy says of its clients is not believed: anybody could say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client(IpAddr);

/// What one client may have of all places of a kind, in percent.
const SHARE_PERCENT: usize = 75;

impl Client {
    /// How many of so many places one client may have; at least one.
    pub(crate) fn share_of(places: usize) -> usize {
        places.saturating_mul(SHARE_PERCENT).div_ceil(100)
    }
}

impl From<SocketAddr> for Client {
    fn from(address: SocketAddr) -> Self {
        Self(match address.ip().to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() >> 64 << 64;
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            v4 => v4,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Client {
        Client::from(SocketAddr::new(address.parse().unwrap(), 1))
    }

    #[test]
    fn a_network_of_64_bits_is_one_client_and_mapped_addresses_are_what_they_map() {
        assert_eq!(client("2001:db8::1"), client("2001:db8::ffff:2"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
        assert_eq!(client("::ffff:10.0.0.7"), client("10.0.0.7"));
        assert_ne!(client("10.0.0.7"), client("10.0.0.8"));
    }
}
