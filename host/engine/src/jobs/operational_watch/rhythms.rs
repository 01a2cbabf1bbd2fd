//! The rhythms of event types: in which hours each came, and which are silent.
//!
//! Nothing is done for an event. Every few minutes the job reads when the busiest types of each source environment came last,
//! and marks that hour. [`inlet_core::operational::silence`] judges.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use inlet_core::{
    json,
    operational::{HourMap, Observation, OperationalEventType, Silence, hour_of, silence},
    time,
};
use inlet_store::{CommitError, EventTypeHours, ReadError};

use super::sources::event;
use crate::{
    Engine, clock,
    snapshot::{Endpoint, Snapshot},
};

/// The time between two samples: short against an hour, so that the server is seen to watch in every hour that it runs in.
const SAMPLE_EVERY: Duration = Duration::from_secs(300);
/// The types that are watched of a source environment. A sender may make many up.
const MAX_TYPES: u32 = 100;
/// The silent types that an event names.
const MAX_NAMED: usize = 20;
/// The rows of one transaction.
const SLICE: usize = 500;

/// A source environment's database id, and a type.
type TypeKey = (i64, String);

/// The rhythms of all watched types.
#[derive(Default)]
pub(super) struct Rhythms {
    known: Option<Known>,
    sampled_at: Option<Instant>,
    observed: Vec<Observation>,
    /// The types that are silent, with the time at which that was seen; none for those that the first sample found.
    silent: HashMap<TypeKey, Option<i64>>,
    /// Hours that are not written yet.
    unkept: HashSet<TypeKey>,
    forgotten: Vec<TypeKey>,
    is_watched_unkept: bool,
}

struct Known {
    watched: HourMap,
    came: HashMap<TypeKey, HourMap>,
}

impl Known {
    async fn load(engine: &Engine, hour: i64) -> Result<Self, ReadError> {
        let watched = engine.store.watched_hours().await?.unwrap_or_else(|| HourMap::new(hour));
        let kept = engine.store.event_type_hours().await?.into_iter();
        let came = kept.map(|kept| ((kept.source_environment_id, kept.event_type), kept.came)).collect();
        Ok(Self { watched, came })
    }
}

/// A silent type.
struct SilentType {
    event_type: String,
    last_received_at_ms: i64,
    silence: Silence,
}

impl Rhythms {
    /// Observes which sources are silent, by the last sample or a new one.
    pub(super) async fn observe(
        &mut self,
        engine: &Engine,
        snapshot: &Snapshot,
        now: Instant,
    ) -> Result<Vec<Observation>, ReadError> {
        if self.sampled_at.is_none_or(|at| now.saturating_duration_since(at) >= SAMPLE_EVERY) {
            self.sample(engine, snapshot, clock::now_ms()).await?;
            self.sampled_at = Some(now);
        }
        Ok(self.observed.clone())
    }

    async fn sample(&mut self, engine: &Engine, snapshot: &Snapshot, now_ms: i64) -> Result<(), ReadError> {
        let hour = hour_of(now_ms);
        // Another server may have watched since.
        if engine.store.is_shared() && self.unkept.is_empty() && !self.is_watched_unkept {
            self.known = None;
        }
        let known = match &mut self.known {
            Some(known) => known,
            none => none.insert(Known::load(engine, hour).await?),
        };
        let is_first = self.sampled_at.is_none();
        self.is_watched_unkept |= known.watched.mark(hour);
        let (mut present, mut silent, mut observed) = (HashSet::new(), HashMap::new(), Vec::new());
        for endpoint in snapshot.endpoints() {
            let (mut found, mut began_ms) = (Vec::new(), None);
            for count in engine.store.busiest_event_types(endpoint.id, MAX_TYPES).await? {
                let key = (endpoint.id, count.event_type);
                let came = known.came.entry(key.clone()).or_insert_with(|| HourMap::new(hour));
                if came.mark(hour_of(count.last_received_at_ms)) {
                    self.unkept.insert(key.clone());
                }
                if let Some(silence) = silence(came, &known.watched, hour) {
                    let since_ms = self.silent.get(&key).copied().unwrap_or((!is_first).then_some(now_ms));
                    began_ms = began_ms.max(since_ms);
                    silent.insert(key.clone(), since_ms);
                    let (event_type, last_received_at_ms) = (key.1.clone(), count.last_received_at_ms);
                    found.push(SilentType { event_type, last_received_at_ms, silence });
                }
                present.insert(key);
            }
            if !found.is_empty() {
                observed.push(tell(endpoint, &found, began_ms));
            }
        }
        let gone: Vec<TypeKey> = known.came.keys().filter(|key| !present.contains(*key)).cloned().collect();
        for key in gone {
            known.came.remove(&key);
            self.unkept.remove(&key);
            self.forgotten.push(key);
        }
        (self.silent, self.observed) = (silent, observed);
        Ok(())
    }

