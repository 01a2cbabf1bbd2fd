//! Checks of a plugin's output, which is hostile until it passed them.
//!
//! Every list and string is bounded, every pointer is well-formed, every JSON text is valid and may be stored, and no
//! browser executes the content type of a reply, whose status and headers are among a few. The target of a pointer is not checked here: a pointer to nothing means
//! that the value is absent.

use inlet_core::{
    contract::{
        Field, Item, MAX_REPLY_HEADERS, Notice, REPLY_STATUSES, Reply, TranslatedEvent, Translation, Value,
        content_type_header, is_reply_header_name, is_reply_header_value,
    },
    json,
};

use super::output_path::OutputPath;
use crate::run::{Limits, ShapeFault};

type Checked = Result<(), ShapeFault>;

/// A guest's output before it is checked. [`Unchecked::check`] is the only access to the value.
pub(crate) struct Unchecked<T>(T);

impl<T> Unchecked<T> {
    pub(super) fn new(value: T) -> Self {
        Self(value)
    }
}

impl Unchecked<Result<Translation, Notice>> {
    pub(crate) fn check(self, limits: &Limits) -> Result<Result<Translation, Notice>, ShapeFault> {
        match &self.0 {
            Ok(found) => translation(found, limits)?,
            Err(found) => notice(&OutputPath::Root("notice"), found, limits)?,
        }
        Ok(self.0)
    }
}

impl Unchecked<Reply> {
    pub(crate) fn check(self, limits: &Limits) -> Result<Reply, ShapeFault> {
        reply(&OutputPath::Root("reply"), &self.0, limits)?;
        Ok(self.0)
    }
}

fn translation(found: &Translation, limits: &Limits) -> Checked {
    if found.items.len() > limits.items {
        return Err(ShapeFault::Items { found: found.items.len(), limit: limits.items });
    }
    for (index, item) in found.items.iter().enumerate() {
        match item {
            Item::Event(found) => event(&OutputPath::Item(index, "event"), found, limits)?,
            Item::Ignored(found) => notice(&OutputPath::Item(index, "ignored"), found, limits)?,
            Item::Rejected(found) => notice(&OutputPath::Item(index, "rejected"), found, limits)?,
        }
    }
    if let Some(found) = &found.reply {
        reply(&OutputPath::Root("reply"), found, limits)?;
    }
    length(&OutputPath::Root("memo"), &found.memo, limits.text)
}

fn event(path: &OutputPath<'_>, found: &TranslatedEvent, limits: &Limits) -> Checked {
    length(&OutputPath::Member(path, "event_type"), &found.event_type, limits.string)?;
    let values = [
        ("user_id", &found.user_id),
        ("data", &found.data),
        ("idempotency_key", &found.idempotency_key),
        ("occurred_at", &found.occurred_at),
    ];
    for (name, found) in values {
        if let Some(found) = found {
            value(&OutputPath::Member(path, name), found, limits)?;
        }
    }
    if let Some(found) = &found.original {
        pointer(&OutputPath::Member(path, "original"), found, limits)?;
    }
    length(&OutputPath::Member(path, "tag"), &found.tag, limits.string)?;
    let extras = OutputPath::Member(path, "extras");
    for (index, Field { name, value }) in found.extras.iter().enumerate() {
        let extra = OutputPath::Index(&extras, index);
        length(&OutputPath::Member(&extra, "name"), name, limits.string)?;
        length(&OutputPath::Member(&extra, "value"), value, limits.string)?;
    }
    Ok(())
}

fn value(path: &OutputPath<'_>, found: &Value, limits: &Limits) -> Checked {
    match found {
        Value::At(at) => pointer(path, at, limits),
        Value::Assembled(members) => members.iter().enumerate().try_for_each(|(index, (key, at))| {
            let member = OutputPath::Index(path, index);
            length(&OutputPath::Member(&member, "key"), key, limits.string)?;
            pointer(&OutputPath::Member(&member, "at"), at, limits)
        }),
        Value::Made(text) => json_text(path, text, limits),
    }
}

fn notice(path: &OutputPath<'_>, found: &Notice, limits: &Limits) -> Checked {
    length(&OutputPath::Member(path, "code"), &found.code, limits.string)?;
    length(&OutputPath::Member(path, "message"), &found.message, limits.string)?;
    if let Some(at) = &found.at {
        pointer(&OutputPath::Member(path, "at"), at, limits)?;
    }
    length(&OutputPath::Member(path, "tag"), &found.tag, limits.string)
}

