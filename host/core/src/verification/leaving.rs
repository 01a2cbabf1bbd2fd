//! What may pass the door: headers without credentials.

use crate::contract::Field;

/// Whether a header may be kept for plugins and logs, given the one that holds the credential.
pub fn may_leave_the_door(name: &str, credential_header: Option<&str>) -> bool {
    const NEVER: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];
    !NEVER.contains(&name) && Some(name) != credential_header
}

/// The headers, of those that came, that leave the door: names in lower case, repeats repeated.
pub fn leaving<'a>(
    headers: impl Iterator<Item = (&'a str, &'a [u8])>,
    wanted: impl Fn(&str) -> bool,
    credential_header: Option<&str>,
) -> Vec<Field> {
    headers
        .filter(|(name, _)| wanted(name) && may_leave_the_door(name, credential_header))
        .map(|(name, value)| Field::new(name, String::from_utf8_lossy(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_never_leave_the_door() {
        let sent: [(&str, &[u8]); 5] = [
            ("user-agent", b"Segment (Actions)"),
            ("authorization", b"Basic c2VjcmV0"),
            ("cookie", b"a=b"),
            ("x-signature", b"00"),
            ("x-note", b"na\xefve"),
        ];
        let left = leaving(sent.into_iter(), |_| true, Some("x-signature"));
        assert_eq!(left, [Field::new("user-agent", "Segment (Actions)"), Field::new("x-note", "na\u{fffd}ve")]);
    }
}
