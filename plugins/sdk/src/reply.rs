//! Replies: an answer that a plugin writes, with its status and headers.
//!
//! The builder methods check what the contract limits, so that a mistake is found by the plugin's own tests and not by the
//! first request. The fields are public and unchecked; the host checks every reply again.

use crate::{Field, Notice, Reply};

/// The statuses that a reply can have.
pub const STATUSES: [u16; 4] = [200, 201, 202, 204];
/// The largest number of headers of a reply.
pub const MAX_HEADERS: usize = 4;
/// The longest value of a header, in bytes.
pub const MAX_HEADER_VALUE: usize = 1024;

/// The longest name of a header, in bytes.
const MAX_HEADER_NAME: usize = 256;
/// The beginnings of the names of headers that browsers or proxies obey.
const OBEYED: [&str; 5] = ["x-content-type-options", "x-accel-", "x-sendfile", "x-lighttpd-send", "x-reproxy-"];

impl Reply {
    /// Creates a JSON reply with the status 200. The host refuses a body that is neither JSON nor empty.
    pub fn json(body: impl Into<String>) -> Self {
        Self::with_content_type("application/json", body)
    }

    /// Creates a plain text reply with the status 200.
    pub fn text(body: impl Into<String>) -> Self {
        Self::with_content_type("text/plain", body)
    }

    /// Creates an XML reply with the status 200. Its content type is `application/xml`; for a platform that expects
    /// `text/xml`, set the field `content_type`.
    pub fn xml(body: impl Into<String>) -> Self {
        Self::with_content_type("application/xml", body)
    }

    /// Creates a reply without a body, with the status 204. Most platforms count only 200 as delivered:
    /// `Reply::empty().status(200)` is an empty body with that status.
    pub fn empty() -> Self {
        Self { status: 204, ..Self::text("") }
    }

    /// Sets the status: 200, 201, 202 or 204. Errors are not a reply's to report: the manifest's `on_reject` says how a
    /// rejected request is answered.
    ///
    /// # Panics
    ///
    /// Panics if the status is another one, and if it is 204 and the reply has a body.
    #[must_use]
    #[track_caller]
    pub fn status(mut self, status: u16) -> Self {
        assert!(STATUSES.contains(&status), "the status of a reply is 200, 201, 202 or 204, not {status}");
        assert!(status != 204 || self.body.is_empty(), "a reply with the status 204 has no body; use Reply::empty()");
        self.status = status;
        self
    }

    /// Adds a header. A reply has at most 4, with names such as `x-request-id` or `webhook-id` in lower case. A value has at
    /// most 1 KiB of visible ASCII characters and spaces. For a value that a request holds, use [`Reply::try_header`].
    ///
    /// # Panics
    ///
    /// Panics if the reply has 4 headers already, if the name does not begin with `x-` or `webhook-` or is one that browsers
    /// or proxies obey, and if the value has other characters or is too long.
    #[must_use]
    #[track_caller]
    pub fn header(self, name: &str, value: impl Into<String>) -> Self {
        match self.try_header(name, value) {
            Ok(reply) => reply,
            Err(notice) => panic!("{}", notice.message),
        }
    }

    /// Adds a header whose value a request holds, such as a secret to be echoed. `?` in [`Plugin::translate`](crate::Plugin)
    /// rejects the request.
    ///
    /// # Errors
    ///
    /// `wrong_type` if the value has other characters than visible ASCII characters and spaces, and `too_long` if it has more
    /// than 1 KiB.
    ///
    /// # Panics
    ///
    /// Panics if the reply has 4 headers already, and if the name is not allowed; see [`Reply::header`].
    #[track_caller]
    pub fn try_header(mut self, name: &str, value: impl Into<String>) -> Result<Self, Notice> {
        assert!(self.headers.len() < MAX_HEADERS, "a reply has at most {MAX_HEADERS} headers; {name:?} is one more");
        assert!(
            is_header_name(name),
            "{name:?} cannot be a header of a reply: expected a name in lower case that begins with \"x-\" or \"webhook-\" \
             and is none that browsers or proxies obey, such as x-content-type-options, x-accel-redirect or x-sendfile"
        );
        let value = value.into();
        if value.len() > MAX_HEADER_VALUE {
            let sentence = format!("The header {name} would have {} bytes; at most 1 KiB can be sent.", value.len());
            return Err(Notice::new("too_long", sentence));
        }
        if !value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            let sentence = format!("The header {name} would hold other characters than visible ASCII and spaces.");
            return Err(Notice::new("wrong_type", sentence));
        }
        self.headers.push(Field::new(name, value));
        Ok(self)
    }

    fn with_content_type(content_type: &str, body: impl Into<String>) -> Self {
        Self {
            status: 200,
            content_type: content_type.to_owned(),
            headers: Vec::new(),
            body: body.into(),
            extras: Vec::new(),
        }
    }
}

