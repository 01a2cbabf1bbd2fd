//! §6: events with any actions, against a plain model of what they do: the order of actions, deep merges, subscriptions with
//! cycles, memberships, runs and their cancellation.

use std::collections::{BTreeMap, BTreeSet};

use inlet_core::recipient::RecipientKey;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{stored::object, world::*};

/// A user, object or tenant by a small number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    User(u8),
    Object(u8),
    Tenant(u8),
}

impl Key {
    fn id(self) -> String {
        let (Key::User(number) | Key::Object(number) | Key::Tenant(number)) = self;
        format!("r{number}")
    }

    fn stored(self) -> RecipientKey {
        match self {
            Key::User(_) => RecipientKey::user(self.id()),
            Key::Object(_) => object("things", &self.id()),
            Key::Tenant(_) => RecipientKey::tenant(self.id()),
        }
    }
}

/// A recipient that an action names.
#[derive(Debug, Clone)]
struct Named {
    key: Key,
    inline: Option<Value>,
}

impl Named {
    fn value(&self) -> Value {
        let mut members = match (&self.inline, self.key) {
            (None, Key::User(_)) => return json!(self.key.id()),
            (None, _) => Map::new(),
            (Some(inline), _) => inline.as_object().unwrap().clone(),
        };
        members.insert("id".to_owned(), json!(self.key.id()));
        if let Key::Object(_) = self.key {
            members.insert("collection".to_owned(), json!("things"));
        }
        Value::Object(members)
    }
}

#[derive(Debug, Clone)]
enum Act {
    Identify(u8, Value),
    DeleteUser(u8),
    SetObject(u8, Value),
    DeleteObject(u8),
    SetTenant(u8, Value),
    DeleteTenant(u8),
    Subscribe(u8, Vec<Named>, Value),
    Unsubscribe(u8, Vec<Named>),
    AddMember(Vec<Named>, Option<u8>),
    RemoveMember(Vec<Named>, Option<u8>),
    Cancel(u8, Option<Vec<Named>>),
    Trigger(u8, Vec<Named>),
}

