//! Preparing one item of a request: read, redacted, planned and ready to be logged.

use std::cell::OnceCell;

use bytestring::ByteString;
use uuid::Uuid;

use super::{
    context::{Context, verification_status},
    reading::Reading,
    redact::{Blanked, DataPlace, Redaction, is_opaque},
    rejection::Rejection,
    slots::EventSlots,
};
use crate::{
    contract::{Body, Notice, TranslatedEvent},
    json,
    log::{EventFields, EventLog, Original, Outcome},
    plan::Scope,
    settle::Prepared,
};

/// The warning about a body that redact paths cannot reach into.
const UNREDACTED: &str = "redact_paths find no value where a body is neither JSON nor a form; such parts of this body are kept \
                          as they came, so that it can be translated again";

/// One item of a request with what it is read from.
pub(super) struct ItemReader<'r, 'a> {
    pub(super) context: &'r Context<'r>,
    pub(super) body: &'a Body,
    pub(super) text: &'a ByteString,
    pub(super) pieces: &'r json::Pieces<'a>,
    /// The time at which the request was sent, in microseconds since 1970, looked up when an item needs it.
    pub(super) sent_at: &'r OnceCell<Option<i64>>,
    pub(super) index: usize,
    pub(super) id: Uuid,
}

impl ItemReader<'_, '_> {
    /// Prepares an event.
    pub(super) fn event(&self, event: &TranslatedEvent, slots: &EventSlots<'_>) -> Prepared {
        let item = match self.pieces.get(slots.original) {
            Some(item) => self.slice(item),
            None => self.text.clone(),
        };
        let mut warnings: Vec<String> =
            event.extras.iter().filter(|extra| extra.name == "warning").map(|extra| extra.value.clone()).collect();
        match self.read(event, slots, &item, &mut warnings) {
            Ok(reading) => self.planned(event, slots, &item, reading, warnings),
            Err(Rejection { event_type, code, message }) => {
                let fields = EventFields {
                    event_type,
                    code: Some(code.to_owned()),
                    reason: Some(message),
                    warnings,
                    ..self.fields(Outcome::Rejected)
                };
                self.unplanned(fields, &item, &self.data_place(event))
            }
        }
    }

    fn planned(
        &self,
        event: &TranslatedEvent,
        slots: &EventSlots<'_>,
        item: &ByteString,
        mut reading: Reading,
        warnings: Vec<String>,
    ) -> Prepared {
        let is_json = self.is_json(item);
        let context = self.context;
        let mut redaction = Redaction::new(context);
        let mut headers = context.headers.clone();
        let mut hints = reading.hints.take();
        let (mut redacted_item, mut opaque) = (None, None);
        if redaction.is_in_force() {
            let place = self.data_place(event);
            redacted_item = redaction.item(item, &place);
            if let Some(item) = &redacted_item {
                reading.data = self.data_within(event, slots, item, reading.data);
            }
            reading.data = redaction.data(reading.data, &place, is_json);
            headers = redaction.headers(headers);
            // The data has all that a body in another format holds, with its values blanked.
            opaque = if is_json { None } else { redaction.opaque(item, self.is_binary(item)) };
            let of_item = opaque.as_deref().or(redacted_item.as_deref());
            let of_item = Blanked { before: item, after: of_item, is_json };
            hints = redaction.hints(hints, [of_item, Blanked::headers(context.headers.as_deref(), headers.as_deref())]);
        }
        let item = redacted_item.as_ref().unwrap_or(item);
        let scope = Scope {
            user_id: reading.user_id.as_deref(),
            data: &reading.data,
            item: if is_json { item } else { "" },
            headers: headers.as_deref(),
            hints: hints.as_deref(),
            vars: Some(context.vars),
        };
        let plan = context.plan(scope, &reading.event_type, reading.idempotency_key.as_deref());
        let original = match (is_json, opaque) {
            (true, _) => Original::Json(item.clone()),
            (false, Some(blank)) => Original::Text(blank),
            (false, None) => self.original(item),
        };
        let fields = EventFields {
            event_type: reading.event_type,
            user_id: reading.user_id,
            idempotency_key: reading.idempotency_key,
            occurred_at_us: reading.occurred_at_us,
            hints,
            warnings,
            redacted: redaction.names(context.withheld),
            headers,
            ..self.fields(Outcome::Logged)
        };
        Prepared { log: EventLog { fields, data: Some(reading.data), original }, plan: Some(plan) }
    }

    /// Prepares an item that is no event: ignored, rejected or failed.
    pub(super) fn notice(&self, outcome: Outcome, notice: &Notice, at: Option<json::Slot>) -> Prepared {
        let item = at.and_then(|slot| self.pieces.get(slot)).map_or_else(|| self.text.clone(), |item| self.slice(item));
        let fields = EventFields {
            code: Some(notice.code.clone()),
            reason: Some(notice.message.clone()),
            ..self.fields(outcome)
        };
        self.unplanned(fields, &item, &DataPlace::Outside)
    }

    /// Prepares an item that has no plan, redacted. A body in which no path can find a value is kept, because the item is
    /// translated again from it, and a warning says so.
    fn unplanned(&self, mut fields: EventFields, item: &ByteString, place: &DataPlace) -> Prepared {
        let mut redaction = Redaction::new(self.context);
        let blanked = redaction.item(item, place);
        if redaction.is_in_force() {
            fields.headers = redaction.headers(fields.headers);
            if self.is_binary(item) || is_opaque(item) {
                fields.warnings.push(UNREDACTED.to_owned());
            }
        }
        fields.redacted = redaction.names(self.context.withheld);
        let original = self.original(blanked.as_ref().unwrap_or(item));
        Prepared { log: EventLog { fields, data: None, original }, plan: None }
    }

    /// Returns the fields that every log of this request has.
    fn fields(&self, outcome: Outcome) -> EventFields {
        let context = self.context;
        EventFields {
            outcome,
            verification_status: verification_status(context.settings, context.verdict, self.index),
            headers: context.headers.clone(),
            guest_logs: context.guest_logs.clone().filter(|_| self.index == 0),
            ..EventFields::new(self.id, context.received_at_ms, context.plugin.clone())
        }
    }
}
