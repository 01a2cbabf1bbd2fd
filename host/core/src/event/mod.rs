//! The common event: what a plugin pointed at, cut out of the body and interpreted.
//!
//! The rules for ids, empty strings, times and keys live here once, not in every plugin. An item that breaks one is
//! rejected with a reason, and its neighbours go on. Source of the rules: semantics.md §2.

mod logged;
mod redact;
mod slots;

pub use logged::{Logged, prepare_logged};

use std::sync::Arc;

use bytestring::ByteString;
use slots::{EventSlots, ItemSlots, ValueSlots};
use uuid::Uuid;

use crate::{
    contract::{Body, Field, GuestLog, Item, Notice, TranslatedEvent, Translation},
    idempotency::{self, HashKey, KeyReading, ScopedKey},
    json::{self, Cut, Kind, MAX_DEPTH},
    log::{EventFields, EventLog, Original, Outcome, PluginRef},
    mapping::MappingIndex,
    path::{self, Path},
    plan::{self, Scope},
    settings::Settings,
    settle::Prepared,
    time, user,
    verification::{Covers, Verdict},
};

/// The longest event type or user id, in bytes.
pub const MAX_STRING_BYTES: usize = 64 * 1024;

/// Everything about a request that its items share.
#[derive(Clone)]
pub struct Context<'a> {
    /// The source environment's database id.
    pub source_environment: i64,
    /// Its settings.
    pub settings: &'a Settings,
    /// The manifest's redact paths.
    pub redact_paths: &'a [Path],
    /// Its active mappings.
    pub mappings: &'a MappingIndex,
    /// For hashing idempotency keys.
    pub hash_key: &'a HashKey,
    /// What translated the request.
    pub plugin: Arc<PluginRef>,
    /// What verification found.
    pub verdict: Verdict,
    /// When the request arrived, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// The headers that left the door, a JSON object; see [`headers_json`].
    pub headers: Option<Arc<str>>,
    /// What the plugin logged; see [`guest_logs_json`].
    pub guest_logs: Option<Arc<str>>,
}

/// A translation whose items would take far more room than the request did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its items add up to {found} bytes, and {allowed} are allowed for a body of this size")]
pub struct Oversize {
    /// Bytes of all items and their data.
    pub found: usize,
    /// Four times the body and 1 MiB.
    pub allowed: usize,
}

/// The headers that left the door as a JSON object: repeats joined as HTTP joins them.
pub fn headers_json(headers: &[Field]) -> Option<Arc<str>> {
    let mut members: indexmap::IndexMap<&str, String> = indexmap::IndexMap::new();
    for header in headers {
        members
            .entry(&header.name)
            .and_modify(|value| {
                value.push_str(", ");
                value.push_str(&header.value);
            })
            .or_insert_with(|| header.value.clone());
    }
    let quoted: Vec<_> = members.iter().map(|(name, value)| (*name, json::quote(value))).collect();
    (!quoted.is_empty()).then(|| json::object(quoted.iter().map(|(name, value)| (name, value.as_str()))).into())
}

