//! The records of Jitsu's reverse ETL: `{"syncId":…,"runId":…,"sentAt":…,"records":[{"operation":…,"key":…,"data":{…}}]}`.
//!
//! `idempotencyKey`, a hash of the content, is not used: a user who goes from A to B and back to A would stay at B. Users'
//! rows carry no key, because carrying them out twice does no harm; rows that are events carry their identifier, `key`.

use inlet_plugin::segment::not_an_object;
use inlet_plugin::{Event, Item, Kind, Node, Notice, Request, Translation, Value, rows, translate_each};

pub(crate) fn translate(request: &Request, records: &Node<'_>) -> Result<Translation, Notice> {
    let options = Node::parse(&request.options, "").ok();
    let option = |name, default: &str| {
        let found = options.as_ref().and_then(|options| options.get(name)?.as_str());
        found.filter(|text| !text.is_empty()).map_or_else(|| default.to_owned(), |text| text.into_owned())
    };
    let track =
        (option("row_type", "identify") == "track").then(|| format!("track/{}", option("row_event", "Row Added")));
    let reader = Reader { track, user_id: option("row_user_id", "") };
    let item = |record| reader.item(&record).unwrap_or_else(Item::Rejected);
    translate_each(records.items(), records.at(), item).map(Translation::from)
}

/// How the records of a request are read.
struct Reader {
    /// The event type of a row that is something that happened. None: rows are users.
    track: Option<String>,
    /// The column that holds the user id, or nothing.
    user_id: String,
}

impl Reader {
    fn item(&self, record: &Node<'_>) -> Result<Item, Notice> {
        if record.kind() != Kind::Object {
            return Err(not_an_object(record));
        }
        let refuse = |code, sentence: &str| Err(Notice::new(code, sentence).at(record.at()));
        let [operation, key, data] = record.fields(["operation", "key", "data"]);
        let Some(key) = key.filter(|key| !key.is_absent()) else {
            return refuse(
                "missing_field",
                "The record has no `key`, which tells rows apart. Choose a key for the sync.",
            );
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
            idempotency_key: self.track.as_ref().map(|_| rows::key(&key)),
            occurred_at: Some(Value::at("/sentAt")),
            original: Some(record.at().to_owned()),
            ..Event::new(event_type)
        }))
    }
}
