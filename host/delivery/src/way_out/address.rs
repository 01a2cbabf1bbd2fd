//! The addresses that no delivery may reach, unless the operator allows them.
//!
//! Whoever can save a target chooses where this server connects to. Without this table they could reach what only this
//! machine or its network can: databases, admin pages, the credentials that clouds serve on 169.254.169.254.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A refused range and its name.
struct Refused<Net> {
    net: Net,
    name: &'static str,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8, name: &'static str) -> Refused<Ipv4Net> {
    Refused { net: Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix), name }
}

const fn v6(first: [u16; 4], prefix: u8, name: &'static str) -> Refused<Ipv6Net> {
    let [a, b, c, d] = first;
    Refused { net: Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix), name }
}

/// The IPv4 ranges of IANA's special-purpose registry that are not globally reachable, multicast, and what clouds use.
const REFUSED_V4: [Refused<Ipv4Net>; 16] = [
    v4(0, 0, 0, 0, 8, "this network (RFC 791)"),
    v4(10, 0, 0, 0, 8, "private (RFC 1918)"),
    v4(100, 64, 0, 0, 10, "shared by carriers (RFC 6598)"),
    v4(127, 0, 0, 0, 8, "loopback (RFC 1122)"),
    v4(168, 63, 129, 16, 32, "Azure's platform"),
    v4(169, 254, 0, 0, 16, "link-local, where clouds serve metadata (RFC 3927)"),
    v4(172, 16, 0, 0, 12, "private (RFC 1918)"),
    v4(192, 0, 0, 0, 24, "IETF protocol assignments (RFC 6890)"),
    v4(192, 0, 2, 0, 24, "documentation (RFC 5737)"),
    v4(192, 88, 99, 0, 24, "6to4 relays (RFC 7526)"),
    v4(192, 168, 0, 0, 16, "private (RFC 1918)"),
    v4(198, 18, 0, 0, 15, "benchmarking (RFC 2544)"),
    v4(198, 51, 100, 0, 24, "documentation (RFC 5737)"),
    v4(203, 0, 113, 0, 24, "documentation (RFC 5737)"),
    v4(224, 0, 0, 0, 4, "multicast (RFC 5771)"),
    v4(240, 0, 0, 0, 4, "reserved or broadcast (RFC 1112)"),
];

/// The IPv6 ranges with a name of their own. [`GLOBAL_UNICAST`] refuses everything else that is not routed globally.
const REFUSED_V6: [Refused<Ipv6Net>; 12] = [
    v6([0x0064, 0xff9b, 0, 0], 96, "NAT64, which reaches IPv4 addresses (RFC 6052)"),
    v6([0x0064, 0xff9b, 1, 0], 48, "NAT64, which reaches IPv4 addresses (RFC 8215)"),
    v6([0x0100, 0, 0, 0], 64, "discard (RFC 6666)"),
    v6([0x2001, 0, 0, 0], 23, "IETF protocol assignments, Teredo (RFC 2928)"),
    v6([0x2001, 0x0db8, 0, 0], 32, "documentation (RFC 3849)"),
    v6([0x2002, 0, 0, 0], 16, "6to4, which reaches IPv4 addresses (RFC 3056)"),
    v6([0x3fff, 0, 0, 0], 20, "documentation (RFC 9637)"),
    v6([0x5f00, 0, 0, 0], 16, "segment routing (RFC 9602)"),
    v6([0xfc00, 0, 0, 0], 7, "private (RFC 4193)"),
    v6([0xfe80, 0, 0, 0], 10, "link-local (RFC 4291)"),
    v6([0xfec0, 0, 0, 0], 10, "site-local (RFC 3879)"),
    v6([0xff00, 0, 0, 0], 8, "multicast (RFC 4291)"),
];

/// The only IPv6 range that is assigned for global unicast (RFC 4291).
const GLOBAL_UNICAST: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// An address that deliveries may not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{address} is {name}; deliveries reach it only if INLET_DELIVERY_ALLOWED_ADDRESSES names it")]
pub struct RefusedAddress {
    /// The address.
    pub address: IpAddr,
    /// The range that it belongs to.
    pub name: &'static str,
}

