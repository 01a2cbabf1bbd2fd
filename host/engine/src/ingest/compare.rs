//! Stored requests through two versions of a plugin: what would change for a source.
//!
//! Each goes the way of a rehearsal up to its plan; what was executed before does not count, because it is a version that
//! is asked about. Nothing is written. The log keeps items, not requests: an item of a batch is translated as a body of
//! its own, with the headers that the version in force let in.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use inlet_core::{
    Uuid,
    contract::Body,
    json,
    log::{Original, Outcome},
    plan::PlannedAction,
    settle::Prepared,
    time,
    verification::Verdict,
};
use inlet_sandbox::{Fault, Plugin};
use inlet_store::{Cursor, EventQuery, StoredEvent};
use tokio::time::sleep;

use super::{
    arrival::Arrival,
    rehearse::NotRehearsed,
    stages::{self, Translated},
};
use crate::{Engine, ingest::kept_request, snapshot::Endpoint};

/// Log entries that are read at once.
const PAGE: usize = 100;
/// Log entries that are looked at, for those of which something is kept.
const MAX_LOOKED_AT: usize = 5_000;
/// Bytes that are translated, once for each version.
const MAX_BYTES: usize = 64 << 20;
/// How long it may take.
const MAX_TIME: Duration = Duration::from_secs(30);
/// Differing requests that are told one by one.
const MAX_DIFFERENCES: usize = 100;
/// Differences of one request that are told.
const MAX_CHANGES: usize = 20;

/// A source with one of the two versions.
pub struct Side {
    /// The source environment as it would be.
    pub endpoint: Endpoint,
    /// The version.
    pub plugin: Plugin,
}

/// What was found.
#[derive(Default)]
pub struct Comparison {
    /// Requests that went through both.
    pub compared: usize,
    /// Those of them that become the same.
    pub same: usize,
    /// Those that become the same, which is nothing: both versions reject them or fail.
    pub rejected_by_both: usize,
    /// Those that become something else.
    pub different: usize,
    /// Entries of which nothing is kept that could be translated.
    pub not_kept: usize,
    /// Not all that was asked for could be compared in the time and the room that there is.
    pub stopped_early: bool,
    /// In how many requests a member differs.
    pub by_member: BTreeMap<&'static str, usize>,
    /// The first that differ.
    pub differences: Vec<Difference>,
}

/// A request that becomes something else.
pub struct Difference {
    /// Its log entry.
    pub id: Uuid,
    /// What it became when it came.
    pub event_type: String,
    /// What differs.
    pub changes: Vec<Change>,
}

/// Something that differs.
pub struct Change {
    /// Of which item.
    pub item: usize,
    /// Its member, or `items`: how many there are.
    pub member: &'static str,
    /// With the old version; none: it is not there.
    pub old: Option<String>,
    /// With the new one.
    pub new: Option<String>,
}

/// How long it waits before it asks for a sandbox again: a full queue says no at once.
const PAUSE: Duration = Duration::from_millis(500);
/// How often a request waits for a sandbox, a second each time, before it ends there.
const TRIES: usize = 3;

