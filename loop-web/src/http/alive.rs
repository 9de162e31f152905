//! Whether the server still answers, asked as anybody else would ask it.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const QUESTION: &[u8] = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// Where this machine reaches those listeners, whatever becomes of its networks. An address of a network is not among them:
/// when that goes, nobody gets there, and a restart would not help.
pub(crate) fn reachable(listeners: &[TcpListener]) -> Vec<SocketAddr> {
    let addresses = listeners
        .iter()
        .filter_map(|listener| listener.local_addr().ok());
    addresses.filter_map(from_here).collect()
}

fn from_here(address: SocketAddr) -> Option<SocketAddr> {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip if ip.is_loopback() => ip,
        _ => return None,
    };
    Some(SocketAddr::new(ip, address.port()))
}

/// Whether each of them answers.
pub(crate) async fn all_answer(addresses: Vec<SocketAddr>) -> bool {
    for address in addresses {
        if let Err(error) = answers(address).await {
            tracing::warn!("the server does not answer at {address}: {error}");
            return false;
        }
    }
    true
}

/// Ends when the server has said something, be it that it has no time, or has hung up: the kernel alone does neither.
async fn answers(address: SocketAddr) -> Result<(), Error> {
    let mut stream = match TcpStream::connect(address).await {
        Err(error) if is_none_here(&error) => return Ok(()),
        connected => connected?,
    };
    let mut first = [0];
    // An error here is the server's doing, too: it has hung up.
    if stream.write_all(QUESTION).await.is_ok() {
        drop(stream.read(&mut first).await);
    }
    Ok(())
}

/// Whether this machine has no such address, as with IPv6 while that is switched off: a restart of the server does not help.
fn is_none_here(error: &Error) -> bool {
    let kinds = [ErrorKind::AddrNotAvailable, ErrorKind::NetworkUnreachable];
    kinds.contains(&error.kind())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    async fn listener() -> (TcpListener, Vec<SocketAddr>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, vec![address])
    }

    #[test]
    fn only_addresses_that_stay_are_asked() {
        for (listening, asked) in [
            ("0.0.0.0:80", Some("127.0.0.1:80")),
            ("[::]:80", Some("[::1]:80")),
            ("127.0.0.2:8080", Some("127.0.0.2:8080")),
            ("192.168.1.7:80", None),
        ] {
            let asked = asked.map(|address| address.parse().unwrap());
            assert_eq!(from_here(listening.parse().unwrap()), asked);
        }
    }

    #[test]
    fn only_a_missing_address_is_no_fault_of_the_server() {
        for (kind, is_none) in [
            (ErrorKind::AddrNotAvailable, true),
            (ErrorKind::NetworkUnreachable, true),
            (ErrorKind::ConnectionRefused, false),
            (ErrorKind::ConnectionReset, false),
        ] {
            assert_eq!(is_none_here(&kind.into()), is_none);
        }
    }

    #[tokio::test]
    async fn who_answers_or_hangs_up_is_alive() {
        let (listener, address) = listener().await;
        let serving = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 503 Busy\r\n").await.unwrap();
            drop(listener.accept().await.unwrap());
        };
        let asking = async {
            assert!(all_answer(address.clone()).await);
            assert!(all_answer(address.clone()).await);
        };
        tokio::join!(serving, asking);
    }

    #[tokio::test]
    async fn who_does_not_accept_is_not_heard_of_and_who_does_not_listen_is_dead() {
        let (listener, address) = listener().await;
        let asked = all_answer(address.clone());
        assert!(timeout(Duration::from_millis(50), asked).await.is_err());
        drop(listener);
        assert!(!all_answer(address).await);
    }
}
