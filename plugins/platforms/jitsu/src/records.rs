//! The records of Jitsu's reverse ETL:
//! `{"syncId":…,"runId":…,"sentAt":…,"records":[{"operation":…,"key":…,"data":{…}}]}`.
//!
//! `idempotencyKey`, a hash of the content, is not used: a user who goes from A to B and back to A would stay at B.
//! Rows of users have no key, because applying them twice is harmless. Rows of events use their identifier, `key`,
//! together with the sync's id, because two syncs may number their rows alike.

use inlet_plugin::jsonrpc::quote;
use inlet_plugin::segment::not_an_object;
use inlet_plugin::{Event, Item, Kind, Node, Notice, Request, Translation, Value, rows, translate_array};

pub(crate) fn translate(request: &Request, records: &Node<'_>) -> Result<Translation, Notice> {
    let option = |name| request.option(name)?.as_str().map(|text| text.into_owned());
    let named = option("row_event").filter(|name| !name.is_empty()).unwrap_or_else(|| "Row Added".to_owned());
    let is_track = option("row_type").is_some_and(|kind| kind == "track");
    let reader = Reader {
        track: is_track.then(|| format!("track/{named}")),
        user_id: option("row_user_id").unwrap_or_default(),
        sync: request.json()?.get("syncId").and_then(|sync| sync.as_str().map(|sync| sync.into_owned())),
    };
    let item = |record| reader.item(&record).unwrap_or_else(Item::Rejected);
    translate_array(request, records, item).map(Translation::from)
}

/// The settings that decide how the records of a request are read.
struct Reader {
    /// The event type of rows that are events; `None` if rows are users.
    track: Option<String>,
    /// The column of the user id; empty if there is none.
    user_id: String,
    /// The id of the sync.
    sync: Option<String>,
}

impl Reader {
    fn item(&self, record: &Node<'_>) -> Result<Item, Notice> {
        if record.kind() != Kind::Object {
            return Err(not_an_object(record));
        }
        let refuse = |code, sentence: &str| Err(Notice::new(code, sentence).at(record.at()));
        let [operation, key, data] = record.fields(["operation", "key", "data"]);
        let Some(key) = key.filter(|key| !key.is_absent()) else {
            const SENTENCE: &str = "The record has no `key`, which tells rows apart. Choose a key for the sync.";
            return refuse("missing_field", SENTENCE);
        };
        let operation = operation.as_ref().and_then(Node::as_str);
        let event_type = match (operation.as_deref(), &self.track) {
            (Some("upsert"), Some(event_type)) => event_type.as_str(),
            (Some("upsert"), None) => "identify",
            (Some("delete"), None) => "delete",
            (Some("delete"), Some(_)) => {
                const SENTENCE: &str = "A row was removed that was an event; what happened cannot be taken back.";
                return Ok(Item::Ignored(Notice::new("unsupported", SENTENCE).at(record.at())));
            }
            (Some(_), _) => {
                return refuse("unknown_type", "`operation` is neither `upsert` nor `delete`. Send one of these.");
            }
            (None, _) => {
                return refuse("missing_field", "Expected `operation`, `upsert` or `delete`, as a string; found none.");
            }
        };
        let column = |name: &str| data.as_ref().map(|data| Value::At(data.at_member(name)));
        let user_id = match (self.user_id.as_str(), &self.track) {
            ("", None) => Some(Value::at(key.at())),
            ("", Some(_)) => column("user_id"),
            (name, _) => column(name),
        };
        Ok(Item::Event(Event {
            user_id,
            data: data.filter(|_| event_type != "delete").map(Value::from),
            idempotency_key: self.track.as_ref().map(|_| self.key(&key)),
            occurred_at: Some(Value::at("/sentAt")),
            original: Some(record.at().to_owned()),
            ..Event::new(event_type)
        }))
    }
    fn key(&self, key: &Node<'_>) -> Value {
        let own = key.as_str().unwrap_or_else(|| key.raw().into());
        self.sync.as_ref().map_or_else(|| rows::key(key), |sync| Value::Made(quote(&format!("{sync}/{own}"))))
    }
}