/// Compares the newest `last` requests of which something is kept. Where no sandbox comes free any more, it ends early with what
/// was found; an error: nothing was.
pub async fn compare(engine: &Engine, old: &Side, new: &Side, last: usize) -> Result<Comparison, NotRehearsed> {
    let (started, id) = (Instant::now(), old.endpoint.id);
    let mut found = Comparison::default();
    let (mut cursor, mut looked_at, mut bytes) = (Cursor::Start, 0, 0);
    while found.compared < last {
        let query = EventQuery { cursor, ..EventQuery::newest(vec![id], PAGE) };
        let page = engine.store.events(&query).await?;
        let Some(oldest) = page.items.last().map(|event| event.id) else { break };
        for event in page.items {
            if found.compared == last {
                break;
            }
            looked_at += 1;
            if looked_at > MAX_LOOKED_AT || bytes > MAX_BYTES || started.elapsed() > MAX_TIME {
                found.stopped_early = true;
                return Ok(found);
            }
            // What was carried out again came only once.
            if event.rerun_of.is_some() {
                continue;
            }
            match body_of(engine, id, &event).await? {
                Some(body) => {
                    bytes += body.as_bytes().len();
                    match both(engine, (old, new), &event, &body).await {
                        Ok((old, new)) => found.add(&event, old, new),
                        Err(NotRehearsed::Busy) if found.compared > 0 => {
                            found.stopped_early = true;
                            return Ok(found);
                        }
                        Err(error) => return Err(error),
                    }
                }
                None => found.not_kept += 1,
            }
        }
        if !page.has_after {
            break;
        }
        cursor = Cursor::After(oldest);
    }
    Ok(found)
}

/// What is kept of what came; a list leaves long ones out.
async fn body_of(engine: &Engine, id: i64, event: &StoredEvent) -> Result<Option<Body>, NotRehearsed> {
    let original = match &event.original.content {
        Some(original) => Some(original.clone()),
        None if event.body_removed => None,
        None => {
            let query = EventQuery { include_actions: false, ..EventQuery::one(vec![id], event.id) };
            engine.store.events(&query).await?.items.pop().and_then(|event| event.original.content)
        }
    };
    Ok(original.filter(|original| !original.is_empty()).map(|original| match original {
        Original::Json(text) | Original::Text(text) => Body::Text(text),
        Original::Bytes(bytes) => Body::Bytes(bytes),
    }))
}

type Both = (Vec<Members>, Vec<Members>);

async fn both(engine: &Engine, sides: (&Side, &Side), event: &StoredEvent, body: &Body) -> Result<Both, NotRehearsed> {
    Ok((patiently(engine, sides.0, event, body).await?, patiently(engine, sides.1, event, body).await?))
}

/// Requests that come have precedence, and one second is short.
async fn patiently(
    engine: &Engine,
    side: &Side,
    event: &StoredEvent,
    body: &Body,
) -> Result<Vec<Members>, NotRehearsed> {
    for _ in 1..TRIES {
        match one(engine, side, event, body).await {
            Err(NotRehearsed::Busy) => sleep(PAUSE).await,
            result => return result,
        }
    }
    one(engine, side, event, body).await
}

/// What a request becomes with one version: by item, by member.
async fn one(engine: &Engine, side: &Side, event: &StoredEvent, body: &Body) -> Result<Vec<Members>, NotRehearsed> {
    let Side { endpoint, plugin } = side;
    let mut headers = event.headers.as_deref().map(kept_request::read_headers).unwrap_or_default();
    headers.retain(|header| endpoint.wants_header(&header.name));
    let (method, received_at_ms) = ("POST".to_owned(), event.received_at_ms);
    let arrival = Arrival::stored(method, String::new(), Vec::new(), headers, Vec::new(), body.clone(), received_at_ms);
    let call = stages::call_translate(engine, endpoint, plugin, &arrival, |permit| permit)
        .await
        .map_err(|_| NotRehearsed::Busy)?;
    if matches!(call.result, Err(Fault::Busy)) {
        return Err(NotRehearsed::Busy);
    }
    let translated = Translated::of(call);
    let items = stages::prepare(engine, endpoint, &arrival, Verdict::NotConfigured, &translated);
    Ok(items.unwrap_or_else(|whole| vec![*whole]).iter().map(members).collect())
}

type Members = BTreeMap<&'static str, String>;

/// An item's outcome, as far as it depends on the plugin alone.
const OUTCOME: &str = "outcome";

