//! Settling: what a plan comes to, given who is identified and what was executed before.
//!
//! Pure: the store loads what the plans of a transaction need into a [`World`], each event is settled in order and sees
//! the effects of the ones before it, and the store writes what changed. Source of the rules: semantics.md §4 and §5.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::{
    idempotency::{BUILT_IN_IDENTIFY, Execution, Precedent, Record, RecordId, ScopedKey},
    json,
    log::{ActionLog, EventLog, Outcome, Run, RunRecipient, Status},
    plan::{Again, Intent, Plan, PlannedAction, Refusal, Trigger},
    recipient::{Party, RecipientKey},
    user::{self, TooLarge},
    verification::Once,
};

/// The items of one request, ready to be committed.
#[derive(Debug)]
pub struct Job {
    /// The environment's database id.
    pub environment: i64,
    /// The source environment's database id.
    pub source_environment: i64,
    /// In the request's order.
    pub items: Vec<Prepared>,
    /// Set where the request is taken once: a second one with the same is a captured one.
    pub once: Option<Once>,
}

/// One item, ready to be committed.
#[derive(Debug)]
pub struct Prepared {
    /// What is kept of it.
    pub log: EventLog,
    /// What is to be done about it; none when it is no event.
    pub plan: Option<Plan>,
}

/// What an item came to. The parts that differ from its prepared log, and what it did.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// What became of it.
    pub outcome: Outcome,
    /// Why, for people.
    pub reason: Option<String>,
    /// The execution that it replays.
    pub replay_of: Option<Uuid>,
    /// The execution whose failed actions it ran.
    pub resumes: Option<Uuid>,
    /// Further warnings.
    pub warnings: Vec<String>,
    /// One for each action that was looked at.
    pub actions: Vec<ActionLog>,
    /// The runs to create.
    pub runs: Vec<Run>,
}

/// What must be known before a job can be settled.
#[derive(Debug, Default)]
pub struct Needs {
    /// Idempotency records.
    pub records: HashSet<RecordId>,
    /// Users, objects and tenants; true where their properties are needed, false where it is enough that they exist.
    pub recipients: HashMap<(i64, RecipientKey), bool>,
}

impl Needs {
    /// Adds what a job needs.
    pub fn add(&mut self, job: &Job) {
        for plan in job.items.iter().filter_map(|item| item.plan.as_ref()) {
            self.records.extend(plan.key.as_ref().map(|key| key.id));
            for action in &plan.actions {
                match &action.intent {
                    Ok(Intent::Identify { user, .. }) => self.recipient(job.environment, user, true),
                    Ok(Intent::Trigger(trigger)) => {
                        for party in trigger.parties() {
                            self.recipient(job.environment, &party.key, party.inline.is_some());
                        }
                    }
                    Err(_) => {}
                }
            }
        }
    }

    fn recipient(&mut self, environment: i64, key: &RecipientKey, properties: bool) {
        *self.recipients.entry((environment, key.clone())).or_default() |= properties;
    }
}

/// What is known while the jobs of one transaction are settled, and what they change.
#[derive(Debug, Default)]
pub struct World {
    recipients: HashMap<(i64, RecipientKey), Known>,
    records: HashMap<RecordId, KnownRecord>,
}

#[derive(Debug)]
struct Known {
    /// None: they exist, and their properties were not asked for.
    properties: Option<String>,
    /// When the newest that is known was so, in milliseconds since 1970.
    as_of_ms: i64,
    is_new: bool,
    changed: bool,
}

#[derive(Debug)]
struct KnownRecord {
    record: Record,
    /// When the last execution ceases to count, in milliseconds since 1970; set by a change.
    expires_at_ms: Option<i64>,
}

