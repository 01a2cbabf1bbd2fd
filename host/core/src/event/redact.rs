//! Redaction of an item before it is planned or stored (semantics.md §7).

use bytestring::ByteString;

use super::{
    context::Context,
    item::ItemReader,
    slots::{EventSlots, ValueSlots},
};
use crate::{
    contract::{TranslatedEvent, Value},
    json::{self, Kind},
    path,
};

/// Blanks the values at the redact paths in force. Returns the new text, if any value was blanked, and what the log names
/// as redacted: the paths that blanked a value, and the query parameters that were withheld.
pub(super) fn redact(context: &Context<'_>, item: &str) -> (Option<ByteString>, Vec<String>) {
    let mut text: Option<String> = None;
    let mut redacted = Vec::new();
    for path in context.redact_paths.iter().chain(&context.settings.redact_paths) {
        // Both readings of a path are blanked, because a path of the settings could find a value either way.
        let below = match path.head() {
            Some("body" | "event") if path.segments().len() > 1 => path.segments().get(1..),
            _ => None,
        };
        let mut hit = false;
        for segments in below.into_iter().chain([path.segments()]) {
            if let Some(blanked) = path::blank(text.as_deref().unwrap_or(item), segments) {
                text = Some(blanked);
                hit = true;
            }
        }
        if hit {
            redacted.push(path.to_string());
        }
    }
    redacted.extend_from_slice(context.withheld);
    (text.map(ByteString::from), redacted)
}

impl ItemReader<'_, '_> {
    /// Blanks the values at the redact paths in an item.
    pub(super) fn redact(&self, item: &ByteString) -> (Option<ByteString>, Vec<String>) {
        redact(self.context, item)
    }

    /// Cuts the data out of a redacted item.
    pub(super) fn data_within(
        &self,
        event: &TranslatedEvent,
        slots: &EventSlots<'_>,
        item: &ByteString,
        data: ByteString,
    ) -> ByteString {
        let original = event.original.as_deref().unwrap_or_default();
        // The pointer relative to the item; none outside of it, where no redact path reaches.
        let inside = |pointer: &str| -> Option<String> {
            let rest = pointer.strip_prefix(original)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
        };
        let again = match (&self.context.settings.data_path, &event.data, &slots.data) {
            (Some(path), _, _) => self.at_path(path, item),
            (None, Some(Value::At(pointer)), _) => match inside(pointer) {
                Some(rest) => json::point(item, &rest).map(ByteString::from),
                None => return data,
            },
            (None, Some(Value::Assembled(members)), Some(ValueSlots::Assembled(slots))) => {
                let members = members.iter().zip(slots).filter_map(|((key, pointer), (_, slot))| {
                    let value = match inside(pointer) {
                        Some(rest) => json::point(item, &rest),
                        None => self.pieces.get(*slot),
                    };
                    Some((key, value?))
                });
                Some(json::object(members.collect::<indexmap::IndexMap<_, _>>()).into())
            }
            _ => return data,
        };
        // Not found any more, or no object: the data was blanked as a whole.
        again.filter(|text| Kind::of(text) == Kind::Object).unwrap_or_else(|| ByteString::from_static("{}"))
    }
}
