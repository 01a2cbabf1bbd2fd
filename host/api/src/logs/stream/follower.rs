//! One open stream: the place in the log where it is, and what is sent next.

use std::{sync::Arc, time::Duration};

use axum::body::Bytes;
use inlet_core::{Uuid, time};
use inlet_engine::{Engine, clock::now_ms, snapshot::Snapshot};
use inlet_store::{Cursor, EventQuery, FeedPage, StoredEvent};
use serde_json::json;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit},
    time::{Instant, timeout_at},
};

use super::{PAGE, Place, frames::Frames};
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    error::ApiError,
    logs::{Endpoints, endpoints_in},
    page::CursorText as _,
    sources::{logs::response, lookup::find_log},
};

/// The shortest time between two reads of the log: many open streams must not slow the writing down.
const PACE: Duration = Duration::from_millis(125);
/// The shortest time between two reads of a stream that has skipped entries and does not follow yet. Nobody reads so fast, and
/// ten such streams must not slow the writing down by a tenth.
const PACE_BEHIND: Duration = Duration::from_millis(500);
/// The time without an entry after which a heartbeat is sent.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// The time that a client may take to read what was sent.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pages by which a stream that skips may be behind.
const PAGES_BEHIND: u32 = 8;
/// The pause after which a browser connects again.
const RETRY_MS: u32 = 2000;

/// The consequence when a stream is far behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// Everything is sent.
    Send,
    /// The stream goes on with the newest entries.
    Skip,
}

/// The logs that a stream follows, for whom.
pub struct Followed {
    /// The bearer of the token, which may end while the stream is open.
    pub operator: Operator,
    /// The slug of the environment.
    pub environment: String,
    /// The key of the source; none for all.
    pub source: Option<String>,
}

/// An open stream.
pub struct Follower {
    engine: Engine,
    committed: Arc<Notify>,
    followed: Followed,
    query: EventQuery,
    missed: Missed,
    place: Option<Place>,
    /// The reads in a row that found more than a page.
    full_reads: u32,
    /// True from the first entries that were skipped until it follows again.
    is_behind: bool,
    /// The time of the last read of the log.
    read_at: Instant,
    /// The time at which something was sent last.
    sent_at: Instant,
    has_ended: bool,
    _permit: OwnedSemaphorePermit,
}

impl Follower {
    /// Follows nothing yet.
    pub fn new(
        engine: Engine,
        followed: Followed,
        query: EventQuery,
        missed: Missed,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let now = Instant::now();
        Self {
            committed: engine.store.events_committed(),
            engine,
            followed,
            query,
            missed,
            place: None,
            full_reads: 0,
            is_behind: false,
            read_at: now - PACE,
            sent_at: now,
            has_ended: false,
            _permit: permit,
        }
    }

    /// Finds the place to begin at. Returns the first events.
    pub async fn begin(&mut self, since: Option<Uuid>) -> Result<Bytes, ApiError> {
        let endpoints = self.endpoints().unwrap_or_default();
        let ids: Vec<i64> = endpoints.keys().copied().collect();
        let store = &self.engine.store;
        let mut frames = Frames::default();
        frames.retry(RETRY_MS);
        let place = match since {
            None => {
                let position = store.event_feed_end().await?;
                let newest = store.events(&EventQuery::newest(ids, 1)).await?.items;
                // What is committed between the two reads is sent; a client that continues after `newest` loses nothing.
                Place { position, cursor: newest.first().map_or(Uuid::nil(), |event| event.id) }
            }
            Some(cursor) => {
                let (position, is_exact) = store.event_feed_after(&ids, cursor).await?;
                if !is_exact && cursor != Uuid::nil() {
                    let message = "the entry to continue after is not there any more; what is left of the log after it is \
                                   sent, and what was deleted by its age is missing";
                    frames.add("missed", cursor, &json!({"from": cursor.write(), "to": null, "message": message}));
                }
                Place { position, cursor }
            }
        };
        self.place = Some(place);
        frames.add("open", place.cursor, &json!({ "cursor": place.cursor.write() }));
        self.sent_at = Instant::now();
        Ok(frames.into_bytes())
    }