/// Decides which addresses deliveries may reach.
#[derive(Debug, Clone, Default)]
pub struct AddressRules {
    allowed: Vec<IpNet>,
    own: Option<SocketAddr>,
}

impl AddressRules {
    /// Refuses every address that is not globally reachable, except those in `allowed`.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed, own: None }
    }

    /// Allows one address and port that this process listens on, and nothing else of its range.
    #[must_use]
    pub fn with_own(self, address: SocketAddr) -> Self {
        Self { own: Some(address), ..self }
    }

    /// Returns true for the address and port of [`Self::with_own`].
    pub fn is_own(&self, address: SocketAddr) -> bool {
        self.own == Some(address)
    }

    /// Returns an error if deliveries may not reach the address.
    pub fn check(&self, address: SocketAddr) -> Result<(), RefusedAddress> {
        let ip = address.ip();
        match refused_range(ip) {
            Some(name) if !self.is_own(address) && !self.allowed.iter().any(|net| net.contains(&ip)) => {
                Err(RefusedAddress { address: ip, name })
            }
            _ => Ok(()),
        }
    }
}

/// Returns the name of the refused range that holds the address.
fn refused_range(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => {
            REFUSED_V4.iter().find(|refused| refused.net.contains(&address)).map(|refused| refused.name)
        }
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Some("unspecified (RFC 4291)"),
        IpAddr::V6(Ipv6Addr::LOCALHOST) => Some("loopback (RFC 4291)"),
        // The system would connect to the IPv4 address inside, past a rule for IPv4.
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => {
            Some("an IPv4 address in IPv6's spelling (RFC 4291)")
        }
        IpAddr::V6(address) => REFUSED_V6
            .iter()
            .find(|refused| refused.net.contains(&address))
            .map(|refused| refused.name)
            .or_else(|| (!GLOBAL_UNICAST.contains(&address)).then_some("not a global address (RFC 4291)")),
    }
}

#[cfg(test)]
mod tests {
    use url::Host;

    use super::*;

