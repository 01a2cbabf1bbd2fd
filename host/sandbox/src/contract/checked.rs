//! Guest output is hostile until it has been through here.
//!
//! Every list and string is bounded, every pointer well-formed, every JSON text valid and storable, and a reply is of a
//! content type that no browser runs. What a pointer finds is not looked at: nothing there means absent.

use inlet_core::{
    contract::{Field, Item, Notice, Reply, TranslatedEvent, Translation, Value},
    json,
};

use crate::{fault::ShapeFault, limits::Limits};

type Checked = Result<(), ShapeFault>;

/// What a guest returned, before anybody has looked at it. The only way out is [`Unchecked::check`].
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
            Err(found) => notice(&Place::Named("notice"), found, limits)?,
        }
        Ok(self.0)
    }
}

impl Unchecked<Reply> {
    pub(crate) fn check(self, limits: &Limits) -> Result<Reply, ShapeFault> {
        reply(&Place::Named("reply"), &self.0, limits)?;
        Ok(self.0)
    }
}

/// Where in the output something is. Written out only when it is wrong: every item has a dozen of these.
enum Place<'a> {
    Named(&'static str),
    Item(usize, &'static str),
    In(&'a Place<'a>, &'static str),
    Nth(&'a Place<'a>, usize),
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Named(name) => f.write_str(name),
            Place::Item(index, kind) => write!(f, "items[{index}].{kind}"),
            Place::In(outer, name) => write!(f, "{outer}.{name}"),
            Place::Nth(outer, index) => write!(f, "{outer}[{index}]"),
        }
    }
}

fn translation(found: &Translation, limits: &Limits) -> Checked {
    if found.items.len() > limits.items {
        return Err(ShapeFault::Items { found: found.items.len(), limit: limits.items });
    }
    for (index, item) in found.items.iter().enumerate() {
        match item {
            Item::Event(found) => event(&Place::Item(index, "event"), found, limits)?,
            Item::Ignored(found) => notice(&Place::Item(index, "ignored"), found, limits)?,
            Item::Rejected(found) => notice(&Place::Item(index, "rejected"), found, limits)?,
        }
    }
    if let Some(found) = &found.reply {
        reply(&Place::Named("reply"), found, limits)?;
    }
    length(&Place::Named("memo"), &found.memo, limits.text)
}

fn event(place: &Place<'_>, found: &TranslatedEvent, limits: &Limits) -> Checked {
    length(&Place::In(place, "event_type"), &found.event_type, limits.string)?;
    let values = [
        ("user_id", &found.user_id),
        ("data", &found.data),
        ("idempotency_key", &found.idempotency_key),
        ("occurred_at", &found.occurred_at),
    ];
    for (name, found) in values {
        if let Some(found) = found {
            value(&Place::In(place, name), found, limits)?;
        }
    }
    if let Some(found) = &found.original {
        pointer(&Place::In(place, "original"), found, limits)?;
    }
    length(&Place::In(place, "tag"), &found.tag, limits.string)?;
    let extras = Place::In(place, "extras");
    for (index, Field { name, value }) in found.extras.iter().enumerate() {
        let extra = Place::Nth(&extras, index);
        length(&Place::In(&extra, "name"), name, limits.string)?;
        length(&Place::In(&extra, "value"), value, limits.string)?;
    }
    Ok(())
}

fn value(place: &Place<'_>, found: &Value, limits: &Limits) -> Checked {
    match found {
        Value::At(at) => pointer(place, at, limits),
        Value::Assembled(members) => members.iter().enumerate().try_for_each(|(index, (key, at))| {
            let member = Place::Nth(place, index);
            length(&Place::In(&member, "key"), key, limits.string)?;
            pointer(&Place::In(&member, "at"), at, limits)
        }),
        Value::Made(text) => json_text(place, text, limits),
    }
}

fn notice(place: &Place<'_>, found: &Notice, limits: &Limits) -> Checked {
    length(&Place::In(place, "code"), &found.code, limits.string)?;
    length(&Place::In(place, "message"), &found.message, limits.string)?;
    if let Some(at) = &found.at {
        pointer(&Place::In(place, "at"), at, limits)?;
    }
    length(&Place::In(place, "tag"), &found.tag, limits.string)
}

fn reply(place: &Place<'_>, found: &Reply, limits: &Limits) -> Checked {
    let body = Place::In(place, "body");
    match found.content_type.as_str() {
        "application/json" => {
            length(&body, &found.body, limits.text)?;
            json_text(&body, &found.body, limits)
        }
        "text/plain" => length(&body, &found.body, limits.text),
        other => Err(ShapeFault::ContentType {
            place: Place::In(place, "content_type").to_string(),
            found: other[..other.floor_char_boundary(80)].to_owned(),
        }),
    }
}

fn length(place: &Place<'_>, found: &str, limit: usize) -> Checked {
    if found.len() > limit {
        return Err(ShapeFault::TooLong { place: place.to_string(), found: found.len(), limit });
    }
    Ok(())
}

fn json_text(place: &Place<'_>, found: &str, limits: &Limits) -> Checked {
    json::check(found, limits.depth).map_err(|reason| ShapeFault::Json { place: place.to_string(), reason })
}

fn pointer(place: &Place<'_>, found: &str, limits: &Limits) -> Checked {
    length(place, found, limits.string)?;
    if is_pointer(found) { Ok(()) } else { Err(ShapeFault::Pointer { place: place.to_string() }) }
}

/// RFC 6901: empty, or begun by a slash, and `~` only as `~0` and `~1`.
fn is_pointer(text: &str) -> bool {
    let begun = text.is_empty() || text.starts_with('/');
    begun && text.split('~').skip(1).all(|escaped| escaped.starts_with(['0', '1']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_those_of_rfc_6901() {
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
    fn the_sentence_names_the_place() {
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
