//! The methods `add`, `change` and `remove`: translates each row into an event, with its columns under the names of
//! their fields.

use inlet_plugin::jsonrpc::{Call, quote};
use inlet_plugin::rows::{Object, RowLimits, Tracked, column, delete, identify, refusal, tag, track};
use inlet_plugin::segment::not_an_object;
use inlet_plugin::{Event, Item, Kind, Node, Notice, Outcome, Pointed, Request};

use crate::configuration::{Configuration, LONGEST_NAME};

/// The method that brings rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Rows that are new in the model.
    Add,
    /// Rows that changed since they were last sent.
    Change,
    /// Rows that are no longer in the model.
    Remove,
}

/// Returns one item per row. An error says why no row can be read.
pub(crate) fn items(
    request: &Request,
    call: &Call<'_>,
    method: Method,
    configuration: &Configuration<'_>,
) -> Result<Vec<Item>, Notice> {
    let wrong = |sentence: &str| Notice::new("wrong_type", sentence);
    let rows = call
        .param("rows")
        .filter(|rows| rows.kind() == Kind::Array)
        .ok_or_else(|| wrong("`rows` is absent or no array."))?;
    if (method, configuration.object) == (Method::Remove, Object::Event) {
        return Err(wrong("What happened cannot be removed: events have only the mode Insert."));
    }
    let id_column = call.param("idColumn").and_then(|column| column.as_str());
    let id_column = id_column.filter(|column| column.len() <= LONGEST_NAME);
    // Without a mapped identifier, the model's primary key identifies rows.
    let identifier = configuration.column(configuration.object.identifier()).or(id_column.as_deref());
    let identifier = identifier.ok_or_else(|| wrong("Neither `identifierMapping` nor `idColumn` names a column."))?;
    // Looked up once: there may be as many mappings as rows.
    let reader = Reader {
        configuration,
        method,
        identifier,
        id_column: id_column.as_deref().unwrap_or(identifier),
        name: configuration.column("event"),
        user_id: configuration.column("user_id"),
        time: configuration.column("timestamp"),
    };
    RowLimits::of(request).items(&rows, |row| reader.item(&row))
}

/// Settings for reading the rows of one call.
struct Reader<'r> {
    configuration: &'r Configuration<'r>,
    method: Method,
    /// The column that is mapped to the identifier.
    identifier: &'r str,
    /// The column by which Hightouch identifies rows.
    id_column: &'r str,
    /// The column of an event's name.
    name: Option<&'r str>,
    /// The column of an event's user id.
    user_id: Option<&'r str>,
    /// The column of an event's time.
    time: Option<&'r str>,
}

impl Reader<'_> {
    /// Returns the item of a row. Its tag is the text of the row's id.
    fn item(&self, row: &Node<'_>) -> Item {
        let [id, identifier] = row.fields([self.id_column, self.identifier]);
        // If both are the same column, `fields` finds it only under the first name.
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
        let at = |column: Option<&str>| column.map(|column| row.at_member(column));
        match (self.configuration.object, self.method) {
            (Object::User, Method::Remove) => delete(row, identifier),
            (Object::User, _) => identify(row, identifier, || self.content(row, &["user_id"])),
            (Object::Event, _) => {
                let name = match self.name {
                    Some(column) => row.get(column).and_then(|name| Some(name.as_str()?.into_owned())),
                    None => self.configuration.event_name.clone(),
                };
                let tracked = Tracked { id: identifier, name, user_id: at(self.user_id), time: at(self.time) };
                track(row, tracked, || self.content(row, &["event_id", "event", "user_id", "timestamp"]))
            }
        }
    }

    /// Returns the columns that are content, under the names of their fields.
    fn content(&self, row: &Node<'_>, taken: &[&str]) -> Result<Vec<Pointed>, Notice> {
        let mut members = Vec::new();
        for mapping in self.configuration.content(taken) {
            column(row, &mut members, &mapping.to, row.at_member(&mapping.from))?;
        }
        Ok(members)
    }
}

/// Returns the result of a call that brought rows: each row that was not accepted with its index, id and reason.
/// Hightouch does not document the format of these entries.
pub(crate) fn rejected_rows(outcomes: &[Outcome]) -> String {
    let mut rows = Vec::new();
    // An empty call has one ignored item, which is no row.
    for outcome in outcomes.iter().filter(|outcome| outcome.status != "ignored") {
        if let Some(reason) = refusal(outcome) {
            let (index, id, message) = (outcome.index, &outcome.tag, quote(&reason));
            rows.push(format!(r#"{{"index":{index},"id":{id},"message":{message}}}"#));
        }
    }
    format!(r#"{{"rejectedRows":[{}]}}"#, rows.join(","))
}
