//! `GET /v1/users/{id}/export`

use std::{io, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use inlet_api_types::recipients::user_export::{ExportLine, ExportedAttempt};
use inlet_core::{
    Uuid,
    recipient::{RecipientKey, check_id},
    time,
};
use inlet_engine::Engine;
use inlet_store::{Cursor, EventQuery, SubscriptionQuery, SubscriptionSide, UserDelivery};

use super::response;
use crate::{
    answer_memory::AnswerMemory, auth::EnvironmentReader, deliveries, error::ApiError, path::Name, runs,
    sources::logs::response::whole_log, stored_json::stored_json,
};

/// Entries that are read at once.
const PAGE: usize = 20;
/// The pause before memory is asked for again, and the number of times that it is.
const MEMORY_PAUSE: Duration = Duration::from_millis(100);
const MEMORY_TRIES: usize = 300;

/// Exports what is kept of a user of an environment, to answer the request of a person: the user with its properties,
/// its subscriptions, its memberships in audiences, its events and the calls of the recipients API about it, with their
/// payloads and actions, newest first, the workflow runs with the user as a recipient, oldest first, each followed by its
/// deliveries to targets, and the triggers that wait for it.
///
/// Each line is a JSON object with a `type`: `user`, `subscription`, `membership`, `event`, `workflow_run`, `delivery`, `wait`,
/// and `end`.
/// An answer without the line `end` broke off and is not complete. A user who was never identified can have events and waits.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/export",
    operation_id = "exportUser",
    tag = "users",
    params(
        ("id" = String, Path, description = "The user"),
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
    ),
    responses((
        status = 200, description = "JSON objects, one on each line", body = String,
        content_type = "application/x-ndjson",
    )),
)]
pub async fn export_user(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<Response, ApiError> {
    reader.may_see_personal_data()?;
    check_id(&id).map_err(|problem| ApiError::invalid("id", format!("the user id {problem}")))?;
    let mut export = Export::new(engine, reader.environment_id, id);
    // What fails at once is answered with its status.
    let first = export.next().await?;
    let body = stream::unfold((Some(first), export), |(first, mut export)| async {
        let chunk = match first {
            Some(first) => Ok(first),
            None => export.next().await,
        };
        match chunk {
            Ok(chunk) => chunk.map(|bytes| (Ok(bytes), (None, export))),
            // The connection is cut, which tells the client that the answer is not complete.
            Err(_) => Some((Err(io::Error::other("the export broke off")), (None, export.ended()))),
        }
    });
    let lines = HeaderValue::from_static("application/x-ndjson");
    Ok(([(header::CONTENT_TYPE, lines)], Body::from_stream(body)).into_response())
}

/// Reads again and again while there is no memory for it. A closure could not borrow the export in a stream.
macro_rules! with_memory {
    ($read:expr) => {{
        let mut tries = 0;
        loop {
            if let Some(found) = $read.await? {
                break found;
            }
            tries += 1;
            if tries == MEMORY_TRIES {
                return Err(AnswerMemory::exhausted());
            }
            tokio::time::sleep(MEMORY_PAUSE).await;
        }
    }};
}

/// An export under way. Each step reads one page, and holds its memory until the page is sent.
struct Export {
    engine: Engine,
    environment_id: i64,
    id: String,
    /// The id after which nothing is exported.
    until: Uuid,
    /// Lines written so far.
    lines: u64,
    step: Step,
}

/// The next page to read.
enum Step {
    User,
    Subscriptions(Cursor<i64>),
    /// After an audience and the number of a tenant.
    Memberships(String, i64),
    Events(Cursor<Uuid>),
    /// After a run.
    Runs(Uuid),
    /// Of a run, with the user at a position, after a delivery.
    Deliveries(Uuid, i64, i64),
    /// After an event and a mapping.
    Waits(Uuid, Uuid),
    End,
    Ended,
}

impl Export {
    fn new(engine: Engine, environment_id: i64, id: String) -> Self {
        let until = engine.store.clock().new_id();
        Self { engine, environment_id, id, until, lines: 0, step: Step::User }
    }

    fn ended(self) -> Self {
        Self { step: Step::Ended, ..self }
    }

    /// Returns the next lines; none after the last one.
    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            let step = std::mem::replace(&mut self.step, Step::Ended);
            if let Step::Ended = step {
                return Ok(None);
            }
            let memory = AnswerMemory::new(&self.engine);
            let (lines, next) = match step {
                Step::User => (self.user(&memory).await?, Step::Subscriptions(Cursor::Start)),
                Step::Subscriptions(cursor) => self.subscriptions(cursor, &memory).await?,
                Step::Memberships(audience, tenant) => self.memberships(audience, tenant).await?,
                Step::Events(cursor) => self.events(cursor, &memory).await?,
                Step::Runs(after) => self.runs(after, &memory).await?,
                Step::Deliveries(run, position, after) => self.deliveries((run, position), after).await?,
                Step::Waits(event, mapping) => self.waits((event, mapping), &memory).await?,
                Step::End => (vec![ExportLine::End { lines: self.lines }], Step::Ended),
                Step::Ended => return Ok(None),
            };
            self.step = next;
            if !lines.is_empty() {
                self.lines += lines.len() as u64;
                return Ok(Some(memory.hold_lines(&lines)?));
            }
        }
    }

    async fn user(&self, memory: &AnswerMemory) -> Result<Vec<ExportLine>, ApiError> {
        let user = with_memory!(self.engine.store.user(self.environment_id, &self.id, memory));
        Ok(user.iter().map(|record| ExportLine::User { user: response::user(record) }).collect())
    }

    async fn subscriptions(
        &self,
        cursor: Cursor<i64>,
        memory: &AnswerMemory,
    ) -> Result<(Vec<ExportLine>, Step), ApiError> {
        let query = SubscriptionQuery {
            environment_id: self.environment_id,
            of: SubscriptionSide::Recipient(RecipientKey::user(&self.id)),
            only: None,
            cursor,
            limit: PAGE,
        };
        let page = with_memory!(self.engine.store.subscriptions(&query, memory));
        let next = match page.items.last().filter(|_| page.has_after) {
            Some(last) => Step::Subscriptions(Cursor::After(last.counterpart.seq)),
            None => Step::Memberships(String::new(), -1),
        };
        let line = |subscription: inlet_store::SubscriptionRecord| ExportLine::Subscription {
            collection: subscription.counterpart.collection,
            object_id: subscription.counterpart.id,
            properties: stored_json(subscription.properties),
            inserted_at: time::write_ms(subscription.created_at_ms),
        };
        Ok((page.items.into_iter().map(line).collect(), next))
    }

    async fn memberships(&self, audience: String, tenant: i64) -> Result<(Vec<ExportLine>, Step), ApiError> {
        let store = &self.engine.store;
        let found = store.user_memberships(self.environment_id, &self.id, (&audience, tenant), PAGE).await?;
        let next = match found.last().filter(|_| found.len() == PAGE) {
            Some(last) => Step::Memberships(last.audience.clone(), last.tenant_number),
            None => Step::Events(Cursor::After(self.until)),
        };
        let line = |membership: inlet_store::UserMembership| ExportLine::Membership {
            audience: membership.audience,
            tenant: membership.tenant,
            added_at: time::write_ms(membership.created_at_ms),
        };
        Ok((found.into_iter().map(line).collect(), next))
    }

    async fn events(&self, cursor: Cursor<Uuid>, memory: &AnswerMemory) -> Result<(Vec<ExportLine>, Step), ApiError> {
        let snapshot = self.engine.snapshot();
        let endpoints: Vec<_> = snapshot.logs().filter(|log| log.environment_id == self.environment_id).collect();
        let query = EventQuery {
            user_id: Some(self.id.clone()),
            cursor,
            include_actions: true,
            cut: false,
            ..EventQuery::newest(endpoints.iter().map(|endpoint| endpoint.id).collect(), PAGE)
        };
        let page = with_memory!(self.engine.store.events_within(&query, memory));
        let next = match page.items.last().filter(|_| page.has_after) {
            Some(last) => Step::Events(Cursor::After(last.id)),
            None => Step::Runs(Uuid::nil()),
        };
        let lines = page.items.into_iter().filter_map(|event| {
            let endpoint = endpoints.iter().find(|endpoint| endpoint.id == event.source_environment_id)?;
            Some(ExportLine::Event { event: Box::new(whole_log(event, endpoint)) })
        });
        Ok((lines.collect(), next))
    }

    /// One run at a time: a run's data may be as long as a request.
    async fn runs(&self, mut after: Uuid, memory: &AnswerMemory) -> Result<(Vec<ExportLine>, Step), ApiError> {
        let (store, environment) = (&self.engine.store, self.environment_id);
        let (run, ordinal) = loop {
            let Some(slice) = store.user_runs(environment, &self.id, (after, self.until)).await? else {
                return Ok((Vec::new(), Step::Waits(Uuid::nil(), Uuid::nil())));
            };
            match slice.found.first() {
                Some(found) => break *found,
                None => after = slice.last,
            }
        };
        let record = with_memory!(store.run(environment, run, memory));
        // Retention may have deleted it meanwhile.
        let Some(mut record) = record else { return Ok((Vec::new(), Step::Runs(run))) };
        let place = Cursor::After(ordinal - 1);
        let recipients = with_memory!(store.run_recipients(environment, run, place, 1, memory));
        record.recipients = recipients.items;
        let line = ExportLine::WorkflowRun { workflow_run: Box::new(runs::response::run(record)) };
        Ok((vec![line], Step::Deliveries(run, ordinal, 0)))
    }

    async fn deliveries(&self, (run, position): (Uuid, i64), after: i64) -> Result<(Vec<ExportLine>, Step), ApiError> {
        let found = self.engine.store.user_deliveries(self.environment_id, (run, position), after, PAGE).await?;
        let next = match found.last().filter(|_| found.len() == PAGE) {
            Some(last) => Step::Deliveries(run, position, last.delivery.seq),
            None => Step::Runs(run),
        };
        Ok((found.into_iter().map(delivery).collect(), next))
    }

    /// One wait at a time, as with runs.
    async fn waits(&self, after: (Uuid, Uuid), memory: &AnswerMemory) -> Result<(Vec<ExportLine>, Step), ApiError> {
        let wait = with_memory!(self.engine.store.user_wait(self.environment_id, &self.id, after, memory));
        let Some(wait) = wait else { return Ok((Vec::new(), Step::End)) };
        let next = Step::Waits(wait.event, wait.mapping);
        let line = ExportLine::Wait {
            workflow: wait.workflow,
            source_event_id: wait.event.to_string(),
            expires_at: time::write_ms(wait.expires_at_ms),
            data: stored_json(wait.data),
            trigger_data: wait.trigger_data.map(stored_json),
        };
        Ok((vec![line], next))
    }
}

fn delivery(found: UserDelivery) -> ExportLine {
    let UserDelivery { delivery, target, kind, attempts } = found;
    let attempts = attempts.into_iter().map(|attempt| ExportedAttempt {
        attempted_at: time::write_ms(attempt.at_ms),
        outcome: attempt.outcome,
        status: attempt.status,
    });
    ExportLine::Delivery {
        id: delivery.id.to_string(),
        workflow_run_id: delivery.run.to_string(),
        call: deliveries::response::call(delivery.call),
        status: deliveries::response::status(delivery.status),
        attempts: attempts.collect(),
        inserted_at: time::write_ms(delivery.created_at_ms()),
        finished_at: delivery.finished_at_ms.map(time::write_ms),
        downstream_id: delivery.downstream_id,
        workflow: delivery.workflow,
        target,
        kind,
    }
}
