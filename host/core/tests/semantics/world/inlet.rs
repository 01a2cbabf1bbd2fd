//! One source environment, a store that lives between transactions, and a clock.

use std::{collections::HashMap, sync::Arc};

use inlet_core::{
    ByteString, Uuid, actions,
    contract::{Body, Field, Translation},
    effect::recipient_changes,
    event::{self, Context, LoggedEvent, Oversize},
    idempotency::{HashKey, Record, RecordId},
    log::{Outcome, PluginRef},
    mapping::{Condition, Mapping, MappingIndex},
    path::Path,
    plan::ReplayMode,
    recipient::RecipientKey,
    settings::{KeyPaths, Settings},
    settle::{self, Job, Prepared, TransactionTime},
    verification::Verdict,
    world::{Needs, World},
};

use super::{entry::Entry, parked::ParkedRecipients, segment::segment};
use crate::stored::Stored;

/// The start of every scenario, in milliseconds since 1970.
pub const START: i64 = 1_750_000_000_000;
pub const HOUR: i64 = 60 * 60 * 1000;

/// One source environment with its store.
pub struct Inlet {
    pub settings: Settings,
    pub manifest_redacts: Vec<Path>,
    pub headers: Vec<Field>,
    pub verdict: Verdict,
    pub now_ms: i64,
    /// Rows that the last transaction wrote.
    pub written: usize,
    mappings: Vec<Mapping>,
    recipients: HashMap<RecipientKey, String>,
    as_of: HashMap<RecipientKey, i64>,
    records: HashMap<RecordId, Vec<u8>>,
    parked: ParkedRecipients,
    /// The number of parked recipients that the next transactions find in the environment, if it is not that of `parked`.
    pub parked_in_environment: Option<usize>,
    ids: u128,
    pub stored: Stored,
}

impl Inlet {
    /// Every toggle off, no mappings, nobody identified.
    pub fn new() -> Self {
        Self {
            settings: Settings::default(),
            manifest_redacts: Vec::new(),
            headers: Vec::new(),
            verdict: Verdict::NotConfigured,
            now_ms: START,
            written: 0,
            mappings: Vec::new(),
            recipients: HashMap::new(),
            as_of: HashMap::new(),
            records: HashMap::new(),
            parked: ParkedRecipients::default(),
            parked_in_environment: None,
            ids: 0,
            stored: Stored::default(),
        }
    }

    pub fn idempotent() -> Self {
        let mut inlet = Self::new();
        inlet.settings.enforce_idempotency = true;
        inlet
    }

    pub fn identifying() -> Self {
        let mut inlet = Self::new();
        inlet.settings.handle_identifies = true;
        inlet
    }

    /// Adds a mapping, younger than those before it.
    pub fn map(&mut self, event_type: &str, action_type: &str, parameters: &str) -> Uuid {
        let age = self.mappings.len() as i64;
        self.mappings.push(Mapping {
            id: Uuid::from_u128(0xAAAA_0000 + age as u128),
            event_type: event_type.to_owned(),
            when: None,
            action: actions::parse_action(action_type, parameters).unwrap(),
            parameters: parameters.into(),
            active: true,
            created_at_ms: age,
            updated_at_ms: age,
        });
        self.mappings.last().unwrap().id
    }

    /// A trigger on `Order Completed`.
    pub fn trigger(&mut self, parameters: &str) -> Uuid {
        self.map("Order Completed", "workflows_trigger", parameters)
    }

    /// Gives the last mapping a condition.
    pub fn when(&mut self, condition: &str) {
        self.mappings.last_mut().unwrap().when = Some(Condition::parse(condition).unwrap());
    }

    /// Changes a mapping as an operator would.
    pub fn remap(&mut self, id: Uuid, parameters: &str) {
        let mapping = self.mappings.iter_mut().find(|mapping| mapping.id == id).unwrap();
        mapping.action = actions::parse_action(mapping.action.action_type().as_str(), parameters).unwrap();
        mapping.parameters = parameters.into();
    }

    pub fn unmap(&mut self, id: Uuid) {
        self.mappings.retain(|mapping| mapping.id != id);
    }

    /// Makes a user identified.
    pub fn knows(&mut self, id: &str) {
        self.recipients.insert(RecipientKey::user(id), "{}".to_owned());
    }

    pub fn user(&self, id: &str) -> Option<&str> {
        self.recipient(&RecipientKey::user(id))
    }

    pub fn recipient(&self, key: &RecipientKey) -> Option<&str> {
        self.recipients.get(key).map(String::as_str)
    }

    /// Counts the known users, objects and tenants.
    pub fn known(&self) -> usize {
        self.recipients.len()
    }

    /// Counts the parked recipients.
    pub fn parked(&self) -> usize {
        self.parked.len()
    }

    /// Parks a user for so many triggers.
    pub fn parks(&mut self, triggers: usize, id: &str) {
        for _ in 0..triggers {
            let event = counter(&mut self.ids)();
            self.parked.park(RecipientKey::user(id), event);
        }
    }

    pub fn records(&self) -> usize {
        self.records.len()
    }

    pub fn pass(&mut self, ms: i64) {
        self.now_ms += ms;
    }