fn is_header_name(name: &str) -> bool {
    let rest = ["x-", "webhook-"].iter().find_map(|prefix| name.strip_prefix(prefix));
    rest.is_some_and(|rest| !rest.is_empty())
        && name.len() <= MAX_HEADER_NAME
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !OBEYED.iter().any(|beginning| name.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::panic::catch_unwind;

    use super::MAX_HEADER_VALUE;
    use crate::{Field, Reply};

    /// Returns the sentence of a panic.
    fn panicked(build: impl FnOnce() -> Reply + std::panic::UnwindSafe) -> String {
        *catch_unwind(build).unwrap_err().downcast::<String>().unwrap()
    }

    #[test]
    fn a_reply_is_built_in_one_expression() {
        let reply = Reply::text("ok").status(202).header("x-request-id", "r 1").header("webhook-id", "");
        assert_eq!((reply.status, reply.content_type.as_str(), reply.body.as_str()), (202, "text/plain", "ok"));
        assert_eq!(reply.headers, [Field::new("x-request-id", "r 1"), Field::new("webhook-id", "")]);
        let kinds = [(Reply::json("{}"), 200, "application/json"), (Reply::xml("<a/>"), 200, "application/xml")];
        for (reply, status, content_type) in kinds {
            assert_eq!((reply.status, reply.content_type.as_str()), (status, content_type));
        }
        let empty = Reply::empty().header("x-hook-secret", "s");
        assert_eq!((empty.status, empty.body.as_str()), (204, ""));
        assert_eq!(Reply::empty().status(200).status, 200, "an empty body may have any status");
        assert_eq!(Reply::json("").status(204).status, 204);
    }

    #[test]
    fn mistakes_of_an_author_panic_where_they_are_made() {
        for status in [0, 100, 203, 302, 400, 500] {
            let sentence = panicked(move || Reply::text("").status(status));
            assert_eq!(sentence, format!("the status of a reply is 200, 201, 202 or 204, not {status}"));
        }
        let several = || (0..5).fold(Reply::text(""), |reply, index| reply.header(&format!("x-{index}"), "v"));
        assert_eq!(panicked(several), r#"a reply has at most 4 headers; "x-4" is one more"#);
        let sentence = panicked(|| Reply::empty().header("Set-Cookie", "a=b"));
        assert!(sentence.starts_with(r#""Set-Cookie" cannot be a header of a reply: expected a name"#), "{sentence}");
        assert!(panicked(|| Reply::empty().header("x-a", "b\r\nc")).starts_with("The header x-a would hold"));
        let body = catch_unwind(|| Reply::json("{}").status(204)).unwrap_err();
        assert_eq!(body.downcast_ref(), Some(&"a reply with the status 204 has no body; use Reply::empty()"));
    }

    #[test]
    fn a_value_of_a_request_gives_a_notice() {
        let code = |value: &str| Reply::empty().try_header("x-hook-secret", value).map_err(|notice| notice.code);
        let longest = "a".repeat(MAX_HEADER_VALUE);
        assert_eq!(code(&longest).unwrap().headers[0].value, longest);
        assert_eq!(code(&format!("{longest}a")), Err("too_long".to_owned()));
        for value in ["a\nb", "a\tb", "ä", "\u{fffd}", "\0"] {
            assert_eq!(code(value), Err("wrong_type".to_owned()), "{value:?}");
        }
    }
}
