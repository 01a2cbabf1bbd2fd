//! Sending chunks to a server: one bulk operation at a time.

use std::{
    thread,
    time::{Duration, Instant},
};

use inlet_api_types::recipients::bulk_operations::BulkOperation;
use ureq::http::Method;

use super::reporter::Reporter;
use crate::{
    client::{Client, Content, ServerError, encoded, is_temporary},
    error_sentence,
};

/// The pause before the first retry, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The same between two looks at a bulk operation.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LONGEST_LOOK: Duration = Duration::from_millis(500);

/// A server that could not be reached, or carried nothing out, for too long.
#[derive(Debug, thiserror::Error)]
#[error("the server is away or overloaded, and was tried for {seconds} s: {cause}")]
pub struct Away {
    seconds: u64,
    cause: String,
}

/// Sends chunks, and tries again what may pass.
pub struct Sender {
    client: Client,
    /// The time for which a server that is away is tried again.
    patience: Duration,
}

impl Sender {
    pub fn new(client: Client, patience: Duration) -> Self {
        Self { client, patience }
    }

    /// Starts a bulk operation, and returns its id.
    pub fn begin(&self, request: &str, reporter: &mut Reporter) -> anyhow::Result<String> {
        let operation: BulkOperation = self.patiently(reporter, || {
            self.client.send(Method::POST, "/v1/users/bulk/identify", Content::Json(request.to_owned()))
        })?;
        Ok(operation.id)
    }

    /// Waits until a bulk operation has ended, and returns it; none if the server does not have it. `look` gets it each time.
    pub fn wait(
        &self,
        id: &str,
        reporter: &mut Reporter,
        mut look: impl FnMut(&mut Reporter, &BulkOperation),
    ) -> anyhow::Result<Option<BulkOperation>> {
        let path = format!("/v1/bulk_operations/{}", encoded(id));
        let mut pause = FIRST_LOOK;
        loop {
            let found: anyhow::Result<BulkOperation> = self.patiently(reporter, || self.client.get(&path));
            let operation = match found {
                Err(error) if is_missing(&error) => return Ok(None),
                found => found?,
            };
            look(reporter, &operation);
            if !matches!(operation.status.as_str(), "queued" | "processing") {
                return Ok(Some(operation));
            }
            thread::sleep(pause);
            pause = (2 * pause).min(LONGEST_LOOK);
        }
    }

    /// Makes a request until it succeeds, fails for good, or the patience ends.
    fn patiently<T>(&self, reporter: &mut Reporter, request: impl Fn() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match request() {
                Err(error) if is_temporary(&error) => error,
                result => return result,
            };
            if begun.elapsed() + pause > self.patience {
                let away = Away { seconds: begun.elapsed().as_secs(), cause: error_sentence(&error) };
                return Err(away.into());
            }
            if pause == FIRST_PAUSE {
                reporter.line(&format!("waiting for the server: {}", error_sentence(&error)));
            }
            thread::sleep(pause);
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|ServerError(body)| body.code == "not_found")
}
