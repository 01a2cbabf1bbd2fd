//! `sync_batch`: translates each record into an event, and returns a result per record.

use std::borrow::Cow;

use inlet_plugin::jsonrpc::{Call, quote};
use inlet_plugin::rows::{Object, RowLimits, Tracked, column, delete, identify, refusal, tag, track};
use inlet_plugin::segment::not_an_object;
use inlet_plugin::{Event, Item, Kind, Node, Notice, Outcome, Pointed, Request};

use crate::methods::object_named;

/// Returns one item per record. An error says why no record can be read.
pub(crate) fn items(request: &Request, call: &Call<'_>) -> Result<Vec<Item>, Notice> {
    let wrong = |sentence: String| Notice::new("wrong_type", sentence);
    let plan = call.param("sync_plan").filter(|plan| plan.kind() == Kind::Object);
    let plan = plan.ok_or_else(|| wrong("`sync_plan` is absent or no object.".to_owned()))?;
    let plan = Plan::read(&plan).map_err(wrong)?;
    let records = call.param("records").filter(|records| records.kind() == Kind::Array);
    let records = records.ok_or_else(|| wrong("`records` is absent or no array.".to_owned()))?;
    RowLimits::of(request).items(&records, |record| plan.item(&record))
}

/// The sync plan: the kind of records, and the operation on them.
struct Plan<'a> {
    object: Object,
    delete: bool,
    /// Name of the field that identifies records.
    identifier: Cow<'a, str>,
}

impl<'a> Plan<'a> {
    fn read(plan: &Node<'a>) -> Result<Self, String> {
        let [object, operation, schema] = plan.fields(["object", "operation", "schema"]);
        let object = object_named(object)?;
        let operation = operation.and_then(|operation| operation.as_str());
        let delete = match (operation.as_deref(), object) {
            // Inlet does not distinguish new users from known ones, and a repeated event is recognised by its key.
            (Some("upsert" | "insert" | "update"), _) => false,
            (Some("delete"), Object::User) => true,
            (Some("delete"), Object::Event) => return Err("What happened cannot be deleted: insert events.".to_owned()),
            _ => return Err("`operation` is unknown; expected upsert, insert, update or delete.".to_owned()),
        };
        Ok(Self { object, delete, identifier: active_identifier(schema.as_ref(), object) })
    }

    /// Returns the item of a record. Its tag is the text of the record's identifier.
    fn item(&self, record: &Node<'_>) -> Item {
        let identifier = record.get(&self.identifier);
        let tag = tag(identifier.as_ref());
        match self.event(record, identifier) {
            Ok(event) => Item::Event(Event { tag, ..event }),
            Err(notice) => Item::Rejected(Notice { tag, ..notice }),
        }
    }

    fn event(&self, record: &Node<'_>, identifier: Option<Node<'_>>) -> Result<Event, Notice> {
        if record.kind() != Kind::Object {
            return Err(not_an_object(record));
        }
        match self.object {
            // Other fields of a deleted record are not documented.
            Object::User if self.delete => delete(record, identifier),
            Object::User => identify(record, identifier, || self.content(record, &[])),
            Object::Event => {
                let [name, user_id, time] = record.fields(["event", "user_id", "timestamp"]);
                let tracked = Tracked {
                    id: identifier,
                    name: name.and_then(|name| Some(name.as_str()?.into_owned())),
                    user_id: user_id.map(Node::into_at),
                    time: time.map(Node::into_at),
                };
                track(record, tracked, || self.content(record, &["event", "user_id", "timestamp"]))
            }
        }
    }

    /// Returns all fields of a record except `taken`.
    fn content(&self, record: &Node<'_>, taken: &[&str]) -> Result<Vec<Pointed>, Notice> {
        let mut members = Vec::new();
        for (name, value) in record.members() {
            if name != self.identifier && !taken.contains(&name.as_ref()) {
                column(record, &mut members, &name, value.into_at())?;
            }
        }
        Ok(members)
    }
}

/// Returns the field that the plan's schema marks as the identifier, or the default of the object.
fn active_identifier<'a>(schema: Option<&Node<'a>>, object: Object) -> Cow<'a, str> {
    const LONGEST_NAME: usize = 4096;
    let fields = schema.map(Node::members).unwrap_or_default();
    let active = fields.into_iter().rev().find(|(name, field)| {
        let active = field.get("active_identifier");
        active.is_some_and(|active| active.raw() == "true") && name.len() <= LONGEST_NAME
    });
    active.map_or(Cow::Borrowed(object.identifier()), |(name, _)| name)
}

/// Returns the result of a batch: one entry per record, in the same order.
pub(crate) fn results(outcomes: &[Outcome]) -> String {
    // An empty batch has one ignored item, which is no record.
    let records = outcomes.iter().filter(|outcome| outcome.status != "ignored");
    let results = records.map(|outcome| match refusal(outcome) {
        None => format!(r#"{{"identifier":{},"success":true}}"#, outcome.tag),
        Some(reason) => {
            format!(r#"{{"identifier":{},"success":false,"error_message":{}}}"#, outcome.tag, quote(&reason))
        }
    });
    format!(r#"{{"record_results":[{}]}}"#, results.collect::<Vec<_>>().join(","))
}