fn reply(path: &OutputPath<'_>, found: &Reply, limits: &Limits) -> Checked {
    let position = |name| OutputPath::Member(path, name).to_string();
    if !REPLY_STATUSES.contains(&found.status) {
        return Err(ShapeFault::Status { path: position("status"), found: found.status });
    }
    if content_type_header(&found.content_type).is_none() {
        return Err(ShapeFault::ContentType { path: position("content_type"), found: start(&found.content_type) });
    }
    if found.headers.len() > MAX_REPLY_HEADERS {
        return Err(ShapeFault::Headers { path: position("headers"), found: found.headers.len() });
    }
    let headers = OutputPath::Member(path, "headers");
    for (index, Field { name, value }) in found.headers.iter().enumerate() {
        let position = |member| OutputPath::Member(&OutputPath::Index(&headers, index), member).to_string();
        if !is_reply_header_name(name) {
            return Err(ShapeFault::HeaderName { path: position("name"), found: start(name) });
        }
        if !is_reply_header_value(value) {
            return Err(ShapeFault::HeaderValue { path: position("value"), found: start(value) });
        }
    }
    let body = OutputPath::Member(path, "body");
    if found.status == 204 && !found.body.is_empty() {
        return Err(ShapeFault::BodyOfNoContent { path: body.to_string() });
    }
    length(&body, &found.body, limits.text)?;
    match found.content_type.as_str() {
        "application/json" if !found.body.is_empty() => json_text(&body, &found.body, limits),
        _ => Ok(()),
    }
}

/// Returns the beginning of a text, for a sentence.
fn start(text: &str) -> String {
    text[..text.floor_char_boundary(80)].to_owned()
}

fn length(path: &OutputPath<'_>, found: &str, limit: usize) -> Checked {
    if found.len() > limit {
        return Err(ShapeFault::TooLong { path: path.to_string(), found: found.len(), limit });
    }
    Ok(())
}

fn json_text(path: &OutputPath<'_>, found: &str, limits: &Limits) -> Checked {
    json::check(found, limits.depth).map_err(|reason| ShapeFault::Json { path: path.to_string(), reason })
}

fn pointer(path: &OutputPath<'_>, found: &str, limits: &Limits) -> Checked {
    length(path, found, limits.string)?;
    if is_pointer(found) { Ok(()) } else { Err(ShapeFault::Pointer { path: path.to_string() }) }
}

/// Returns true for a JSON Pointer (RFC 6901): empty or with a leading slash, and `~` only in `~0` and `~1`.
fn is_pointer(text: &str) -> bool {
    let begun = text.is_empty() || text.starts_with('/');
    begun && text.split('~').skip(1).all(|escaped| escaped.starts_with(['0', '1']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_follow_rfc_6901() {
        for good in ["", "/", "/0", "/a~1b", "/m~0n", "/ ", "/☃", "//"] {
            assert!(is_pointer(good), "{good:?}");
        }
        for bad in ["a", "0/a", "/~", "/a~2", "/a~", "#/a", " /a"] {
            assert!(!is_pointer(bad), "{bad:?}");
        }
    }

    fn translation_of(event: TranslatedEvent) -> Unchecked<Result<Translation, Notice>> {
        Unchecked::new(Ok(Translation { items: vec![Item::Event(event)], reply: None, memo: String::new() }))
    }

    fn event_with(change: impl FnOnce(&mut TranslatedEvent)) -> TranslatedEvent {
        let mut event = TranslatedEvent {
            event_type: "track/A".to_owned(),
            user_id: None,
            data: None,
            idempotency_key: None,
            occurred_at: None,
            original: None,
            tag: String::new(),
            extras: vec![],
        };
        change(&mut event);
        event
    }

    fn sentence(event: TranslatedEvent) -> String {
        translation_of(event).check(&Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn the_sentence_names_the_position() {
        let extras = vec![Field::new("warning", ""), Field::new("warning", "x".repeat(70_000))];
        insta::assert_snapshot!(
            sentence(event_with(|event| event.extras = extras)),
            @"items[0].event.extras[1].value has 70000 bytes; at most 64 KiB are allowed; let the plugin reject such an item (`too_long`)"
        );
        let members = vec![("email".to_owned(), "EMAIL".to_owned())];
        insta::assert_snapshot!(
            sentence(event_with(|event| event.data = Some(Value::Assembled(members)))),
            @r#"items[0].event.data[0].at is not a JSON Pointer; expected the empty string or a text that starts with "/", with "~" only in "~0" and "~1", for example "/0/properties""#
        );
    }

    #[test]
    fn numbers_of_any_size_and_private_markers_are_ordinary_json() {
        let data = r#"{"$serde_json::private::Number":"1","n":9007199254740993,"e":1E400}"#;
        let event = event_with(|event| event.data = Some(Value::Made(data.to_owned())));
        assert!(translation_of(event).check(&Limits::default()).is_ok());
    }
}