/// A user, object or tenant to write.
#[derive(Debug)]
pub struct RecipientChange<'a> {
    /// The environment's database id.
    pub environment: i64,
    /// Which one.
    pub key: &'a RecipientKey,
    /// All properties after the merge, a JSON object.
    pub properties: &'a str,
    /// When the newest of it was so, in milliseconds since 1970.
    pub as_of_ms: i64,
    /// Not known before.
    pub is_new: bool,
}

/// An idempotency record to write.
#[derive(Debug)]
pub struct RecordChange<'a> {
    /// Where it is found.
    pub id: RecordId,
    /// What it says.
    pub record: &'a Record,
    /// When it ceases to count, in milliseconds since 1970.
    pub expires_at_ms: i64,
}

impl World {
    /// Adds a recipient that exists; `properties` when they were asked for.
    pub fn load_recipient(&mut self, environment: i64, key: RecipientKey, properties: Option<String>) {
        let known = Known { properties, as_of_ms: i64::MIN, is_new: false, changed: false };
        self.recipients.insert((environment, key), known);
    }

    /// Says when the newest that is known of a loaded recipient was so, in milliseconds since 1970. Needed where an
    /// event that is carried out again could be older.
    pub fn date_recipient(&mut self, environment: i64, key: &RecipientKey, as_of_ms: i64) {
        if let Some(known) = self.recipients.get_mut(&(environment, key.clone())) {
            known.as_of_ms = as_of_ms;
        }
    }

    /// Adds an idempotency record.
    pub fn load_record(&mut self, id: RecordId, record: Record) {
        self.records.insert(id, KnownRecord { record, expires_at_ms: None });
    }

    /// The recipients to write.
    pub fn changed_recipients(&self) -> impl Iterator<Item = RecipientChange<'_>> {
        self.recipients.iter().filter(|(_, known)| known.changed).map(|((environment, key), known)| RecipientChange {
            environment: *environment,
            key,
            properties: known.properties.as_deref().unwrap_or("{}"),
            as_of_ms: known.as_of_ms,
            is_new: known.is_new,
        })
    }

    /// The records to write.
    pub fn changed_records(&self) -> impl Iterator<Item = RecordChange<'_>> {
        self.records.iter().filter_map(|(id, known)| {
            known.expires_at_ms.map(|expires_at_ms| RecordChange { id: *id, record: &known.record, expires_at_ms })
        })
    }

    fn is_identified(&self, environment: i64, key: &RecipientKey) -> bool {
        // The tuple key has no borrowed form; ids are short.
        self.recipients.contains_key(&(environment, key.clone()))
    }

    /// What is known of a recipient, a JSON object; none when it is not identified or its properties were not asked for.
    pub fn properties(&self, environment: i64, key: &RecipientKey) -> Option<&str> {
        self.recipients.get(&(environment, key.clone()))?.properties.as_deref()
    }

    /// Upserts all of these or, if one would be too large, none. Says whether newer things were known of one, so that
    /// only its gaps were filled.
    fn upsert_all<'a>(
        &mut self,
        environment: i64,
        upserts: impl Iterator<Item = (&'a RecipientKey, &'a str)>,
        when: When,
    ) -> Result<bool, TooLarge> {
        let mut merged: Vec<(&RecipientKey, String)> = Vec::new();
        let mut found_newer = false;
        for (key, properties) in upserts {
            let earlier = merged.iter().position(|(known, _)| *known == key);
            let known = match earlier {
                Some(at) => Some(merged[at].1.as_str()),
                None => self.properties(environment, key),
            };
            let newer = known.filter(|_| when.is_again && self.as_of_ms(environment, key) > when.as_of_ms);
            found_newer |= newer.is_some();
            let text = match newer {
                Some(newer) => user::fill(&key.id, newer, properties)?,
                None => user::upsert(&key.id, known, properties)?,
            };
            match earlier {
                Some(at) => merged[at].1 = text,
                None => merged.push((key, text)),
            }
        }
        for (key, text) in merged {
            let known = self.recipients.entry((environment, key.clone())).or_insert(Known {
                properties: None,
                as_of_ms: i64::MIN,
                is_new: true,
                changed: true,
            });
            // An upsert that changes nothing is still written: it says when the user was last heard of.
            known.changed = true;
            known.properties = Some(text);
            known.as_of_ms = known.as_of_ms.max(when.as_of_ms);
        }
        Ok(found_newer)
    }

    fn as_of_ms(&self, environment: i64, key: &RecipientKey) -> i64 {
        self.recipients.get(&(environment, key.clone())).map_or(i64::MIN, |known| known.as_of_ms)
    }

    fn precedent(&self, key: &ScopedKey, now_ms: i64) -> Precedent {
        self.records.get(&key.id).map_or(Precedent::None, |known| known.record.precedent(key, now_ms))
    }

    fn remember(&mut self, key: &ScopedKey, execution: Execution) {
        let expires_at_ms = execution.at_ms.saturating_add(key.window_ms);
        let known = self.records.entry(key.id).or_insert_with(|| KnownRecord {
            record: Record { key: key.key.clone(), executions: Vec::new() },
            expires_at_ms: None,
        });
        if known.record.key != key.key {
            // Two keys with one 128-bit hash. The record stays with the first; the second is not protected.
            return;
        }
        known.record.add(execution, key.window_ms);
        known.expires_at_ms = Some(expires_at_ms);
    }
}

