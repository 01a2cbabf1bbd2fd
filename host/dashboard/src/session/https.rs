//! The scheme of a browser's request, on which the attribute `Secure` of cookies depends.
//!
//! A browser drops a cookie with `Secure` on a page of plain http, and the sign-in begins again. The server itself speaks http;
//! a proxy in front speaks https. So the browser and the proxy say what the scheme is, and the settings only without them.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, header};
use inlet_engine::admission::peer::ConnectionPeer;

use crate::state::Dashboard;

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Returns true if the browser reaches the dashboard by https. `peer` is the other end of the connection.
pub fn of_request(dashboard: &Dashboard, peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
    let is_proxy = |peer| dashboard.engine.connection_peer(peer) == ConnectionPeer::Proxy;
    is_https(headers, peer.is_some_and(is_proxy), dashboard.options.https_host.as_deref())
}

/// Returns true if the browser's page has the scheme https, by the first of these that is there:
///
/// - `Origin`, which browsers send with every form that they post. A program that sends another one harms only itself.
/// - `X-Forwarded-Proto` of a trusted proxy, for links that are followed.
/// - `https_host`, the host of a `public_url` with https: the request must name the same one.
fn is_https(headers: &HeaderMap, is_from_proxy: bool, https_host: Option<&str>) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(origin) = text(header::ORIGIN).filter(|origin| *origin != "null") {
        return origin.starts_with("https://");
    }
    if let Some(schemes) = text(X_FORWARDED_PROTO).filter(|_| is_from_proxy) {
        // Of several proxies, the first one speaks with the browser.
        return schemes.split(',').next().is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"));
    }
    match (https_host, text(header::HOST)) {
        (Some(expected), Some(host)) => without_port(expected).eq_ignore_ascii_case(without_port(host)),
        _ => false,
    }
}

/// Returns a host without the port that https has by default.
fn without_port(host: &str) -> &str {
    host.strip_suffix(":443").unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_and_the_proxy_say_the_scheme_before_the_settings() {
        let host = Some("inlet.example.com");
        for (pairs, is_from_proxy, https_host, expected) in [
            (&[("origin", "https://inlet.example.com")][..], false, None, true),
            (&[("origin", "http://10.0.0.7:8081"), ("host", "inlet.example.com")], false, host, false),
            (&[("origin", "http://inlet"), ("x-forwarded-proto", "https")], true, host, false),
            (&[("origin", "null"), ("x-forwarded-proto", "https")], true, None, true),
            (&[("x-forwarded-proto", "HTTPS, http")], true, None, true),
            (&[("x-forwarded-proto", "http"), ("host", "inlet.example.com")], true, host, false),
            (&[("x-forwarded-proto", "https")], false, None, false),
            (&[("host", "Inlet.example.com:443")], false, host, true),
            (&[("host", "inlet.example.com:8081")], false, host, false),
            (&[("host", "10.0.0.7:8081")], false, host, false),
            (&[("host", "inlet.example.com")], false, None, false),
            (&[], false, host, false),
        ] {
            let headers: HeaderMap = pairs
                .iter()
                .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
                .collect();
            assert_eq!(is_https(&headers, is_from_proxy, https_host), expected, "{pairs:?}");
        }
    }
}
