//! The time at which an event happened, and what stands in for one that cannot be read.

use std::{ptr, sync::LazyLock};

use memchr::{memchr, memmem::Finder};

use super::{item::ItemReader, slots::EventSlots};
use crate::{
    contract::{TranslatedEvent, Value},
    json::{self, Kind},
    time,
};

/// The members that hold a time of the event, the best first.
const TIMES: [&str; 3] = ["timestamp", "originalTimestamp", SENT_AT];

/// The member with the time at which the sender sent the request. It may stand beside a batch.
const SENT_AT: &str = "sentAt";

/// Finds what the names of all times contain.
static NAMES: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| [Finder::new("imestamp"), Finder::new(SENT_AT)]);

/// Returns false if a JSON text has no member that holds a time, which spares walking it. A name can also be written with
/// escapes.
fn may_name_a_time(text: &str) -> bool {
    let text = text.as_bytes();
    NAMES.iter().any(|name| name.find(text).is_some()) || memchr(b'\\', text).is_some()
}

impl ItemReader<'_, '_> {
    /// Returns the time at which the event happened, in microseconds since 1970: the value of the operator's path or of the
    /// plugin, then the first of `timestamp`, `originalTimestamp` and `sentAt` that can be read, then the time of receipt.
    pub(super) fn occurred_at_us(
        &self,
        event: &TranslatedEvent,
        slots: &EventSlots<'_>,
        item: &str,
        warnings: &mut Vec<String>,
    ) -> i64 {
        let received_at_us = self.context.received_at_ms.saturating_mul(1000);
        let path = &self.context.settings.timestamp_path;
        let found = self.found(path.as_ref(), item, slots.occurred_at.as_ref());
        if let Some(us) = time::read(found.as_deref()) {
            return us;
        }
        let is_unreadable = found.as_deref().is_some_and(|text| !matches!(text.trim(), "null" | "\"\""));
        if !is_unreadable && path.is_some() {
            return received_at_us;
        }
        let substitute = self.substitute(item);
        if is_unreadable {
            let name = match (path, &event.occurred_at) {
                (Some(path), _) => path.as_str(),
                (None, Some(Value::At(pointer))) => pointer.rsplit('/').next().unwrap_or_default(),
                (None, _) => TIMES[0],
            };
            let used = match substitute {
                Some((used, _)) => format!("`{used}`"),
                None => "the time of receipt".to_owned(),
            };
            warnings.push(format!(
                "`{name}` cannot be read as a time, and {used} was used; expected one such as 2026-01-02T03:04:05.678Z"
            ));
        }
        substitute.map_or(received_at_us, |(_, us)| us)
    }

    /// Returns the first time that can be read, with its name.
    fn substitute(&self, item: &str) -> Option<(&'static str, i64)> {
        if Kind::of(item) != Kind::Object {
            return None;
        }
        let members = if may_name_a_time(item) { json::members(item)? } else { Default::default() };
        let of_item = TIMES.into_iter().find_map(|name| Some((name, time::read(members.get(name).copied())?)));
        if of_item.is_some() || ptr::eq(item, &raw const **self.text) {
            return of_item;
        }
        Some((SENT_AT, (*self.sent_at.get_or_init(|| self.read_sent_at()))?))
    }

    /// Reads the time at which the whole request was sent. The body is walked once, however many items need it.
    fn read_sent_at(&self) -> Option<i64> {
        match self.pieces.documents {
            json::Documents::One if may_name_a_time(self.text) => time::read(json::member(self.text, SENT_AT)),
            json::Documents::One | json::Documents::Lines | json::Documents::None => None,
        }
    }
}