/// When what an event says was so.
#[derive(Debug, Clone, Copy)]
struct When {
    /// In milliseconds since 1970. For an event that has just come it is now, whatever its sender's clock says.
    as_of_ms: i64,
    /// It is carried out again, and may be older than what is known.
    is_again: bool,
}

impl When {
    fn of(again: Option<Again>, now_ms: i64) -> Self {
        Self { as_of_ms: again.map_or(now_ms, |again| again.as_of_ms.min(now_ms)), is_again: again.is_some() }
    }
}

/// Where new ids come from: UUIDv7, each greater than the one before.
pub type NewId<'a> = &'a mut dyn FnMut() -> Uuid;

/// Settles one item. `now_ms` is the time of the transaction, in milliseconds since 1970.
pub fn settle(world: &mut World, environment: i64, item: &Prepared, now_ms: i64, new_id: NewId<'_>) -> Settlement {
    let Some(plan) = &item.plan else {
        return Settlement::nothing(item.log.outcome, item.log.reason.clone());
    };
    let forced = plan.again.is_some_and(|again| again.force);
    let counting = plan.key.as_ref().filter(|_| !forced);
    let (to_run, resumes, warning) = match counting.map(|key| world.precedent(key, now_ms)) {
        None | Some(Precedent::None) => (plan.actions.iter().collect(), None, None),
        Some(Precedent::Replays { event, same }) => return Settlement::replay(event, same),
        Some(Precedent::Resumes { event, same, succeeded }) => {
            let rest: Vec<_> = plan.actions.iter().filter(|action| !succeeded.contains(&recorded_id(action))).collect();
            if rest.is_empty() {
                return Settlement::replay(event, same);
            }
            (rest, Some(event), differs(same))
        }
    };
    if to_run.is_empty() {
        return Settlement::nothing(Outcome::Logged, plan.reason.clone());
    }
    let mut settling = Settling {
        world,
        environment,
        event: item.log.id,
        when: When::of(plan.again, now_ms),
        new_id,
        found_newer: false,
        actions: Vec::new(),
        runs: Vec::new(),
    };
    settling.run(&to_run);
    let Settling { actions, runs, found_newer, .. } = settling;
    let succeeded: Vec<Uuid> = actions
        .iter()
        .filter(|action| action.status == Status::Success)
        .map(|action| action.mapping.unwrap_or(BUILT_IN_IDENTIFY))
        .collect();
    let failed = actions.iter().find(|action| action.status == Status::Error);
    if let Some(key) = plan.key.as_ref().filter(|_| !succeeded.is_empty()) {
        let execution = Execution {
            event: item.log.id,
            at_ms: now_ms,
            complete: failed.is_none(),
            fingerprint: key.fingerprint,
            mappings: succeeded,
        };
        world.remember(key, execution);
    }
    let bypassed = (forced && plan.key.is_some())
        .then(|| "idempotency was bypassed: executions with the same key did not count".to_owned());
    let filled = found_newer.then(|| "it is older than what is known of a user: only gaps were filled".to_owned());
    Settlement {
        outcome: if failed.is_some() { Outcome::Failed } else { Outcome::Executed },
        reason: failed.and_then(|action| action.reason.clone()),
        replay_of: None,
        resumes,
        warnings: warning.into_iter().chain(bypassed).chain(filled).collect(),
        actions,
        runs,
    }
}

