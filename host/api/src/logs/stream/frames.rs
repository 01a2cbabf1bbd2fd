//! The text of server-sent events.

use axum::body::Bytes;
use inlet_core::Uuid;
use serde::Serialize;

use crate::page::CursorText as _;

/// Server-sent events that are sent at once.
#[derive(Debug, Default)]
pub struct Frames(Vec<u8>);

impl Frames {
    /// Adds an event. JSON has no line breaks outside of strings, and escapes them within.
    pub fn add(&mut self, event: &str, cursor: Uuid, data: &impl Serialize) {
        let json = serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned());
        // Stored JSON is passed on as text, and may have line breaks between its tokens.
        let json = json.replace(['\n', '\r'], " ");
        self.0.extend_from_slice(format!("id: {}\nevent: {event}\ndata: {json}\n\n", cursor.write()).as_bytes());
    }

    /// Adds the pause after which a browser connects again, in milliseconds.
    pub fn retry(&mut self, milliseconds: u32) {
        self.0.extend_from_slice(format!("retry: {milliseconds}\n").as_bytes());
    }

    /// Returns the text, to be held with its memory.
    pub fn into_text(self) -> Vec<u8> {
        self.0
    }

    /// Returns the text.
    pub fn into_bytes(self) -> Bytes {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn an_event_is_one_line_of_data() {
        let mut frames = Frames::default();
        frames.retry(2000);
        let stored = RawValue::from_string("{\n\"a\": \"x\\ny\",\r\n\"n\": 1.10}".to_owned()).unwrap();
        frames.add("entry", Uuid::nil(), &stored);
        insta::assert_snapshot!(String::from_utf8(frames.into_bytes().to_vec()).unwrap(), @r#"
        retry: 2000
        id: 00000000000000000000000000000000
        event: entry
        data: { "a": "x\ny",  "n": 1.10}
        "#);
    }
}
