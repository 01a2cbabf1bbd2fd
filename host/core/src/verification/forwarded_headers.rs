//! The headers that are forwarded to plugins, logs and mappings: none that hold credentials.

use crate::contract::Field;

/// Returns true if a header may be forwarded, given the headers that hold a credential.
pub fn may_be_forwarded<'c>(name: &str, credential_headers: impl IntoIterator<Item = &'c str>) -> bool {
    const NEVER: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];
    !NEVER.contains(&name) && credential_headers.into_iter().all(|credential| credential != name)
}

/// Selects the headers to forward. Names are in lower case, and repeated headers stay repeated.
pub fn forwarded_headers<'a, 'c>(
    headers: impl Iterator<Item = (&'a str, &'a [u8])>,
    wanted: impl Fn(&str) -> bool,
    credential_headers: impl IntoIterator<Item = &'c str> + Clone,
) -> Vec<Field> {
    headers
        .filter(|(name, _)| wanted(name) && may_be_forwarded(name, credential_headers.clone()))
        .map(|(name, value)| Field::new(name, String::from_utf8_lossy(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_never_forwarded() {
        let sent: [(&str, &[u8]); 5] = [
            ("user-agent", b"Segment (Actions)"),
            ("authorization", b"Basic c2VjcmV0"),
            ("cookie", b"a=b"),
            ("x-signature", b"00"),
            ("x-note", b"na\xefve"),
        ];
        let left = forwarded_headers(sent.into_iter(), |_| true, Some("x-signature"));
        assert_eq!(left, [Field::new("user-agent", "Segment (Actions)"), Field::new("x-note", "na\u{fffd}ve")]);
    }
}
