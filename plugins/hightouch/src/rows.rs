//! The rows of `add`, `change` and `remove`: each an event, under the names that its columns are mapped to.

use inlet_plugin::jsonrpc::{Call, quote};
use inlet_plugin::rows::{Object, Room, Tracked, column, delete, identify, refusal, tag, track};
use inlet_plugin::segment::not_an_object;
use inlet_plugin::{Event, Item, Kind, Node, Notice, Outcome, Pointed, Request};

use crate::configuration::{Configuration, LONGEST_NAME};

/// Which rows a call brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// New to the model.
    Add,
    /// Changed since they were last sent.
    Change,
    /// No longer in the model.
    Remove,
}

/// The items of a call, one for each row. An error says why none of them can be read.
pub(crate) fn items(
    request: &Request,
    call: &Call<'_>,
    method: Method,
    configuration: &Configuration<'_>,
) -> Result<Vec<Item>, String> {
    let rows = call.param("rows").filter(|rows| rows.kind() == Kind::Array).ok_or("`rows` is absent or no array.")?;
    if (method, configuration.object) == (Method::Remove, Object::Event) {
        return Err("What happened cannot be removed: events have only the mode Insert.".to_owned());
    }
    let id_column = call.param("idColumn").and_then(|column| column.as_str());
    let id_column = id_column.filter(|column| column.len() <= LONGEST_NAME);
    // Where no column is mapped to the identifier, the model's own is one.
    let identifier = configuration.column(configuration.object.identifier()).or(id_column.as_deref());
    let identifier = identifier.ok_or("Neither `identifierMapping` nor `idColumn` names a column.")?;
    let reader = Reader { configuration, method, identifier, id_column: id_column.as_deref().unwrap_or(identifier) };
    Room::of(request).items(&rows, |row| reader.item(&row))
}

/// Reads the rows of one call.
struct Reader<'r> {
    configuration: &'r Configuration<'r>,
    method: Method,
    /// The column that is mapped to the identifier.
    identifier: &'r str,
    /// The column by which Hightouch tells rows apart.
    id_column: &'r str,
}

impl Reader<'_> {
    /// A row's item, with the text of its id as its tag.
    fn item(&self, row: &Node<'_>) -> Item {
        let [id, identifier] = row.fields([self.id_column, self.identifier]);
        // Columns of one name: only the first asked for is found.
        let identifier = identifier.or_else(|| id.clone().filter(|_| self.id_column == self.identifier));
        let tag = tag(id.as_ref());
        match self.event(row, identifier) {
            Ok(event) => Item::Event(Event { tag, ..event }),
            Err(notice) => Item::Rejected(Notice { tag, ..notice }),
        }
    }

    fn event(&self, row: &Node<'_>, identifier: Option<Node<'_>>) -> Result<Event, Notice> {
        if row.kind() != Kind::Object {
            return Err(not_an_object(row));
        }
        let at = |field: &str| Some(row.at_member(self.configuration.column(field)?));
        match (self.configuration.object, self.method) {
            (Object::User, Method::Remove) => delete(row, identifier),
            (Object::User, _) => identify(row, identifier, self.content(row, &["user_id"])?),
            (Object::Event, _) => {
                let name = match self.configuration.column("event") {
                    Some(column) => row.get(column).and_then(|name| Some(name.as_str()?.into_owned())),
                    None => self.configuration.event_name.clone(),
                };
                let tracked = Tracked {
                    id: identifier,
                    name,
                    user_id: at("user_id"),
                    time: at("timestamp"),
                    properties: self.content(row, &["event_id", "event", "user_id", "timestamp"])?,
                };
                track(row, tracked)
            }
        }
    }

    /// The columns that are content, under the names of the fields that they are mapped to.
    fn content(&self, row: &Node<'_>, taken: &[&str]) -> Result<Vec<Pointed>, Notice> {
        let mut members = Vec::new();
        for mapping in self.configuration.content(taken) {
            column(row, &mut members, &mapping.to, row.at_member(&mapping.from))?;
        }
        Ok(members)
    }
}

/// The result of a call that brought rows: those that were not taken, each with its place, its id and the reason. What a
/// row of it looks like is nowhere written down.
pub(crate) fn rejected(outcomes: &[Outcome]) -> String {
    let mut rows = Vec::new();
    // An empty call has one item that is no row, and nothing to refuse.
    for outcome in outcomes.iter().filter(|outcome| outcome.status != "ignored") {
        if let Some(reason) = refusal(outcome) {
            let (index, id, message) = (outcome.index, &outcome.tag, quote(&reason));
            rows.push(format!(r#"{{"index":{index},"id":{id},"message":{message}}}"#));
        }
    }
    format!(r#"{{"rejectedRows":[{}]}}"#, rows.join(","))
}
