//! Reading an event out of its item: the rules for types, ids, data, keys and times.

use bytestring::ByteString;

use super::{
    MAX_STRING_BYTES,
    item::ItemReader,
    rejection::{Rejection, reject},
    slots::EventSlots,
};
use crate::{
    contract::TranslatedEvent,
    hints::Hints,
    idempotency::{self, KeyReading},
    json::{self, Kind, MAX_DEPTH},
    path::Path,
    settings::KeyPaths,
    user,
};

/// The common event as read, before redaction.
pub(super) struct Reading {
    pub(super) event_type: String,
    pub(super) user_id: Option<String>,
    pub(super) data: ByteString,
    pub(super) idempotency_key: Option<String>,
    pub(super) occurred_at_us: i64,
    pub(super) hints: Option<Box<Hints>>,
}

impl ItemReader<'_, '_> {
    /// Reads the common event; an item that breaks a rule is rejected.
    pub(super) fn read(
        &self,
        event: &TranslatedEvent,
        slots: &EventSlots<'_>,
        item: &ByteString,
        warnings: &mut Vec<String>,
    ) -> Result<Reading, Rejection> {
        match self.pieces.documents {
            json::Documents::One => json::inspect(item, MAX_DEPTH),
            // A line among others need not be JSON; the lines together are not.
            json::Documents::Lines if !self.is_whole(item) => json::check(item, MAX_DEPTH),
            json::Documents::Lines | json::Documents::None => Ok(()),
        }
        .or_else(|error| reject("not_json", error.to_string()))?;
        let event_type = self.event_type(event, item)?;
        match self.values(event, slots, item, warnings) {
            Ok(values) => Ok(Reading { event_type, ..values }),
            Err(rejection) => Err(Rejection { event_type, ..rejection }),
        }
    }

    /// Reads everything but the event type.
    fn values(
        &self,
        event: &TranslatedEvent,
        slots: &EventSlots<'_>,
        item: &ByteString,
        warnings: &mut Vec<String>,
    ) -> Result<Reading, Rejection> {
        let settings = self.context.settings;
        let user_id = self.found(settings.user_id_path.as_ref(), item, slots.user_id.as_ref());
        let user_id = user::read_user_id(user_id.as_deref())
            .or_else(|problem| reject("wrong_type", format!("the user id {problem}")))?;
        if user_id.as_ref().is_some_and(|id| id.len() > MAX_STRING_BYTES) {
            return reject("too_long", format!("the user id is longer than {MAX_STRING_BYTES} bytes"));
        }
        let data = self.found(settings.data_path.as_ref(), item, slots.data.as_ref());
        let data = read_data(data, warnings)?;
        let key = match settings.idempotency_key_path.as_ref().map(KeyPaths::as_slice) {
            Some(paths @ [_, _, ..]) => {
                idempotency::read_composed_key(paths.iter().map(|path| (path, self.at_path(path, item))))
            }
            paths => {
                let path = paths.and_then(|paths| paths.first());
                idempotency::read_key(self.found(path, item, slots.idempotency_key.as_ref()).as_deref())
            }
        };
        let idempotency_key = match key {
            KeyReading::Valid(key) => Some(key),
            KeyReading::Absent => None,
            KeyReading::Invalid(why) => {
                warnings.push(format!("{why}; the event was processed without idempotency"));
                None
            }
        };
        let occurred_at_us = self.occurred_at_us(event, slots, item, warnings);
        let hints = Hints::read(&event.extras, warnings);
        Ok(Reading { event_type: String::new(), user_id, data, idempotency_key, occurred_at_us, hints })
    }

    fn event_type(&self, event: &TranslatedEvent, item: &str) -> Result<String, Rejection> {
        let (event_type, origin) = match &self.context.settings.event_type_path {
            None => (event.event_type.clone(), "its plugin".to_owned()),
            Some(path) => {
                let origin = format!("the path `{path}`");
                let found = self.at_path(path, item);
                let found = found.as_deref().unwrap_or("null");
                let event_type = match Kind::of(found) {
                    Kind::Null => String::new(),
                    Kind::Number => json::decimal(found).into_owned(),
                    Kind::String => json::string(found).unwrap_or_default(),
                    other => {
                        let message = format!(
                            "the event type at {origin} is {}; expected a string: send one there, or correct event_type_path",
                            other.with_article()
                        );
                        return reject("wrong_type", message);
                    }
                };
                (event_type, origin)
            }
        };
        if event_type.is_empty() {
            let header = self.context.settings.event_type_path.as_ref().and_then(Path::header);
            let advice = match header {
                // A header that is not kept looks like one that was not sent.
                Some(name) => format!("send the header {name:?}, and see that keep_headers names it"),
                None => "send one, or set event_type_path to where it is".to_owned(),
            };
            let message = format!("{origin} finds no event type; {advice}");
            return reject("missing_field", message);
        }
        if event_type.chars().any(char::is_control) {
            return reject("wrong_type", format!("the event type from {origin} holds control characters"));
        }
        if event_type.len() > MAX_STRING_BYTES {
            return reject("too_long", format!("the event type from {origin} is longer than {MAX_STRING_BYTES} bytes"));
        }
        Ok(event_type)
    }
}

fn read_data(data: Option<ByteString>, warnings: &mut Vec<String>) -> Result<ByteString, Rejection> {
    let nothing = ByteString::from_static("{}");
    let Some(data) = data else { return Ok(nothing) };
    match Kind::of(&data) {
        Kind::Object => Ok(data),
        Kind::Null => Ok(nothing),
        // PHP encodes an object without members as an empty array.
        Kind::Array if json::array_len(&data) == Some(0) => {
            warnings.push("the data is an empty array; it was read as an empty object".to_owned());
            Ok(nothing)
        }
        other => reject("wrong_type", format!("the data is {}; expected an object", other.with_article())),
    }
}