impl Act {
    /// The place of the action within an event, the type and the parameters of its mapping.
    fn mapping(&self) -> (usize, &'static str, Value) {
        let constant = |value: Value| json!({ "value": value });
        let id = |key: Key| constant(json!(key.id()));
        let all = |named: &[Named]| constant(named.iter().map(Named::value).collect());
        let tenant =
            |tenant: Option<u8>| constant(tenant.map_or(Value::Null, |tenant| json!(Key::Tenant(tenant).id())));
        let things = |number: u8| json!({ "collection": "things", "id": id(Key::Object(number)) });
        let with = |mut parameters: Value, more: &[(&str, Value)]| {
            let members = parameters.as_object_mut().unwrap();
            members.extend(more.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
            parameters
        };
        let order = |number: u8| constant(json!(format!("order {number}")));
        match self {
            Act::Identify(user, properties) => {
                let properties = constant(properties.clone());
                (0, "users_identify", json!({ "user_id": id(Key::User(*user)), "properties": properties }))
            }
            Act::DeleteUser(user) => (1, "users_delete", json!({ "user_id": id(Key::User(*user)) })),
            Act::SetObject(number, properties) => {
                (2, "objects_set", with(things(*number), &[("properties", constant(properties.clone()))]))
            }
            Act::DeleteObject(number) => (3, "objects_delete", things(*number)),
            Act::SetTenant(number, properties) => {
                let properties = constant(properties.clone());
                (4, "tenants_set", json!({ "id": id(Key::Tenant(*number)), "properties": properties }))
            }
            Act::DeleteTenant(number) => (5, "tenants_delete", json!({ "id": id(Key::Tenant(*number)) })),
            Act::Subscribe(number, to, properties) => {
                let more = [("recipients", all(to)), ("properties", constant(properties.clone()))];
                (6, "objects_subscribe", with(things(*number), &more))
            }
            Act::Unsubscribe(number, to) => {
                (7, "objects_unsubscribe", with(things(*number), &[("recipients", all(to))]))
            }
            Act::AddMember(users, of) => {
                (8, "audiences_add_member", json!({ "key": "beta", "user_id": all(users), "tenant": tenant(*of) }))
            }
            Act::RemoveMember(users, of) => {
                (9, "audiences_remove_member", json!({ "key": "beta", "user_id": all(users), "tenant": tenant(*of) }))
            }
            Act::Cancel(number, to) => {
                let parameters = json!({ "key": "k", "cancellation_key": order(*number) });
                let to = to.as_deref().map(|to| ("recipients", all(to)));
                (10, "workflows_cancel", with(parameters, &to.into_iter().collect::<Vec<_>>()))
            }
            Act::Trigger(number, to) => {
                let parameters = json!({ "key": "k", "cancellation_key": order(*number), "recipients": all(to) });
                (11, "workflows_trigger", parameters)
            }
        }
    }

    /// The recipients that are upserted before any action of the event.
    fn inline(&self) -> Vec<(Key, &Value)> {
        let named = match self {
            Act::Subscribe(_, to, _) | Act::Unsubscribe(_, to) | Act::AddMember(to, _) | Act::Trigger(_, to) => to,
            Act::Cancel(_, Some(to)) => to,
            _ => return Vec::new(),
        };
        named.iter().filter_map(|named| Some((named.key, named.inline.as_ref()?))).collect()
    }
}

/// A run: who it is for, and who of them is canceled.
#[derive(Debug, Default, PartialEq, Eq)]
struct ModelRun {
    order: u8,
    recipients: Vec<Key>,
    canceled: BTreeSet<Key>,
    is_canceled: bool,
    /// Created by the request under way.
    is_new: bool,
}

/// The stored state, in the plainest way.
#[derive(Debug, Default)]
struct Model {
    known: BTreeMap<Key, Value>,
    subscriptions: BTreeMap<(Key, Key), Value>,
    members: BTreeSet<(u8, Option<u8>)>,
    runs: Vec<ModelRun>,
}

fn merge(known: &mut Value, new: &Value) {
    match (known, new) {
        (Value::Object(known), Value::Object(new)) => {
            for (key, value) in new {
                merge(known.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (known, new) => *known = new.clone(),
    }
}

impl Model {
    fn upsert(&mut self, key: Key, properties: &Value) {
        merge(self.known.entry(key).or_insert_with(|| json!({})), properties);
    }

    fn delete(&mut self, key: Key) -> bool {
        if self.known.remove(&key).is_none() {
            return false;
        }
        self.subscriptions.retain(|(object, recipient), _| *object != key && *recipient != key);
        self.members.retain(|(user, tenant)| Key::User(*user) != key && tenant.map(Key::Tenant) != Some(key));
        true
    }

    /// Those who are known, each once.
    fn identified(&self, named: &[Named]) -> Vec<Key> {
        let mut keys = Vec::new();
        for named in named {
            if self.known.contains_key(&named.key) && !keys.contains(&named.key) {
                keys.push(named.key);
            }
        }
        keys
    }

    /// Carries out one event; returns the type of each action and whether it did something.
    fn event(&mut self, acts: &[Act]) -> Vec<(&'static str, bool)> {
        let mut acts: Vec<&Act> = acts.iter().collect();
        acts.sort_by_key(|act| act.mapping().0);
        for act in &acts {
            act.inline().into_iter().for_each(|(key, properties)| self.upsert(key, properties));
        }
        acts.into_iter().map(|act| (act.mapping().1, self.act(act))).collect()
    }

    fn act(&mut self, act: &Act) -> bool {
        match act {
            Act::Identify(number, properties) => self.upsert(Key::User(*number), properties),
            Act::SetObject(number, properties) => self.upsert(Key::Object(*number), properties),
            Act::SetTenant(number, properties) => self.upsert(Key::Tenant(*number), properties),
            Act::DeleteUser(number) => return self.delete(Key::User(*number)),
            Act::DeleteObject(number) => return self.delete(Key::Object(*number)),
            Act::DeleteTenant(number) => return self.delete(Key::Tenant(*number)),
            Act::Subscribe(number, to, properties) => {
                let object = Key::Object(*number);
                let to = self.identified(to);
                if !self.known.contains_key(&object) || to.is_empty() {
                    return false;
                }
                self.subscriptions.extend(to.into_iter().map(|key| ((object, key), properties.clone())));
            }
            Act::Unsubscribe(number, to) => {
                let ended = to.iter().filter(|to| self.subscriptions.remove(&(Key::Object(*number), to.key)).is_some());
                return ended.count() > 0;
            }
            Act::AddMember(users, tenant) => {
                let users = self.identified(users);
                let is_empty = users.is_empty();
                self.members.extend(users.into_iter().map(|key| (user_of(key), *tenant)));
                return !is_empty;
            }
            Act::RemoveMember(users, tenant) => {
                return users.iter().filter(|user| self.members.remove(&(user_of(user.key), *tenant))).count() > 0;
            }
            Act::Cancel(order, to) => {
                let mut does = false;
                for run in self.runs.iter_mut().filter(|run| run.order == *order && !run.is_canceled) {
                    let Some(to) = to else {
                        (does, run.is_canceled) = (true, true);
                        continue;
                    };
                    let is_named = |key: &&Key| to.iter().any(|to| to.key == **key);
                    let stops: Vec<Key> = run.recipients.iter().filter(is_named).copied().collect();
                    let before = run.canceled.len();
                    let mut canceled = run.canceled.clone();
                    canceled.extend(stops);
                    // Subscribers of an object may follow.
                    does |= run.is_new && run.recipients.iter().any(|key| matches!(key, Key::Object(_)));
                    does |= canceled.len() > before;
                    match canceled.len() == run.recipients.len() {
                        true => run.is_canceled = true,
                        false => run.canceled = canceled,
                    }
                }
                return does;
            }
            Act::Trigger(order, to) => {
                let recipients = self.identified(to);
                if recipients.is_empty() {
                    return false;
                }
                self.runs.push(ModelRun { order: *order, recipients, is_new: true, ..ModelRun::default() });
            }
        }
        true
    }
}

fn user_of(key: Key) -> u8 {
    match key {
        Key::User(number) => number,
        other => panic!("{other:?} is no user"),
    }
}

fn properties() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(json!(null)), (0..3_u8).prop_map(|n| json!(n)), Just(json!([1, {"a": 2}]))];
    let value = leaf.prop_recursive(2, 6, 3, |inner| {
        prop::collection::btree_map("[abc]", inner, 0..3).prop_map(|members| json!(members))
    });
    prop::collection::btree_map("[abc]", value, 0..3).prop_map(|members| json!(members))
}

fn named(objects: bool) -> impl Strategy<Value = Vec<Named>> {
    let key = (0..3_u8, any::<bool>()).prop_map(move |(number, is_object)| match is_object && objects {
        true => Key::Object(number),
        false => Key::User(number),
    });
    let one = (key, prop::option::weighted(0.3, properties())).prop_map(|(key, inline)| {
        // An object with no properties beside its key is a reference.
        let is_reference = matches!((key, &inline), (Key::Object(_), Some(inline)) if inline == &json!({}));
        Named { key, inline: inline.filter(|_| !is_reference) }
    });
    prop::collection::vec(one, 1..4)
}

fn act() -> impl Strategy<Value = Act> {
    let tenant = || prop::option::of(0..2_u8);
    prop_oneof![
        (0..3_u8, properties()).prop_map(|(number, properties)| Act::Identify(number, properties)),
        (0..3_u8).prop_map(Act::DeleteUser),
        (0..3_u8, properties()).prop_map(|(number, properties)| Act::SetObject(number, properties)),
        (0..3_u8).prop_map(Act::DeleteObject),
        (0..2_u8, properties()).prop_map(|(number, properties)| Act::SetTenant(number, properties)),
        (0..2_u8).prop_map(Act::DeleteTenant),
        (0..3_u8, named(true), properties())
            .prop_map(|(number, to, properties)| Act::Subscribe(number, to, properties)),
        (0..3_u8, named(true), properties())
            .prop_map(|(number, to, properties)| Act::Subscribe(number, to, properties)),
        (0..3_u8, named(true)).prop_map(|(number, to)| Act::Unsubscribe(number, to)),
        (named(false), tenant()).prop_map(|(users, tenant)| Act::AddMember(users, tenant)),
        (named(false), tenant()).prop_map(|(users, tenant)| Act::RemoveMember(users, tenant)),
        (0..2_u8, prop::option::of(named(true))).prop_map(|(order, to)| Act::Cancel(order, to)),
        (0..2_u8, named(true)).prop_map(|(order, to)| Act::Trigger(order, to)),
        (0..2_u8, named(true)).prop_map(|(order, to)| Act::Trigger(order, to)),
    ]
}

fn compare(model: &Model, inlet: &Inlet) {
    let read = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    for (key, properties) in &model.known {
        assert_eq!(inlet.recipient(&key.stored()).map(read), Some(properties.clone()), "{key:?}");
    }
    assert_eq!(inlet.known(), model.known.len());
    let subscriptions: BTreeMap<_, _> = model
        .subscriptions
        .iter()
        .map(|((object, recipient), properties)| ((object.stored(), recipient.stored()), properties.clone()))
        .collect();
    let stored: BTreeMap<_, _> =
        inlet.stored.subscriptions.iter().map(|(key, properties)| (key.clone(), read(properties))).collect();
    assert_eq!(stored, subscriptions);
    let mut members: Vec<String> = model
        .members
        .iter()
        .map(|(user, tenant)| {
            let tenant = tenant.map(|tenant| format!("@{}", Key::Tenant(tenant).id()));
            format!("{}{}", Key::User(*user).id(), tenant.unwrap_or_default())
        })
        .collect();
    members.sort();
    let mut stored = inlet.stored.members("beta");
    stored.sort();
    assert_eq!(stored, members);
    let runs: Vec<_> = model
        .runs
        .iter()
        .map(|run| {
            let at = |key: &Key| run.recipients.iter().position(|recipient| recipient == key).unwrap() as i64;
            let recipients: Vec<_> = run.recipients.iter().map(|key| key.stored()).collect();
            (recipients, run.is_canceled, run.canceled.iter().map(at).collect::<BTreeSet<_>>())
        })
        .collect();
    let stored: Vec<_> = inlet
        .stored
        .runs
        .iter()
        .map(|stored| {
            let recipients: Vec<_> = stored.run.recipients.iter().map(|recipient| recipient.key()).collect();
            (recipients, stored.is_canceled, stored.canceled.clone())
        })
        .collect();
    assert_eq!(stored, runs);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Each list of actions is one event, its mappings created in that order; each list of events is one request.
    #[test]
    fn any_events_do_what_the_model_does(
        requests in prop::collection::vec(prop::collection::vec(prop::collection::vec(act(), 1..5), 1..4), 1..8),
    ) {
        let mut inlet = Inlet::new();
        let mut model = Model::default();
        let mut number = 0;
        for events in &requests {
            model.runs.iter_mut().for_each(|run| run.is_new = false);
            let mut items = Vec::new();
            for acts in events {
                let event_type = format!("Event {number}");
                for act in acts {
                    let (_, action, parameters) = act.mapping();
                    inlet.map(&event_type, action, &parameters.to_string());
                }
                items.push(format!(r#"{{"type":"track","event":"{event_type}","userId":"nobody","properties":{{}}}}"#));
                number += 1;
            }
            let entries = inlet.send(&batch(&items.iter().map(String::as_str).collect::<Vec<_>>()));
            for (entry, acts) in entries.iter().zip(events) {
                let expected: Vec<_> = model
                    .event(acts)
                    .into_iter()
                    .map(|(action, does)| (action, if does { "success" } else { "skipped" }))
                    .collect();
                prop_assert_eq!(entry.statuses(), expected);
            }
            compare(&model, &inlet);
        }
    }
}
