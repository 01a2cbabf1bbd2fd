//! The memory of answers that hold stored values. All answers share it, so that many large reads at once, or clients that do
//! not read, cost a bounded amount; what does not fit is answered 503.
//!
//! A handler makes an [`AnswerMemory`], reads in it, and answers with it. The store reserves what it is about to read; the
//! answer keeps its length reserved until it is written.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use inlet_engine::{ANSWERS_KIB, Engine};
use inlet_store::ReadMemory;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{ApiError, Kind};

/// The copies of a value that exist at one time while an answer is made: the row, the record, the response and its text.
const COPIES: u64 = 4;

/// Memory reserved for one answer.
pub struct AnswerMemory {
    all: Arc<Semaphore>,
    reserved: Mutex<Reserved>,
}

#[derive(Default)]
struct Reserved {
    /// The bytes of the stored values.
    bytes: u64,
    permit: Option<OwnedSemaphorePermit>,
}

impl AnswerMemory {
    /// Reserves nothing yet.
    pub fn new(engine: &Engine) -> Self {
        Self { all: engine.answers.clone(), reserved: Mutex::default() }
    }

    /// The error of a read for which there is no memory.
    pub fn exhausted() -> ApiError {
        let message = "too many large answers are being read at once; try again, read one entry at a time, and read each \
                       answer to its end";
        ApiError::new(Kind::Unavailable, message)
    }

    /// Returns the bytes of the stored values that were reserved.
    pub fn reserved_bytes(&self) -> u64 {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// Writes the answer, 200, and keeps its length reserved until it is sent.
    pub fn answer(self, response: impl Serialize) -> Result<Response, ApiError> {
        let body = Body::from(self.hold_json(response)?);
        let json = HeaderValue::from_static("application/json");
        Ok(([(header::CONTENT_TYPE, json)], body).into_response())
    }
}

impl AnswerMemory {
    /// Writes a value, and keeps its length reserved until it is sent.
    pub fn hold_json(self, value: impl Serialize) -> Result<Bytes, ApiError> {
        let mut text = self.room();
        write(&mut text, &value)?;
        drop(value);
        Ok(self.hold(text))
    }

    /// Writes values, one on each line, and keeps their length reserved until they are sent.
    pub fn hold_lines(self, lines: &[impl Serialize]) -> Result<Bytes, ApiError> {
        let mut text = self.room();
        for line in lines {
            write(&mut text, line)?;
            text.push(b'\n');
        }
        Ok(self.hold(text))
    }

    /// Returns room for a text as long as the stored values.
    fn room(&self) -> Vec<u8> {
        Vec::with_capacity(usize::try_from(self.reserved_bytes()).unwrap_or_default())
    }

    /// Keeps the length of a text reserved until it is sent.
    pub fn hold(self, mut text: Vec<u8>) -> Bytes {
        text.shrink_to_fit();
        let Reserved { permit, .. } = self.reserved.into_inner().unwrap_or_else(PoisonError::into_inner);
        let permit = permit.map(|mut permit| {
            let kept = permit.num_permits().min(text.len() / 1024 + 1);
            permit.split(kept).unwrap_or(permit)
        });
        Bytes::from_owner(HeldText { text, _permit: permit })
    }
}

fn write(text: &mut Vec<u8>, value: &impl Serialize) -> Result<(), ApiError> {
    serde_json::to_writer(text, value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON; please report it");
        ApiError::new(Kind::Internal, "the answer cannot be written; the server's log says why")
    })
}

impl ReadMemory for AnswerMemory {
    fn reserve(&self, bytes: u64) -> bool {
        let kib = (bytes.saturating_mul(COPIES) / 1024 + 1).min(ANSWERS_KIB as u64);
        let Ok(kib) = u32::try_from(kib) else { return false };
        let Ok(permit) = self.all.clone().try_acquire_many_owned(kib) else { return false };
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        reserved.bytes = reserved.bytes.saturating_add(bytes);
        match &mut reserved.permit {
            Some(held) => held.merge(permit),
            held => *held = Some(permit),
        }
        true
    }
}

/// The text of an answer, with its reservation.
struct HeldText {
    text: Vec<u8>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for HeldText {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(all: &Arc<Semaphore>) -> AnswerMemory {
        AnswerMemory { all: all.clone(), reserved: Mutex::default() }
    }

    #[tokio::test]
    async fn an_answer_keeps_its_length_until_it_is_gone() {
        let all = Arc::new(Semaphore::new(64));
        let first = memory(&all);
        assert!(first.reserve(8 * 1024) && first.reserve(1024));
        assert_eq!((first.reserved_bytes(), all.available_permits()), (9 * 1024, 64 - 33 - 5));
        assert!(!memory(&all).reserve(16 * 1024), "there is no room for another");
        let response = first.answer("x".repeat(9 * 1024)).unwrap();
        assert_eq!(all.available_permits(), 64 - 10, "the copies are gone, the text is there");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(body.len(), 9 * 1024 + 2);
        drop(body);
        assert_eq!(all.available_permits(), 64);
    }

    #[test]
    fn an_answer_that_is_too_large_for_all_takes_all() {
        let all = Arc::new(Semaphore::new(ANSWERS_KIB));
        let large = memory(&all);
        assert!(large.reserve(u64::MAX / 8));
        assert_eq!(all.available_permits(), 0);
        drop(large);
        assert_eq!(all.available_permits(), ANSWERS_KIB);
    }
}
