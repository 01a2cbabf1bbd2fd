//! The address that a request is counted for.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use ipnet::IpNet;

use super::forwarded_for;

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionPeer {
    /// A trusted proxy, which says in `X-Forwarded-For` for whom it sends.
    Proxy,
    /// A sender.
    Sender(Peer),
}

/// The address that a request is counted for.
///
/// `None`: it counts for no address. Such are trusted proxies, and private addresses as long as no proxy is named: behind
/// them may be a load balancer, which would be limited as if it were one sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub(crate) Option<IpAddr>);

impl ConnectionPeer {
    /// Returns the peer of a connection from this address.
    pub fn of(address: IpAddr, trusted_proxies: &[IpNet]) -> Self {
        let address = address.to_canonical();
        match trusted_proxies {
            [] if is_private(address) => Self::Sender(Peer(None)),
            _ if is_trusted(address, trusted_proxies) => Self::Proxy,
            _ => Self::Sender(Peer::of(address)),
        }
    }

    /// Returns the peer of a request on this connection.
    pub(crate) fn of_request(self, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> Peer {
        match self {
            Self::Sender(peer) => peer,
            Self::Proxy => forwarded_for::last_untrusted(headers, |address| is_trusted(address, trusted_proxies))
                .map_or(Peer(None), Peer::of),
        }
    }
}

impl Peer {
    /// The peer of a request that counts for no address.
    pub(crate) const NONE: Self = Self(None);

    /// An IPv6 address counts with its /64, the smallest network that is given out: one host chooses among all of it.
    fn of(address: IpAddr) -> Self {
        Self(Some(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        }))
    }
}

fn is_trusted(address: IpAddr, trusted_proxies: &[IpNet]) -> bool {
    trusted_proxies.iter().any(|network| network.contains(&address))
}

/// Returns true for the addresses of private networks and of carriers' shared ones (100.64.0.0/10).
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && second & 0xc0 == 64;
            address.is_loopback() || address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str, trusted_proxies: &[&str]) -> ConnectionPeer {
        let trusted: Vec<IpNet> = trusted_proxies.iter().map(|text| text.parse().unwrap()).collect();
        ConnectionPeer::of(text.parse().unwrap(), &trusted)
    }

    fn sender(text: &str) -> ConnectionPeer {
        ConnectionPeer::Sender(Peer(Some(text.parse().unwrap())))
    }

    #[test]
    fn private_peers_are_exempt_as_long_as_no_proxy_is_named() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(peer(private, &[]), ConnectionPeer::Sender(Peer(None)), "{private}");
            assert_ne!(peer(private, &["192.0.2.0/24"]), ConnectionPeer::Sender(Peer(None)), "{private}");
        }
        for public in ["192.0.2.1", "100.63.255.255", "100.128.0.1", "172.32.0.1"] {
            assert_eq!(peer(public, &[]), sender(public));
        }
        assert_eq!(peer("127.0.0.1", &["127.0.0.0/8"]), ConnectionPeer::Proxy);
        assert_eq!(peer("::ffff:127.0.0.1", &["127.0.0.0/8"]), ConnectionPeer::Proxy);
    }

    #[test]
    fn an_ipv6_peer_is_its_network() {
        assert_eq!(peer("2001:db8:1:2:3:4:5:6", &[]), sender("2001:db8:1:2::"));
        assert_eq!(peer("2001:db8:1:2:ffff::", &[]), sender("2001:db8:1:2::"));
        assert_eq!(peer("2001:db8:1:3::", &[]), sender("2001:db8:1:3::"));
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let trusted: [IpNet; 1] = ["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "192.0.2.1".parse().unwrap());
        let of = |address: &str, headers: &HeaderMap| {
            ConnectionPeer::of(address.parse().unwrap(), &trusted).of_request(headers, &trusted)
        };
        assert_eq!(of("10.0.0.1", &headers), Peer(Some("192.0.2.1".parse().unwrap())));
        assert_eq!(of("198.51.100.1", &headers), Peer(Some("198.51.100.1".parse().unwrap())));
        assert_eq!(of("10.0.0.1", &HeaderMap::new()), Peer(None));
    }
}