    /// Sends a body as a Segment plugin reads it: one request, one transaction.
    pub fn send(&mut self, body: &str) -> Vec<Entry> {
        self.deliver(body, &segment(body))
    }

    /// Sends a body of one item.
    pub fn one(&mut self, body: &str) -> Entry {
        let mut entries = self.send(body);
        assert_eq!(entries.len(), 1);
        entries.remove(0)
    }

    pub fn deliver(&mut self, body: &str, translation: &Translation) -> Vec<Entry> {
        let items = self.prepare(body, translation).unwrap();
        self.commit(items)
    }

    pub fn prepare(&mut self, body: &str, translation: &Translation) -> Result<Vec<Prepared>, Oversize> {
        self.prepare_body(&Body::Text(ByteString::from(body)), translation)
    }

    pub fn prepare_body(&mut self, body: &Body, translation: &Translation) -> Result<Vec<Prepared>, Oversize> {
        self.with_context(|context, new_id| event::prepare(context, body, translation, new_id))
    }

    /// Carries the one item of a body out again, as one that was so at a time.
    pub fn again(&mut self, body: &str, as_of_ms: i64, force: bool) -> Entry {
        let mut items = self.prepare(body, &segment(body)).unwrap();
        for item in &mut items {
            item.plan.as_mut().unwrap().replay = Some(ReplayMode { as_of_ms, force });
        }
        self.commit(items).remove(0)
    }

    /// Carries an entry out again from what the log kept of it.
    pub fn replay(&mut self, logged: LoggedEvent) -> Entry {
        let item = self.with_context(|context, new_id| event::prepare_replay(context, logged, new_id()));
        self.commit(vec![item]).remove(0)
    }

    /// A request that as a whole became no event.
    pub fn whole(&mut self, body: &Body, outcome: Outcome, code: &str, reason: &str) -> Entry {
        let item = self.with_context(|context, new_id| {
            event::prepare_whole(context, body, outcome, code, reason.to_owned(), new_id())
        });
        self.commit(vec![item]).remove(0)
    }

    fn with_context<T>(&mut self, act: impl FnOnce(&Context<'_>, &mut dyn FnMut() -> Uuid) -> T) -> T {
        let index = MappingIndex::new(self.mappings.clone());
        let hash_key = HashKey([7; 16]);
        let context = Context {
            source_environment: 1,
            settings: &self.settings,
            redact_paths: &self.manifest_redacts,
            mappings: &index,
            vars: "{}",
            hash_key: &hash_key,
            plugin: Arc::new(PluginRef { key: "segment".into(), version: "1.0.0".into(), digest: "sha256:0".into() }),
            verdict: self.verdict,
            received_at_ms: self.now_ms,
            headers: event::headers_json(&self.headers),
            withheld: &[],
            guest_logs: None,
        };
        act(&context, &mut counter(&mut self.ids))
    }

    /// One transaction: only what the job says it needs is loaded, and what changed is kept.
    pub fn commit(&mut self, items: Vec<Prepared>) -> Vec<Entry> {
        let job = Job { environment: 1, source_environment: 1, items, nonce: None };
        let mut needs = Needs::default();
        job.add_needs(&mut needs);
        let mut world = World::default();
        self.parked.load(&needs, self.parked_in_environment, &mut world);
        self.stored.load(&needs, &mut world);
        for ((environment, key), properties) in needs.recipients {
            if let Some(known) = self.recipients.get(key) {
                let as_of_ms = self.as_of.get(key).copied().unwrap_or(i64::MIN);
                world.load_recipient(environment, key.clone(), properties.then(|| known.clone()), as_of_ms);
            }
        }
        for id in needs.records {
            if let Some(bytes) = self.records.get(&id) {
                world.load_record(id, Record::from_bytes(bytes).unwrap());
            }
        }
        let mut new_id = counter(&mut self.ids);
        let settle = |item: Prepared| {
            let done =
                settle::settle(&mut world, job.environment, &item, TransactionTime::at(self.now_ms), &mut new_id);
            Entry { log: item.log, done }
        };
        let entries: Vec<Entry> = job.items.into_iter().map(settle).collect();
        let effects: Vec<_> = entries.iter().flat_map(|entry| &entry.done.effects).collect();
        self.stored.write(&effects);
        let changes = recipient_changes(effects.iter().map(|effect| (job.environment, *effect)));
        self.written = changes.len() + world.changed_records().count();
        for change in changes {
            if change.is_deleted {
                self.recipients.remove(change.key);
                self.as_of.remove(change.key);
            }
            if let Some(upsert) = change.upsert {
                self.recipients.insert(change.key.clone(), upsert.properties.to_string());
                self.as_of.insert(change.key.clone(), upsert.as_of_ms);
            }
        }
        for effect in entries.iter().flat_map(|entry| &entry.done.effects) {
            self.parked.write(effect);
        }
        for change in world.changed_records() {
            self.records.insert(change.id, change.record.to_bytes());
        }
        entries
    }
}

fn counter(ids: &mut u128) -> impl FnMut() -> Uuid {
    move || {
        *ids += 1;
        Uuid::from_u128(*ids)
    }
}

pub fn path(text: &str) -> Option<Path> {
    Some(Path::parse(text).unwrap())
}

pub fn key_path(path: Option<Path>) -> Option<KeyPaths> {
    path.map(KeyPaths::from)
}
