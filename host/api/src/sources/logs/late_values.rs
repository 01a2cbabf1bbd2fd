//! The long values of one event log, read one at a time while the answer is sent.
//!
//! The answer is written with a mark in the place of each long value, and cut at the marks. Each value is read when its turn
//! comes, so an answer holds the memory of one value and of the one that is being sent, however many there are.

use std::{collections::VecDeque, io, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::stream;
use inlet_api_types::logs::{SourceLog, SourceLogList};
use inlet_core::{Uuid, json};
use inlet_engine::Engine;
use inlet_store::{EventQuery, EventValue, OriginalKind, StoredEvent};
use serde::Serialize;

use super::personal_data::HIDDEN;
use crate::{answer_memory::AnswerMemory, error::ApiError, stored_json::stored_json};

/// The pause before memory is asked for again, and the number of times that it is.
const MEMORY_PAUSE: Duration = Duration::from_millis(100);
const MEMORY_TRIES: usize = 300;

/// The long values of one event log, which its entry leaves out.
pub struct LateValues {
    engine: Engine,
    source_environment_id: i64,
    event: Uuid,
    original: OriginalKind,
    /// True if received values are hidden.
    hides: bool,
    /// The begin of every mark. No stored value holds it, because it is made for this answer.
    mark: String,
    values: Vec<LateValue>,
}

#[derive(Clone, Copy)]
struct LateValue {
    value: EventValue,
    form: Form,
}

/// The form in which a value is shown.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Text,
    Base64,
}

/// A part of the answer.
enum Part {
    Ready(Bytes),
    Late(LateValue),
}

impl LateValues {
    /// Returns the long values of an event that was read without them.
    pub fn of(engine: &Engine, event: &StoredEvent, hides: bool) -> Self {
        Self {
            engine: engine.clone(),
            source_environment_id: event.source_environment_id,
            event: event.id,
            original: event.original_kind,
            hides,
            mark: format!("late {} ", engine.store.clock().new_id()),
            values: Vec::new(),
        }
    }

    /// Answers with the log of the event, its long values included. What fails at once is answered with its status; later, the
    /// connection is cut, which tells the client that the answer is not complete.
    pub async fn answer(mut self, memory: AnswerMemory, mut list: SourceLogList) -> Result<Response, ApiError> {
        list.entries.iter_mut().for_each(|log| self.mark(log));
        self.answer_marked(memory, list).await
    }

    /// Like [`Self::answer`], for an answer that is the log itself.
    pub async fn answer_one(mut self, memory: AnswerMemory, mut log: SourceLog) -> Result<Response, ApiError> {
        self.mark(&mut log);
        self.answer_marked(memory, log).await
    }

    async fn answer_marked(self, memory: AnswerMemory, marked: impl Serialize) -> Result<Response, ApiError> {
        if self.values.is_empty() {
            return memory.answer(marked);
        }
        let mut parts = self.cut(&memory.hold_json(marked)?);
        if let Some(part) = parts.iter_mut().find(|part| matches!(part, Part::Late(_)))
            && let Part::Late(value) = *part
        {
            *part = Part::Ready(self.read(value).await?.ok_or_else(AnswerMemory::exhausted)?);
        }
        let body = stream::unfold((self, parts), |(late, mut parts)| async {
            let read = match parts.pop_front()? {
                Part::Ready(bytes) => Ok(bytes),
                Part::Late(value) => late.wait_for(value).await,
            };
            Some(match read {
                Ok(bytes) => (Ok(bytes), (late, parts)),
                Err(_) => (Err(io::Error::other("the answer broke off")), (late, VecDeque::new())),
            })
        });
        let json = HeaderValue::from_static("application/json");
        Ok(([(header::CONTENT_TYPE, json)], Body::from_stream(body)).into_response())
    }

    /// Puts marks in the places of the values that were left out.
    fn mark(&mut self, log: &mut SourceLog) {
        let is_long = |size: u64| size > EventQuery::CUT_ABOVE;
        if log.data.is_none() && log.data_size.is_some_and(is_long) {
            log.data = Some(stored_json(json::quote(&self.add(EventValue::Data, Form::Json))));
        }
        let is_shown = log.original.is_some() || log.original_text.is_some() || log.original_base64.is_some();
        if !is_shown && is_long(log.original_size) {
            match self.original {
                OriginalKind::Json => {
                    log.original = Some(stored_json(json::quote(&self.add(EventValue::Original, Form::Json))));
                }
                _ if self.hides => log.original_text = Some(HIDDEN.to_owned()),
                OriginalKind::Text => log.original_text = Some(self.add(EventValue::Original, Form::Text)),
                OriginalKind::Bytes => log.original_base64 = Some(self.add(EventValue::Original, Form::Base64)),
            }
        }
        for action in log.actions.iter_mut().flatten() {
            let id = Uuid::try_parse(&action.id).ok();
            if let Some(id) = id.filter(|_| action.action_payload.is_none() && is_long(action.action_payload_size)) {
                action.action_payload = Some(stored_json(json::quote(&self.add(EventValue::Payload(id), Form::Json))));
            }
        }
    }

    /// Notes a value; returns its mark.
    fn add(&mut self, value: EventValue, form: Form) -> String {
        self.values.push(LateValue { value, form });
        format!("{}{}", self.mark, self.values.len() - 1)
    }

    /// Cuts the text of an answer at the marks.
    fn cut(&self, text: &Bytes) -> VecDeque<Part> {
        let whole = std::str::from_utf8(text).unwrap_or_default();
        let mut marks: Vec<_> = self
            .values
            .iter()
            .enumerate()
            .filter_map(|(number, value)| {
                let mark = json::quote(&format!("{}{number}", self.mark));
                let at = whole.find(&mark)?;
                Some((at, at + mark.len(), *value))
            })
            .collect();
        marks.sort_unstable_by_key(|(at, ..)| *at);
        let (mut parts, mut from) = (VecDeque::new(), 0);
        for (at, end, value) in marks {
            parts.extend([Part::Ready(text.slice(from..at)), Part::Late(value)]);
            from = end;
        }
        parts.push_back(Part::Ready(text.slice(from..)));
        parts
    }

    /// Reads a value as soon as there is memory for it.
    async fn wait_for(&self, value: LateValue) -> Result<Bytes, ApiError> {
        for _ in 0..MEMORY_TRIES {
            if let Some(read) = self.read(value).await? {
                return Ok(read);
            }
            tokio::time::sleep(MEMORY_PAUSE).await;
        }
        Err(AnswerMemory::exhausted())
    }

    /// Returns a value as JSON text, null if it was removed meanwhile; none if there is no memory for it now.
    async fn read(&self, LateValue { value, form }: LateValue) -> Result<Option<Bytes>, ApiError> {
        let memory = AnswerMemory::new(&self.engine);
        let read = self.engine.store.event_value(self.source_environment_id, self.event, value, &memory).await?;
        let Some(found) = read else { return Ok(None) };
        let text = match (found, form) {
            (None, _) => "null".to_owned(),
            (Some(bytes), Form::Base64) => json::quote(&STANDARD.encode(bytes)),
            (Some(bytes), Form::Text) => json::quote(&String::from_utf8_lossy(&bytes)),
            (Some(bytes), Form::Json) => {
                let text = String::from_utf8(bytes).unwrap_or_default();
                let json = stored_json(if self.hides { json::mask(&text) } else { text });
                json.into_text()
            }
        };
        Ok(Some(memory.hold(text.into_bytes())))
    }
}