fn members(item: &Prepared) -> Members {
    let log = &item.log;
    let outcome = match (&item.plan, &log.code) {
        (Some(_), _) => "event".to_owned(),
        (None, Some(code)) => format!("{}: {code}", log.outcome.as_str()),
        (None, None) => log.outcome.as_str().to_owned(),
    };
    let mut members = Members::from([(OUTCOME, outcome)]);
    let Some(plan) = &item.plan else { return members };
    members.insert("event_type", log.event_type.clone());
    members.extend(log.user_id.clone().map(|id| ("user_id", id)));
    members.extend(log.idempotency_key.clone().map(|key| ("idempotency_key", key)));
    members.insert("occurred_at", time::write(log.occurred_at_us));
    members.extend(log.data.as_ref().map(|data| ("data", data.to_string())));
    if !plan.actions.is_empty() {
        members.insert("actions", json::array(plan.actions.iter().map(action)));
    }
    members
}

fn action(action: &PlannedAction) -> String {
    let action_type = json::quote(action.action_type.as_str());
    let refusal = action.intent.as_ref().err().map(|refusal| json::quote(&refusal.to_string()));
    let members = [("action_type", action_type.as_str()), ("payload", &action.payload)];
    json::object(members.into_iter().chain(refusal.iter().map(|refusal| ("refused", refusal.as_str()))))
}

fn is_nothing(items: &[Members]) -> bool {
    let starts = |members: &Members, outcome: Outcome| members[OUTCOME].starts_with(outcome.as_str());
    items.iter().all(|members| starts(members, Outcome::Rejected) || starts(members, Outcome::Failed))
}

impl Comparison {
    fn add(&mut self, event: &StoredEvent, old: Vec<Members>, new: Vec<Members>) {
        self.compared += 1;
        if old == new {
            match is_nothing(&old) {
                true => self.rejected_by_both += 1,
                false => self.same += 1,
            }
            return;
        }
        self.different += 1;
        let mut changes = changes(&old, &new);
        let mut names: Vec<&str> = changes.iter().map(|change| change.member).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            *self.by_member.entry(name).or_default() += 1;
        }
        changes.truncate(MAX_CHANGES);
        if self.differences.len() < MAX_DIFFERENCES {
            self.differences.push(Difference { id: event.id, event_type: event.event_type.clone(), changes });
        }
    }
}

fn changes(old: &[Members], new: &[Members]) -> Vec<Change> {
    let mut changes = Vec::new();
    if old.len() != new.len() {
        let count = |items: &[Members]| Some(items.len().to_string());
        changes.push(Change { item: 0, member: "items", old: count(old), new: count(new) });
    }
    for (item, (old, new)) in old.iter().zip(new).enumerate() {
        let mut names: Vec<&'static str> = old.keys().chain(new.keys()).copied().collect();
        names.sort_unstable();
        names.dedup();
        let differing = names.into_iter().filter(|name| old.get(name) != new.get(name));
        changes.extend(differing.map(|member| Change {
            item,
            member,
            old: old.get(member).cloned(),
            new: new.get(member).cloned(),
        }));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_differ_are_named_with_both_values() {
        let event = |user: &str| Members::from([(OUTCOME, "event".to_owned()), ("user_id", user.to_owned())]);
        let rejected = [Members::from([(OUTCOME, "rejected: no_event_type".to_owned())])];
        let shown = |old: &[Members], new: &[Members]| -> Vec<String> {
            let changes = changes(old, new);
            changes.iter().map(|c| format!("{} {} {:?} {:?}", c.item, c.member, c.old, c.new)).collect()
        };
        assert_eq!(shown(&[event("a")], &[event("b")]), [r#"0 user_id Some("a") Some("b")"#]);
        assert_eq!(
            shown(&[event("a"), event("b")], &rejected),
            [
                r#"0 items Some("2") Some("1")"#,
                r#"0 outcome Some("event") Some("rejected: no_event_type")"#,
                r#"0 user_id Some("a") None"#
            ]
        );
        assert!(is_nothing(&rejected) && !is_nothing(&[event("a")]));
    }
}
