//! Reading `X-Forwarded-For`.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Returns the last address of `X-Forwarded-For` that is not trusted: the one that the first trusted proxy saw. What is
/// before it was written by that peer and may be anything. `None` if there is no such address, or if one of the trusted
/// part cannot be read.
pub(super) fn last_untrusted(headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    // Several lines of the header are one list.
    for line in headers.get_all(X_FORWARDED_FOR).iter().rev() {
        for element in line.to_str().ok()?.rsplit(',').map(str::trim).filter(|element| !element.is_empty()) {
            let address = address(element)?;
            if !is_trusted(address) {
                return Some(address);
            }
        }
    }
    None
}

/// Reads an address, perhaps in brackets or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address: IpAddr = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_untrusted_address_counts() {
        let is_trusted = |address: IpAddr| match address {
            IpAddr::V4(address) => address.octets()[0] == 10,
            IpAddr::V6(address) => address.segments()[0] == 0xfd00,
        };
        let table: [(&[&str], Option<&str>); 18] = [
            (&[], None),
            (&[""], None),
            (&["192.0.2.1"], Some("192.0.2.1")),
            (&["192.0.2.1, 198.51.100.7"], Some("198.51.100.7")),
            (&["192.0.2.1,10.0.0.1 , 10.0.0.2"], Some("192.0.2.1")),
            (&["192.0.2.1, 198.51.100.7", "10.0.0.1"], Some("198.51.100.7")),
            (&["192.0.2.1", "198.51.100.7"], Some("198.51.100.7")),
            (&["10.0.0.1, 10.0.0.2"], None),
            (&["192.0.2.1, , 10.0.0.2,"], Some("192.0.2.1")),
            (&["192.0.2.1:4711"], Some("192.0.2.1")),
            (&["2001:db8::1"], Some("2001:db8::1")),
            (&["[2001:db8::1]"], Some("2001:db8::1")),
            (&["[2001:db8::1]:4711, fd00::1"], Some("2001:db8::1")),
            (&["::ffff:192.0.2.1"], Some("192.0.2.1")),
            (&["::ffff:10.0.0.1"], None),
            (&["192.0.2.1, unknown"], None),
            (&["unknown, 192.0.2.1"], Some("192.0.2.1")),
            (&["192.0.2.1, 10.0.0.1:x"], None),
        ];
        for (lines, expected) in table {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(X_FORWARDED_FOR, line.parse().unwrap());
            }
            let expected = expected.map(|text| text.parse::<IpAddr>().unwrap());
            assert_eq!(last_untrusted(&headers, is_trusted), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_value_that_is_not_text_is_not_read() {
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, "192.0.2.1".parse().unwrap());
        headers.append(X_FORWARDED_FOR, axum::http::HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(last_untrusted(&headers, |_| false), None);
    }
}
