//! Changes come only from the dashboard's own pages.
//!
//! Two guards stand before every unsafe method. The browser itself says that the request comes from a page of this server
//! (`Sec-Fetch-Site`, or `Origin` in older ones), and the request holds the session's value, which only its pages know.

use axum::http::{HeaderMap, HeaderName, header};
use memchr::memmem;

/// The header of the session's value, which htmx sends.
pub const HEADER: HeaderName = HeaderName::from_static("x-csrf-token");
/// The form field of the session's value.
pub const FIELD: &str = "csrf";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Returns true if a page of this server made the request, as far as the browser says.
pub fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(SEC_FETCH_SITE), text(header::ORIGIN), text(header::HOST)) {
        // `none`: the person, by a bookmark.
        (Some(site), _, _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host))
        }
        // Browsers send one of both with every unsafe method.
        _ => false,
    }
}

/// Returns true if the request holds the session's value: in the header, or anywhere in the body of a form. Nobody but the
/// session's pages knows it, so where it stands proves nothing more.
pub fn holds(headers: &HeaderMap, body: &[u8], csrf: &str) -> bool {
    match headers.get(HEADER) {
        Some(value) => value.as_bytes() == csrf.as_bytes(),
        None => memmem::find(body, csrf.as_bytes()).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()));
        pairs.collect()
    }

    #[test]
    fn another_site_is_told_apart() {
        for (pairs, expected) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://inlet"), ("host", "inlet")], false),
            (&[("origin", "http://inlet:8080"), ("host", "inlet:8080")], true),
            (&[("origin", "http://evil"), ("host", "inlet:8080")], false),
            (&[("origin", "null"), ("host", "inlet:8080")], false),
            (&[("host", "inlet:8080")], false),
        ] {
            assert_eq!(is_same_origin(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn the_sessions_value_is_sent_again() {
        let csrf = "0123456789abcdef";
        assert!(holds(&headers(&[("x-csrf-token", csrf)]), b"", csrf));
        assert!(holds(&headers(&[]), b"name=a&csrf=0123456789abcdef", csrf));
        assert!(!holds(&headers(&[]), b"name=a&csrf=", csrf));
        assert!(!holds(&headers(&[("x-csrf-token", "other")]), csrf.as_bytes(), csrf));
    }
}