    /// Returns the next events; none after the last one.
    pub async fn next(&mut self) -> Option<Bytes> {
        let mut place = self.place.filter(|_| !self.has_ended)?;
        if self.sent_at.elapsed() > PATIENCE {
            return Some(self.end(
                place,
                "this reader is too slow: it took more than a minute to read what was sent; connect again with the cursor \
                 to continue",
                true,
            ));
        }
        self.sent_at = Instant::now();
        loop {
            let committed = self.committed.clone();
            let notified = committed.notified();
            tokio::pin!(notified);
            // Before the read, so that no commit is overlooked.
            notified.as_mut().enable();
            let stopping = self.engine.stopping();
            if timeout_at(self.read_at + self.pace(), stopping).await.is_ok() {
                let message = "the server is stopping; connect again with the cursor to continue";
                return Some(self.end(place, message, true));
            }
            let Some(endpoints) = self.endpoints() else {
                let message = "the token, the environment or the source of this stream is gone";
                return Some(self.end(place, message, false));
            };
            self.read_at = Instant::now();
            let memory = AnswerMemory::new(&self.engine);
            self.query.source_environment_ids = endpoints.keys().copied().collect();
            let page = match self.engine.store.event_feed(&self.query, place.position, &memory).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(%error, "a stream of event logs could not read them; it is tried again");
                    None
                }
            };
            // Without memory, or when the read failed, it is tried again after the pace.
            let Some(page) = page else { continue };
            let FeedPage { events, position, last, has_more } = page;
            place = Place { position, cursor: last.unwrap_or(place.cursor) };
            self.place = Some(place);
            let is_full = events.len() == PAGE && has_more;
            self.full_reads = if is_full { self.full_reads + 1 } else { 0 };
            self.is_behind &= is_full;
            if !events.is_empty() {
                let mut frames = Frames::default();
                self.add(&mut frames, events, &endpoints);
                if self.missed == Missed::Skip && self.full_reads >= PAGES_BEHIND {
                    self.skip(&mut frames, &endpoints).await;
                }
                self.sent_at = Instant::now();
                return Some(memory.hold(frames.into_text()));
            }
            if has_more {
                continue;
            }
            let beat = self.sent_at + HEARTBEAT;
            let stopping = self.engine.stopping();
            tokio::select! {
                () = &mut notified => {}
                () = stopping => {}
                () = tokio::time::sleep_until(beat) => {}
            }
            if Instant::now() >= beat {
                let mut frames = Frames::default();
                let at = time::write_ms(now_ms());
                frames.add("heartbeat", place.cursor, &json!({"cursor": place.cursor.write(), "at": at}));
                return Some(frames.into_bytes());
            }
        }
    }

    fn pace(&self) -> Duration {
        if self.is_behind { PACE_BEHIND } else { PACE }
    }

    fn add(&self, frames: &mut Frames, events: Vec<StoredEvent>, endpoints: &Endpoints) {
        for event in events {
            let id = event.id;
            if let Some(endpoint) = endpoints.get(&event.source_environment_id) {
                frames.add("entry", id, &response::log(event, endpoint, self.query.include_actions));
            }
        }
    }

    /// Goes on with the newest page, and says what is left out.
    async fn skip(&mut self, frames: &mut Frames, endpoints: &Endpoints) {
        let Some(place) = self.place else { return };
        let (memory, store) = (AnswerMemory::new(&self.engine), &self.engine.store);
        let Ok(position) = store.event_feed_end().await else { return };
        let query = EventQuery { cursor: Cursor::Start, ..self.query.clone() };
        let Ok(Some(newest)) = store.events_within(&query, &memory).await else { return };
        let Some(first) = newest.items.last().map(|event| event.id) else { return };
        let message = "entries came faster than a stream sends them; the list has those in between";
        let missed = json!({"from": place.cursor.write(), "to": first.write(), "message": message});
        frames.add("missed", first, &missed);
        let cursor = newest.items.first().map_or(place.cursor, |event| event.id);
        self.add(frames, newest.items.into_iter().rev().collect(), endpoints);
        self.place = Some(Place { position, cursor });
        (self.full_reads, self.is_behind) = (0, true);
    }

    /// Ends the stream. `may_continue` says whether the same client can connect again.
    fn end(&mut self, place: Place, message: &str, may_continue: bool) -> Bytes {
        self.has_ended = true;
        let mut frames = Frames::default();
        let end = json!({"cursor": place.cursor.write(), "message": message, "may_continue": may_continue});
        frames.add("end", place.cursor, &end);
        frames.into_bytes()
    }

    /// Returns the source environments to read; none if the token does not permit it any more, or if they are gone.
    fn endpoints(&self) -> Option<Endpoints> {
        let snapshot: Arc<Snapshot> = self.engine.snapshot();
        let Followed { operator, environment, source } = &self.followed;
        if !operator.is_valid(&snapshot, now_ms()) {
            return None;
        }
        let environment = snapshot.environment(environment)?;
        match source {
            None => Some(endpoints_in(&snapshot, environment.id)),
            Some(key) => {
                let endpoint = find_log(&snapshot, key, environment).ok()?;
                Some(Endpoints::from([(endpoint.id, endpoint.clone())]))
            }
        }
    }
}