    /// Returns true if hours are to be written: once an hour for each type that comes, and for the server.
    pub(super) fn has_unkept(&self) -> bool {
        self.is_watched_unkept || !self.unkept.is_empty() || !self.forgotten.is_empty()
    }

    /// Writes the hours that are not written yet.
    pub(super) async fn keep(&mut self, engine: &Engine) -> Result<(), CommitError> {
        let Some(known) = &self.known else { return Ok(()) };
        while self.is_watched_unkept || !self.unkept.is_empty() || !self.forgotten.is_empty() {
            let keys: Vec<TypeKey> = self.unkept.iter().take(SLICE).cloned().collect();
            let forgotten: Vec<TypeKey> = self.forgotten.iter().take(SLICE).cloned().collect();
            let came = keys.iter().filter_map(|key| {
                let came = *known.came.get(key)?;
                Some(EventTypeHours { source_environment_id: key.0, event_type: key.1.clone(), came })
            });
            let (came, removed) = (came.collect(), forgotten.len());
            engine.store.hours_keep(known.watched, came, forgotten).await?;
            self.is_watched_unkept = false;
            keys.iter().for_each(|key| _ = self.unkept.remove(key));
            self.forgotten.drain(..removed);
        }
        Ok(())
    }
}

/// Returns the observation of a source environment with silent types.
fn tell(endpoint: &Endpoint, silent: &[SilentType], began_ms: Option<i64>) -> Observation {
    let mut longest: Vec<&SilentType> = silent.iter().collect();
    longest.sort_by_key(|found| std::cmp::Reverse(found.silence.pause));
    let named = longest.iter().take(MAX_NAMED).map(|found| {
        let Silence { pause, usual, missed } = found.silence;
        let members = [
            ("event_type", json::quote(&found.event_type.chars().take(200).collect::<String>())),
            ("last_received_at", json::quote(&time::write_ms(found.last_received_at_ms))),
            ("silent_hours", pause.to_string()),
            ("longest_pause_hours", usual.to_string()),
            ("missed_hours", missed.to_string()),
        ];
        json::object(members.iter().map(|(name, value)| (*name, value.as_str())))
    });
    let types = json::array(named);
    let reason = reason(&endpoint.source, &longest);
    let event = event(OperationalEventType::SourceSilent, endpoint, "", reason);
    let event =
        event.number("silent_types", i64::try_from(silent.len()).unwrap_or(i64::MAX)).json("event_types", types);
    Observation::Holds { event, began_ms }
}

fn reason(source: &str, longest: &[&SilentType]) -> String {
    let Some(first) = longest.first() else { return String::new() };
    let Silence { pause, usual, missed } = first.silence;
    let (name, count) = (&first.event_type, longest.len());
    let of = match count {
        1 => format!("the source {source:?} got no event of the type {name:?}"),
        _ => format!("the source {source:?} got no events of {count} types, of {name:?}"),
    };
    match pause > 2 * usual {
        true => format!("{of} for {pause} h; its longest pause in four weeks was less than {} h", usual + 1),
        false => format!("{of} for {pause} h; in {missed} of these hours it came in each week before"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silent(event_type: &str, pause: i64, usual: i64, missed: i64) -> SilentType {
        SilentType {
            event_type: event_type.to_owned(),
            last_received_at_ms: 1_767_323_045_000,
            silence: Silence { pause, usual, missed },
        }
    }

    #[test]
    fn a_silence_says_how_long_and_what_is_usual() {
        let (steady, daily) = (silent("track/Paid", 2, 0, 0), silent("track/Report", 65, 62, 3));
        insta::assert_snapshot!(reason("shop", &[&steady]), @r#"the source "shop" got no event of the type "track/Paid" for 2 h; its longest pause in four weeks was less than 1 h"#);
        insta::assert_snapshot!(reason("shop", &[&daily]), @r#"the source "shop" got no event of the type "track/Report" for 65 h; in 3 of these hours it came in each week before"#);
        insta::assert_snapshot!(reason("shop", &[&steady, &daily]), @r#"the source "shop" got no events of 2 types, of "track/Paid" for 2 h; its longest pause in four weeks was less than 1 h"#);
    }
}