/// The id under which an action's success is recorded.
fn recorded_id(action: &PlannedAction) -> Uuid {
    action.mapping.unwrap_or(BUILT_IN_IDENTIFY)
}

fn differs(same: bool) -> Option<String> {
    (!same).then(|| "the user id or the data differ from those of the execution with the same key".to_owned())
}

impl Settlement {
    fn nothing(outcome: Outcome, reason: Option<String>) -> Self {
        Self {
            outcome,
            reason,
            replay_of: None,
            resumes: None,
            warnings: Vec::new(),
            actions: Vec::new(),
            runs: Vec::new(),
        }
    }

    fn replay(event: Uuid, same: bool) -> Self {
        Self {
            replay_of: Some(event),
            warnings: differs(same).into_iter().collect(),
            ..Self::nothing(Outcome::Replayed, None)
        }
    }
}

/// The settling of one event.
struct Settling<'w, 'i> {
    world: &'w mut World,
    environment: i64,
    event: Uuid,
    when: When,
    new_id: NewId<'i>,
    /// Newer things were known of somebody than this event says.
    found_newer: bool,
    actions: Vec<ActionLog>,
    runs: Vec<Run>,
}

impl Settling<'_, '_> {
    fn run(&mut self, to_run: &[&PlannedAction]) {
        let too_many = to_run.iter().find(|action| matches!(action.intent, Err(Refusal::TooManyRecipients(_))));
        if let Some(trigger) = too_many {
            for action in to_run.iter().filter(|action| action.mapping.is_none()) {
                self.act(action, None);
            }
            self.act(trigger, None);
            return;
        }
        // Inline recipients, actors and tenants are upserted before anything else of the event runs.
        let inline: Vec<Option<String>> = to_run.iter().map(|action| self.upsert_inline(action)).collect();
        for (action, error) in to_run.iter().zip(inline) {
            self.act(action, error);
        }
    }

    /// Upserts whom a trigger gives inline; returns why it cannot.
    fn upsert_inline(&mut self, action: &PlannedAction) -> Option<String> {
        let Ok(Intent::Trigger(trigger)) = &action.intent else { return None };
        let upserts = trigger.parties().filter_map(|party| Some((&party.key, party.inline.as_deref()?)));
        match self.world.upsert_all(self.environment, upserts, self.when) {
            Ok(found_newer) => {
                self.found_newer |= found_newer;
                None
            }
            Err(error) => Some(error.to_string()),
        }
    }

    fn act(&mut self, action: &PlannedAction, inline_error: Option<String>) {
        let done = match (&action.intent, inline_error) {
            (Err(refusal), _) => Done::error(refusal.to_string()),
            (_, Some(error)) => Done::error(error),
            (Ok(Intent::Identify { user, properties }), None) => self.identify(user, properties),
            (Ok(Intent::Trigger(trigger)), None) => self.trigger(trigger),
        };
        self.actions.push(ActionLog {
            id: (self.new_id)(),
            mapping: action.mapping,
            action_type: action.action_type,
            status: done.status,
            parameters: action.parameters.clone(),
            payload: action.payload.clone(),
            result: done.result,
            reason: done.reason,
            found_in: action.found_in.clone(),
        });
    }