/// What a plugin logged as a JSON array of `{level, message}`; none when it said nothing.
pub fn guest_logs_json(logs: &[GuestLog], dropped: u32) -> Option<Arc<str>> {
    let mut lines: Vec<String> = logs.iter().filter_map(|line| serde_json::to_string(line).ok()).collect();
    if dropped > 0 {
        lines.push(format!(r#"{{"level":"warn","message":"{dropped} more lines were dropped"}}"#));
    }
    (!lines.is_empty()).then(|| json::array(lines).into())
}

/// Prepares the items of a translated request, in order.
pub fn prepare(
    context: &Context<'_>,
    body: &Body,
    translation: &Translation,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<Vec<Prepared>, Oversize> {
    let empty = ByteString::new();
    let text = body.as_text().unwrap_or(&empty);
    let mut cut = Cut::new();
    let slots: Vec<ItemSlots<'_>> = translation.items.iter().map(|item| ItemSlots::add(item, &mut cut)).collect();
    let pieces = cut.resolve(text);
    let mut budget = Budget::new(body.as_bytes().len());
    let mut prepared = Vec::with_capacity(translation.items.len());
    for (index, (item, slots)) in translation.items.iter().zip(&slots).enumerate() {
        let reader = ItemReader { context, body, text, pieces: &pieces, index, id: new_id() };
        let item = match (item, slots) {
            (Item::Event(event), ItemSlots::Event(slots)) => reader.event(event, slots),
            (Item::Ignored(notice), ItemSlots::Notice(at)) => reader.notice(Outcome::Ignored, notice, *at),
            (Item::Event(_), ItemSlots::Notice(_)) => continue,
            (Item::Rejected(notice) | Item::Ignored(notice), slots) => {
                reader.notice(Outcome::Rejected, notice, slots.notice())
            }
        };
        budget.spend(&item.log)?;
        prepared.push(item);
    }
    Ok(prepared)
}

/// Prepares a request that as a whole became no event: rejected by its plugin, or failed in it.
pub fn prepare_whole(
    context: &Context<'_>,
    body: &Body,
    outcome: Outcome,
    code: &str,
    reason: String,
    id: Uuid,
) -> Prepared {
    let notice = Notice { code: code.to_owned(), message: reason, at: None, tag: String::new() };
    let empty = ByteString::new();
    let pieces = Cut::new().resolve("");
    let reader = ItemReader { context, body, text: body.as_text().unwrap_or(&empty), pieces: &pieces, index: 0, id };
    reader.notice(outcome, &notice, None)
}

/// What is logged about the verification of the item at an index of its request.
pub fn verification_status(settings: &Settings, verdict: Verdict, index: usize) -> String {
    let verdict = match verdict {
        Verdict::Verified(Covers::First) if index > 0 => Verdict::Missing,
        verdict => verdict,
    };
    let prefix = if settings.enforce_verification { "enforced:" } else { "" };
    format!("{prefix}{}", verdict.as_str())
}

/// The plan of an event with the mappings and settings of its source environment.
fn plan_in(context: &Context<'_>, scope: Scope<'_>, event_type: &str, idempotency_key: Option<&str>) -> plan::Plan {
    let settings = context.settings;
    let mut plan = plan::plan(scope, event_type, settings.handle_identifies, context.mappings.matching(event_type));
    if settings.enforce_idempotency {
        plan.key = idempotency_key.map(|key| {
            ScopedKey::new(
                context.hash_key,
                context.source_environment,
                event_type,
                key.to_owned(),
                i64::try_from(settings.idempotency_window_seconds.saturating_mul(1000)).unwrap_or(i64::MAX),
                idempotency::fingerprint(scope.user_id, scope.data),
            )
        });
    }
    plan
}

/// What plugins may make of a body, so that a small request cannot fill a disk.
struct Budget {
    found: usize,
    allowed: usize,
}

impl Budget {
    fn new(body: usize) -> Self {
        Self { found: 0, allowed: body.saturating_mul(4).saturating_add(1024 * 1024) }
    }

    fn spend(&mut self, log: &EventLog) -> Result<(), Oversize> {
        self.found = self.found.saturating_add(log.original.len() + log.data.as_ref().map_or(0, |data| data.len()));
        match self.found > self.allowed {
            true => Err(Oversize { found: self.found, allowed: self.allowed }),
            false => Ok(()),
        }
    }
}

/// A reason to reject an item.
struct Rejection {
    code: &'static str,
    message: String,
}

fn reject<T>(code: &'static str, message: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection { code, message: message.into() })
}

/// Makes one item of a request ready.
struct ItemReader<'r, 'a> {
    context: &'r Context<'r>,
    body: &'a Body,
    text: &'a ByteString,
    pieces: &'r json::Pieces<'a>,
    index: usize,
    id: Uuid,
}

/// What was read of an event before it is planned.
struct Reading {
    event_type: String,
    user_id: Option<String>,
    data: ByteString,
    idempotency_key: Option<String>,
    occurred_at_us: i64,
}

impl ItemReader<'_, '_> {
    fn event(&self, event: &TranslatedEvent, slots: &EventSlots<'_>) -> Prepared {
        let item = match self.pieces.get(slots.original) {
            Some(item) => self.slice(item),
            None => self.text.clone(),
        };
        let mut warnings: Vec<String> =
            event.extras.iter().filter(|extra| extra.name == "warning").map(|extra| extra.value.clone()).collect();
        match self.read(event, slots, &item, &mut warnings) {
            Ok(reading) => self.planned(event, slots, &item, reading, warnings),
            Err(Rejection { code, message }) => {
                let (blanked, redacted) = self.redact(&item);
                let original = self.original(blanked.as_ref().unwrap_or(&item));
                let fields = EventFields {
                    code: Some(code.to_owned()),
                    reason: Some(message),
                    warnings,
                    redacted,
                    ..self.fields(Outcome::Rejected)
                };
                Prepared { log: EventLog { fields, data: None, original }, plan: None }
            }
        }
    }

    fn read(
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
        let settings = self.context.settings;
        let event_type = self.event_type(event, item)?;
        let user_id = self.found(&settings.user_id_path, item, slots.user_id.as_ref());
        let user_id = user::read_user_id(user_id.as_deref())
            .or_else(|problem| reject("wrong_type", format!("the user id {problem}")))?;
        if user_id.as_ref().is_some_and(|id| id.len() > MAX_STRING_BYTES) {
            return reject("too_long", format!("the user id is longer than {MAX_STRING_BYTES} bytes"));
        }
        let data = self.found(&settings.data_path, item, slots.data.as_ref());
        let data = read_data(data, warnings)?;
        let key = self.found(&settings.idempotency_key_path, item, slots.idempotency_key.as_ref());
        let idempotency_key = match idempotency::read_key(key.as_deref()) {
            KeyReading::Valid(key) => Some(key),
            KeyReading::Absent => None,
            KeyReading::Invalid(why) => {
                warnings.push(format!("{why}; the event was processed without idempotency"));
                None
            }
        };
        let occurred_at = self.found(&settings.timestamp_path, item, slots.occurred_at.as_ref());
        let occurred_at_us =
            time::read(occurred_at.as_deref()).unwrap_or(self.context.received_at_ms.saturating_mul(1000));
        Ok(Reading { event_type, user_id, data, idempotency_key, occurred_at_us })
    }

    fn planned(
        &self,
        event: &TranslatedEvent,
        slots: &EventSlots<'_>,
        item: &ByteString,
        mut reading: Reading,
        warnings: Vec<String>,
    ) -> Prepared {
        let (redacted_item, redacted) = self.redact(item);
        let item = redacted_item.as_ref().unwrap_or(item);
        if !redacted.is_empty() {
            reading.data = self.data_within(event, slots, item, reading.data);
        }
        let context = self.context;
        let scope = Scope {
            user_id: reading.user_id.as_deref(),
            data: &reading.data,
            item: if self.is_json(item) { item } else { "" },
            headers: context.headers.as_deref(),
        };
        let plan = plan_in(context, scope, &reading.event_type, reading.idempotency_key.as_deref());
        let original = match self.is_json(item) {
            true => Original::Json(item.clone()),
            false => self.original(item),
        };
        let fields = EventFields {
            event_type: reading.event_type,
            user_id: reading.user_id,
            idempotency_key: reading.idempotency_key,
            occurred_at_us: reading.occurred_at_us,
            warnings,
            redacted,
            ..self.fields(Outcome::Logged)
        };
        Prepared { log: EventLog { fields, data: Some(reading.data), original }, plan: Some(plan) }
    }

    fn notice(&self, outcome: Outcome, notice: &Notice, at: Option<json::Slot>) -> Prepared {
        let item = at.and_then(|slot| self.pieces.get(slot)).map_or_else(|| self.text.clone(), |item| self.slice(item));
        let (blanked, redacted) = self.redact(&item);
        let original = self.original(blanked.as_ref().unwrap_or(&item));
        let fields = EventFields {
            code: Some(notice.code.clone()),
            reason: Some(notice.message.clone()),
            redacted,
            ..self.fields(outcome)
        };
        Prepared { log: EventLog { fields, data: None, original }, plan: None }
    }

    /// Returns the fields that every log of this request has.
    fn fields(&self, outcome: Outcome) -> EventFields {
        let context = self.context;
        EventFields {
            outcome,
            verification_status: self.verification_status(),
            headers: context.headers.clone(),
            guest_logs: context.guest_logs.clone().filter(|_| self.index == 0),
            ..EventFields::new(self.id, context.received_at_ms, context.plugin.clone())
        }
    }

    /// An item that its batch's signature does not cover has no signature of its own.
    fn verification_status(&self) -> String {
        verification_status(self.context.settings, self.context.verdict, self.index)
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
                    Kind::Number => found.trim().to_owned(),
                    Kind::String => json::string(found).unwrap_or_default(),
                    other => {
                        let message =
                            format!("the event type at {origin} is {}; expected a string", other.with_article());
                        return reject("wrong_type", message);
                    }
                };
                (event_type, origin)
            }
        };
        if event_type.is_empty() {
            let message = format!("{origin} finds no event type; send one, or set event_type_path to where it is");
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

    /// The value at the operator's path if there is one, else what the plugin pointed at.
    fn found(&self, path: &Option<Path>, item: &str, value: Option<&ValueSlots<'_>>) -> Option<ByteString> {
        match path {
            Some(path) => self.at_path(path, item),
            None => match value? {
                ValueSlots::At(slot) => self.pieces.get(*slot).map(|text| self.slice(text)),
                ValueSlots::Made(text) => Some((*text).into()),
                ValueSlots::Assembled(members) => {
                    let members = members.iter().filter_map(|(key, slot)| Some((*key, self.pieces.get(*slot)?)));
                    // An assembled object may name a member twice; the last wins here as everywhere.
                    Some(json::object(members.collect::<indexmap::IndexMap<_, _>>()).into())
                }
            },
        }
    }

    /// Settings' paths go over the item: `body.x`, `event.x` and plain `x` name its members, `headers.x` a header.
    fn at_path(&self, path: &Path, item: &str) -> Option<ByteString> {
        let rest = path.segments().get(1..).unwrap_or_default();
        let found = match path.head() {
            Some("headers") if !rest.is_empty() => {
                let name = match rest {
                    [path::Segment::Name(name) | path::Segment::Quoted(name)] => name.to_ascii_lowercase(),
                    _ => return None,
                };
                json::member(self.context.headers.as_deref()?, &name)
            }
            Some("body") => path::find(item, rest).or_else(|| path.find(item)),
            // The item may have a member `event` of its own, as Slack's envelope has.
            Some("event") => path.find(item).or_else(|| path::find(item, rest)),
            _ => path.find(item),
        };
        found.map(|found| self.slice(found))
    }

    /// Whether what was pointed at is the body as a whole.
    fn is_whole(&self, item: &str) -> bool {
        item.len() >= self.text.trim().len()
    }

    /// Whether an item that [`Self::read`] has taken is JSON.
    fn is_json(&self, item: &str) -> bool {
        match self.pieces.documents {
            json::Documents::One => true,
            json::Documents::Lines => !self.is_whole(item),
            json::Documents::None => false,
        }
    }

    fn original(&self, item: &ByteString) -> Original {
        match (self.body, json::check(item, MAX_DEPTH)) {
            (Body::Bytes(bytes), _) if item.is_empty() => Original::Bytes(bytes.clone()),
            (_, Ok(())) => Original::Json(item.clone()),
            (_, Err(_)) => Original::Text(item.clone()),
        }
    }

    /// A part of the body without copying it, or a copy of something else.
    fn slice(&self, part: &str) -> ByteString {
        let (body, start) = (self.text.as_ptr() as usize, part.as_ptr() as usize);
        match start >= body && start + part.len() <= body + self.text.len() {
            true => self.text.slice_ref(part),
            false => part.into(),
        }
    }
}

fn read_data(data: Option<ByteString>, warnings: &mut Vec<String>) -> Result<ByteString, Rejection> {
    let nothing = ByteString::from_static("{}");
    let Some(data) = data else { return Ok(nothing) };
    match Kind::of(&data) {
        Kind::Object => Ok(data),
        Kind::Null => Ok(nothing),
        // What PHP makes of an object without members.
        Kind::Array if json::array_len(&data) == Some(0) => {
            warnings.push("the data is an empty array; it was read as an empty object".to_owned());
            Ok(nothing)
        }
        other => reject("wrong_type", format!("the data is {}; expected an object", other.with_article())),
    }
}
