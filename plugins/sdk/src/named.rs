//! Platforms that send one event per request and name it in a member of the body, as most platforms outside Segment's
//! family do.
//!
//! The plugin itself decides which user an event is about, and where its idempotency key and time are.

use crate::{Kind, Node, Notice, Request, segment::MAX_EVENT_TYPE};

/// The member that names an event, as its platform documents it.
#[derive(Debug, Clone, Copy)]
pub struct EventName {
    /// The member's name, for example `type`.
    pub member: &'static str,
    /// An event name that the platform sends, for example `invoice.paid`.
    pub example: &'static str,
    /// The platform's human-readable name.
    pub platform: &'static str,
}

/// Parses the body as one JSON object.
///
/// # Errors
///
/// `not_an_object` if it is another kind of JSON value, or an error of [`Request::json`].
pub fn object(request: &Request) -> Result<Node<'_>, Notice> {
    let body = request.json()?;
    let found = body.kind();
    if found == Kind::Object {
        return Ok(body);
    }
    let sentence =
        format!("Expected an event as a JSON object, found {found}. Send each event in a request of its own.");
    Err(Notice::new("not_an_object", sentence))
}

impl EventName {
    /// Returns the event's name.
    ///
    /// Returns the empty string if the member holds no name and the operator configured an event type path (the fact
    /// `event_type_path`); the host then finds the name.
    ///
    /// # Errors
    ///
    /// `missing_field` or `wrong_type` if there is no name and no path, and the errors of [`text`].
    pub fn read(&self, request: &Request, node: Option<&Node<'_>>) -> Result<String, Notice> {
        let Self { member, example, platform } = self;
        if let Some(name) = text(node, member)? {
            return Ok(name);
        }
        if request.fact("event_type_path").is_some() {
            return Ok(String::new());
        }
        let advice = format!("expected a string such as `{example}`. Send the event as {platform} makes it.");
        Err(match node.filter(|node| !node.is_absent()) {
            None => Notice::new("missing_field", format!("Found no `{member}`; {advice}")),
            Some(node) => Notice::new("wrong_type", format!("`{member}` is {}; {advice}", node.kind())),
        })
    }
}

/// Returns the name that a member holds; `None` if it is absent, empty or not a string.
///
/// # Errors
///
/// `not_utf8` if it holds a lone surrogate, `too_long` if it exceeds 64 KiB.
pub fn text(node: Option<&Node<'_>>, member: &str) -> Result<Option<String>, Notice> {
    let Some(node) = node.filter(|node| node.kind() == Kind::String && !node.is_absent()) else { return Ok(None) };
    let Some(name) = node.as_str() else {
        let sentence = format!("`{member}` holds a lone surrogate, which is no Unicode text. Send whole characters.");
        return Err(Notice::new("not_utf8", sentence));
    };
    let length = name.len();
    if length > MAX_EVENT_TYPE {
        let sentence =
            format!("`{member}` is {length} bytes long; at most {MAX_EVENT_TYPE} can be used. Send a shorter one.");
        return Err(Notice::new("too_long", sentence));
    }
    Ok(Some(name.into_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{EventName, text};
    use crate::{Body, Field, Node, Request, segment::MAX_EVENT_TYPE};

    const NAME: EventName = EventName { member: "type", example: "invoice.paid", platform: "Stripe" };

    fn read(body: &str, facts: &[(&str, &str)]) -> Result<String, String> {
        let facts = facts.iter().map(|(name, value)| Field::new(*name, *value)).collect();
        let request = Request { facts, body: Body::Text(body.to_owned()), ..Request::default() };
        let body = Node::parse(body, "").unwrap();
        NAME.read(&request, body.get("type").as_ref()).map_err(|notice| notice.message)
    }

    #[test]
    fn a_name_is_a_string_or_where_the_operator_says() {
        assert_eq!(read(r#"{"type":"a.b"}"#, &[]).unwrap(), "a.b");
        let path = [("event_type_path", "body.kind")];
        assert_eq!(read(r#"{"type":"a.b"}"#, &path).unwrap(), "a.b");
        for nameless in ["{}", r#"{"type":null}"#, r#"{"type":""}"#, r#"{"type":7}"#] {
            assert_eq!(read(nameless, &path).unwrap(), "", "{nameless}");
        }
        assert_eq!(
            read("{}", &[]).unwrap_err(),
            "Found no `type`; expected a string such as `invoice.paid`. Send the event as Stripe makes it."
        );
        assert_eq!(
            read(r#"{"type":[]}"#, &[]).unwrap_err(),
            "`type` is an array; expected a string such as `invoice.paid`. Send the event as Stripe makes it."
        );
    }

    #[test]
    fn a_name_that_cannot_be_one_is_refused_even_where_there_is_a_path() {
        let of = |length: usize| {
            let name = format!("\"{}\"", "n".repeat(length));
            text(Some(&Node::parse(&name, "").unwrap()), "type").map_err(|notice| notice.code)
        };
        assert_eq!(of(MAX_EVENT_TYPE).unwrap().unwrap().len(), MAX_EVENT_TYPE);
        assert_eq!(of(MAX_EVENT_TYPE + 1).unwrap_err(), "too_long");
        let surrogate = read(r#"{"type":"\ud800"}"#, &[("event_type_path", "body.kind")]).unwrap_err();
        assert_eq!(surrogate, "`type` holds a lone surrogate, which is no Unicode text. Send whole characters.");
    }
}