    fn identify(&mut self, user: &RecipientKey, properties: &str) -> Done {
        match self.world.upsert_all(self.environment, std::iter::once((user, properties)), self.when) {
            Ok(found_newer) => {
                self.found_newer |= found_newer;
                Done::success(json::object([("user_id", json::quote(&user.id).as_str())]))
            }
            Err(error) => Done::error(error.to_string()),
        }
    }

    fn trigger(&mut self, trigger: &Trigger) -> Done {
        let mut seen = HashSet::new();
        let (identified, skipped): (Vec<&Party>, Vec<&Party>) = trigger
            .recipients
            .iter()
            .filter(|party| seen.insert(&party.key))
            .partition(|party| self.world.is_identified(self.environment, &party.key));
        let run = (!identified.is_empty()).then(|| (self.new_id)());
        let result = trigger_result(run, &identified, &skipped, &self.unidentified(trigger));
        let Some(id) = run else { return Done::skipped(result) };
        self.runs.push(Run {
            id,
            workflow: trigger.workflow.clone(),
            recipients: identified
                .into_iter()
                .map(|party| RunRecipient {
                    collection: party.key.shown_collection().map(str::to_owned),
                    id: party.key.id.clone(),
                    trigger_data: party.trigger_data.clone(),
                })
                .collect(),
            actor: trigger.actor.as_ref().map(|party| party.key.to_json()),
            tenant: trigger.tenant.as_ref().map(|party| party.key.to_json()),
            data: trigger.data.clone(),
            cancellation_key: trigger.cancellation_key.clone(),
            source_event: self.event,
        });
        Done::success(result)
    }

    /// An actor or tenant that is not identified is passed on as a reference, and the log says so.
    fn unidentified(&self, trigger: &Trigger) -> Vec<String> {
        [("actor", &trigger.actor), ("tenant", &trigger.tenant)]
            .into_iter()
            .filter_map(|(role, party)| Some((role, party.as_ref()?)))
            .filter(|(_, party)| !self.world.is_identified(self.environment, &party.key))
            .map(|(role, _)| json::quote(&format!("the {role} is not identified and is passed on as a reference")))
            .collect()
    }
}

fn trigger_result(run: Option<Uuid>, identified: &[&Party], skipped: &[&Party], notes: &[String]) -> String {
    let run = run.map_or_else(|| "null".to_owned(), |id| json::quote(&id.to_string()));
    let recipients = json::array(identified.iter().map(|party| reference(party, None)));
    let skipped = json::array(skipped.iter().map(|party| reference(party, Some("\"not identified\""))));
    let notes_text = json::array(notes);
    let mut members = vec![
        ("workflow_run_id", run.as_str()),
        ("recipients", recipients.as_str()),
        ("skipped_recipients", skipped.as_str()),
    ];
    if !notes.is_empty() {
        members.push(("notes", &notes_text));
    }
    json::object(members)
}

fn reference(party: &Party, reason: Option<&str>) -> String {
    let (id, collection) = (json::quote(&party.key.id), party.key.shown_collection().map(json::quote));
    let mut members = vec![("id", id.as_str())];
    members.extend(collection.as_deref().map(|collection| ("collection", collection)));
    members.extend(reason.map(|reason| ("reason", reason)));
    json::object(members)
}

/// How an action ended.
struct Done {
    status: Status,
    result: Option<String>,
    reason: Option<String>,
}

impl Done {
    fn success(result: String) -> Self {
        Self { status: Status::Success, result: Some(result), reason: None }
    }

    fn skipped(result: String) -> Self {
        let reason = "no recipient is identified; no workflow run was created".to_owned();
        Self { status: Status::Skipped, result: Some(result), reason: Some(reason) }
    }

    fn error(reason: String) -> Self {
        Self { status: Status::Error, result: None, reason: Some(reason) }
    }
}