    /// Returns what the rules say about the host of a URL that holds an address.
    fn check(allowed: &[&str], host: &str) -> Result<(), &'static str> {
        let rules = AddressRules::new(allowed.iter().map(|net| net.parse().unwrap()).collect());
        let url = url::Url::parse(&format!("http://{host}/")).unwrap();
        let address = match url.host().unwrap() {
            Host::Ipv4(address) => IpAddr::V4(address),
            Host::Ipv6(address) => IpAddr::V6(address),
            Host::Domain(name) => panic!("{host} was read as the name {name}"),
        };
        rules.check(SocketAddr::new(address, 443)).map_err(|refused| refused.name)
    }

    #[test]
    fn an_own_address_is_allowed_with_its_port_alone() {
        let own: SocketAddr = "127.0.0.1:4000".parse().unwrap();
        let rules = AddressRules::default().with_own(own);
        assert_eq!(rules.check(own), Ok(()));
        for other in ["127.0.0.1:4001", "127.0.0.2:4000", "[::1]:4000", "[::ffff:127.0.0.1]:4000"] {
            assert!(rules.check(other.parse().unwrap()).is_err(), "{other}");
        }
    }

    #[test]
    fn addresses_that_are_not_globally_reachable_are_refused() {
        for (host, name) in [
            ("0.0.0.0", "this network"),
            ("0.255.255.255", "this network"),
            ("10.0.0.1", "private"),
            ("10.255.255.255", "private"),
            ("100.64.0.1", "shared by carriers"),
            ("100.100.100.200", "shared by carriers"),
            ("100.127.255.255", "shared by carriers"),
            ("127.0.0.1", "loopback"),
            ("127.255.255.254", "loopback"),
            ("168.63.129.16", "Azure's platform"),
            ("169.254.169.254", "link-local"),
            ("172.16.0.1", "private"),
            ("172.31.255.255", "private"),
            ("192.0.0.192", "IETF protocol assignments"),
            ("192.0.2.1", "documentation"),
            ("192.88.99.1", "6to4 relays"),
            ("192.168.0.1", "private"),
            ("198.19.255.255", "benchmarking"),
            ("198.51.100.7", "documentation"),
            ("203.0.113.7", "documentation"),
            ("224.0.0.1", "multicast"),
            ("239.255.255.255", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "reserved"),
            ("[::]", "unspecified"),
            ("[::1]", "loopback"),
            ("[::2]", "not a global address"),
            ("[::127.0.0.1]", "not a global address"),
            ("[::ffff:127.0.0.1]", "an IPv4 address"),
            ("[::ffff:7f00:1]", "an IPv4 address"),
            ("[::ffff:8.8.8.8]", "an IPv4 address"),
            ("[64:ff9b::169.254.169.254]", "NAT64"),
            ("[64:ff9b:1::a00:1]", "NAT64"),
            ("[64:ff9a::1]", "not a global address"),
            ("[100::1]", "discard"),
            ("[2001::1]", "IETF protocol assignments"),
            ("[2001:1ff:ffff::1]", "IETF protocol assignments"),
            ("[2001:db8::1]", "documentation"),
            ("[2002:7f00:1::]", "6to4"),
            ("[3fff::1]", "documentation"),
            ("[4000::1]", "not a global address"),
            ("[5f00::1]", "segment routing"),
            ("[fc00::1]", "private"),
            ("[fd00:ec2::254]", "private"),
            ("[fe80::1]", "link-local"),
            ("[fec0::1]", "site-local"),
            ("[ff02::1]", "multicast"),
        ] {
            let refused = check(&[], host);
            assert!(refused.is_err_and(|found| found.starts_with(name)), "{host}: {refused:?}");
        }
    }

    #[test]
    fn odd_spellings_of_an_address_are_the_address() {
        for host in [
            "0x7f.1",
            "2130706433",
            "0x7f000001",
            "017700000001",
            "0177.0.0.1",
            "127.1",
            "127.0.1",
            "127.0.0.1.",
            "１２７.0.0.1",
            "127。0。0。1",
            "%31%32%37.0.0.1",
            "0X7F.0.0.0x1",
        ] {
            assert!(check(&[], host).is_err_and(|found| found.starts_with("loopback")), "{host}");
        }
        assert!(check(&[], "0251.0376.0251.0376").is_err_and(|found| found.starts_with("link-local")));
        assert!(check(&[], "0").is_err_and(|found| found.starts_with("this network")));
    }

    #[test]
    fn neighbours_of_the_refused_ranges_are_allowed() {
        for host in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "8.8.8.8",
            "[2000::1]",
            "[2001:200::1]",
            "[2001:4860:4860::8888]",
            "[2003::1]",
            "[2606:4700::1111]",
            "[3ffe::1]",
        ] {
            assert_eq!(check(&[], host), Ok(()), "{host}");
        }
    }

    #[test]
    fn an_operator_allows_ranges_and_nothing_beside_them() {
        let allowed = ["10.1.0.0/16", "127.0.0.1/32", "::1/128"];
        for host in ["10.1.0.1", "10.1.255.255", "127.0.0.1", "[::1]", "8.8.8.8"] {
            assert_eq!(check(&allowed, host), Ok(()), "{host}");
        }
        for host in ["10.0.255.255", "10.2.0.0", "127.0.0.2", "[::ffff:127.0.0.1]", "[::ffff:10.1.0.1]", "192.168.0.1"]
        {
            assert!(check(&allowed, host).is_err(), "{host}");
        }
        insta::assert_snapshot!(AddressRules::default().check(([169, 254, 169, 254], 80).into()).unwrap_err(), @"169.254.169.254 is link-local, where clouds serve metadata (RFC 3927); deliveries reach it only if INLET_DELIVERY_ALLOWED_ADDRESSES names it");
    }
}
