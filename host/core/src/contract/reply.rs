//! The answer that a plugin writes, and the rules for answers that a plugin or its manifest chooses.

use super::Field;

/// The statuses of a reply.
pub const REPLY_STATUSES: [u16; 4] = [200, 201, 202, 204];
/// The most headers of a reply.
pub const MAX_REPLY_HEADERS: usize = 4;

/// The longest name of a header, in bytes.
const MAX_NAME: usize = 256;
/// The longest value of a header, in bytes.
const MAX_VALUE: usize = 1024;

/// The content types of a reply, each with the value of the header that is sent.
const CONTENT_TYPES: [(&str, &str); 4] = [
    ("application/json", "application/json"),
    ("text/plain", "text/plain; charset=utf-8"),
    ("text/xml", "text/xml; charset=utf-8"),
    ("application/xml", "application/xml; charset=utf-8"),
];

/// Headers that are not a reply's to set, each by the beginning of its name: browsers would sniff the content type, and
/// proxies would send a file of theirs instead of the reply.
const OBEYED: [&str; 5] = ["x-content-type-options", "x-accel-", "x-sendfile", "x-lighttpd-send", "x-reproxy-"];

/// An answer that a plugin or its manifest writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// One of [`REPLY_STATUSES`]. Contract 0.1 has only 200.
    pub status: u16,
    /// A content type that [`content_type_header`] knows.
    pub content_type: String,
    /// At most [`MAX_REPLY_HEADERS`] further headers. Contract 0.1 has none.
    pub headers: Vec<Field>,
    /// The body; empty or valid JSON if the content type is JSON.
    pub body: String,
}

impl Reply {
    /// Creates a reply with the status 200 and no further headers.
    pub fn new(content_type: impl Into<String>, body: impl Into<String>) -> Self {
        Self { status: 200, content_type: content_type.into(), headers: Vec::new(), body: body.into() }
    }
}

/// Returns the value of the header `content-type` for a reply's content type, or `None` if no reply may have it.
pub fn content_type_header(content_type: &str) -> Option<&'static str> {
    CONTENT_TYPES.iter().find(|(name, _)| *name == content_type).map(|(_, header)| *header)
}

/// Returns true if a reply may set a header of this name: `x-` or `webhook-` and lower-case letters, digits and hyphens, and
/// none that browsers or proxies obey.
pub fn is_reply_header_name(name: &str) -> bool {
    let rest = ["x-", "webhook-"].iter().find_map(|prefix| name.strip_prefix(prefix));
    rest.is_some_and(|rest| !rest.is_empty())
        && name.len() <= MAX_NAME
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !OBEYED.iter().any(|beginning| name.starts_with(beginning))
}

/// Returns true if a reply may give a header this value: at most 1 KiB of visible ASCII characters and spaces.
pub fn is_reply_header_value(value: &str) -> bool {
    value.len() <= MAX_VALUE && value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headers_that_nobody_obeys_may_be_set() {
        for name in ["x-a", "x-hook-secret", "webhook-id", "x-request-id", "x-accelerated", "x-9"] {
            assert!(is_reply_header_name(name), "{name}");
        }
        let long = format!("x-{}", "a".repeat(MAX_NAME));
        for name in [
            "",
            "x-",
            "webhook-",
            "X-A",
            "x-a b",
            "x-a:",
            "x-ä",
            "set-cookie",
            "location",
            "content-type",
            "xx-a",
            "x-content-type-options",
            "x-accel-redirect",
            "x-accel-buffering",
            "x-sendfile",
            "x-sendfile2",
            "x-lighttpd-send-file",
            "x-reproxy-url",
            long.as_str(),
        ] {
            assert!(!is_reply_header_name(name), "{name}");
        }
    }

    #[test]
    fn a_value_cannot_end_its_header() {
        let longest = "a".repeat(MAX_VALUE);
        for value in ["", "a b", "{}~!", longest.as_str()] {
            assert!(is_reply_header_value(value), "{value}");
        }
        let longer = "a".repeat(MAX_VALUE + 1);
        for value in ["a\r\nset-cookie: b", "a\n", "a\t", "ä", "\0", "\u{7f}", longer.as_str()] {
            assert!(!is_reply_header_value(value), "{value}");
        }
    }

    #[test]
    fn no_reply_is_html() {
        for content_type in
            ["text/html", "application/xhtml+xml", "image/svg+xml", "TEXT/XML", "text/xml; charset=utf-8", ""]
        {
            assert_eq!(content_type_header(content_type), None, "{content_type}");
        }
        assert_eq!(content_type_header("text/xml"), Some("text/xml; charset=utf-8"));
    }
}
