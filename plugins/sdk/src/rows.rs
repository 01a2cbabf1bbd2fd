//! Rows of a reverse ETL: users to identify, events to track, and the answer that the platform gets for each row.
//!
//! The platform acts on the answer. It never sends an accepted row again, and it sends a rejected row with every later
//! sync. A row therefore counts as accepted only if its event took its full effect.

use crate::jsonrpc::{echo, quote};
use crate::segment::checked;
use crate::{
    Event, Item, Kind, Node, Notice, Outcome, Pointed, Request, Value,
    document::{empty_batch, too_many_items},
    point,
};

/// The kind of object that a row describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// A user. Added and changed rows become `identify` events, removed rows `delete` events.
    User,
    /// An event that happened once. Its row becomes a `track` event.
    Event,
}

/// A field that an operator can map columns to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldOf {
    /// Name in mappings and records.
    pub id: &'static str,
    /// Human-readable name.
    pub label: &'static str,
    /// True if the values are times.
    pub time: bool,
}

const fn text(id: &'static str, label: &'static str) -> FieldOf {
    FieldOf { id, label, time: false }
}

const fn time(id: &'static str, label: &'static str) -> FieldOf {
    FieldOf { id, label, time: true }
}

const USER_FIELDS: [FieldOf; 8] = [
    text("user_id", "User ID"),
    text("email", "Email"),
    text("name", "Name"),
    text("phone_number", "Phone number"),
    text("avatar", "Avatar (URL)"),
    text("locale", "Locale"),
    text("timezone", "Time zone"),
    time("created_at", "Created at"),
];

const EVENT_FIELDS: [FieldOf; 4] = [
    text("event_id", "Event ID"),
    text("event", "Event name"),
    text("user_id", "User ID"),
    time("timestamp", "Timestamp"),
];

impl Object {
    /// All objects.
    pub const ALL: [Object; 2] = [Object::User, Object::Event];

    /// Returns the object with this id.
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|object| object.id() == id)
    }

    /// Returns the id in the conversation with the platform. Ids never change, because platforms store them.
    pub fn id(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Event => "event",
        }
    }

    /// Returns the human-readable name.
    pub fn label(self) -> &'static str {
        match self {
            Self::User => "Users (identify)",
            Self::Event => "Events (track)",
        }
    }

    /// Returns the fields with a meaning of their own, the identifier first. All other fields are custom.
    pub fn fields(self) -> &'static [FieldOf] {
        match self {
            Self::User => &USER_FIELDS,
            Self::Event => &EVENT_FIELDS,
        }
    }

    /// Returns the id of the field that identifies rows.
    pub fn identifier(self) -> &'static str {
        match self {
            Self::User => "user_id",
            Self::Event => "event_id",
        }
    }
}

/// Message for an unknown object.
pub const UNKNOWN_OBJECT: &str = r#"There is no such object here; expected "user" or "event"."#;

/// Returns a message for the operator if the source does not identify users; `None` if it does.
pub fn identifies_nobody(request: &Request) -> Option<&'static str> {
    let handled = request.fact("handle_identifies") != Some("false") || request.fact("identify_mapped").is_some();
    (!handled).then_some(
        "Users are not taken: identify events are not handled. Switch handle_identifies on in the source's settings, or \
         map identify events to an action.",
    )
}

/// Returns an event that identifies the user of a row. `traits` point into the row; they are not made for a row without an
/// id, because a request can hold many of those.
pub fn identify(
    row: &Node<'_>,
    id: Option<Node<'_>>,
    traits: impl FnOnce() -> Result<Vec<Pointed>, Notice>,
) -> Result<Event, Notice> {
    let event = user_event(row, id, "identify")?;
    Ok(Event { data: Some(Value::Assembled(traits()?)), ..event })
}

/// Returns an event that deletes the user of a row.
pub fn delete(row: &Node<'_>, id: Option<Node<'_>>) -> Result<Event, Notice> {
    user_event(row, id, "delete")
}

/// Without an id the event would have no effect, and the row would count as accepted.
fn user_event(row: &Node<'_>, id: Option<Node<'_>>, event_type: &str) -> Result<Event, Notice> {
    let id = present(row, id, "The user's row has no value for `user_id`.")?;
    Ok(Event { user_id: Some(id.into()), ..of_row(row, event_type) })
}

fn present<'a>(row: &Node<'_>, id: Option<Node<'a>>, missing: &str) -> Result<Node<'a>, Notice> {
    id.filter(|id| !id.is_absent()).ok_or_else(|| Notice::new("missing_field", missing).at(row.at()))
}

/// The parts of a row that describes an event.
#[derive(Debug, Clone)]
pub struct Tracked<'a> {
    /// The row's identifier.
    pub id: Option<Node<'a>>,
    /// The event's name.
    pub name: Option<String>,
    /// JSON Pointer to the user's id.
    pub user_id: Option<String>,
    /// JSON Pointer to the time of the event.
    pub time: Option<String>,
}

/// Returns a `track` event. `properties` are all other members of the row, made only for a row with an id and a name.
///
/// The row's identifier is its idempotency key. It is required, because platforms send rows again.
pub fn track(
    row: &Node<'_>,
    tracked: Tracked<'_>,
    properties: impl FnOnce() -> Result<Vec<Pointed>, Notice>,
) -> Result<Event, Notice> {
    const NO_ID: &str = "The event's row has no value for `event_id`, by which it is told apart when it is sent again.";
    let id = present(row, tracked.id, NO_ID)?;
    let Some(name) = tracked.name.filter(|name| !name.is_empty()) else {
        let sentence = "The event's row has no name: `event` is absent or no string.";
        return Err(Notice::new("missing_field", sentence).at(row.at()));
    };
    let event = checked(Event {
        user_id: tracked.user_id.map(Value::At),
        idempotency_key: Some(key(&id)),
        occurred_at: tracked.time.map(Value::At),
        ..of_row(row, &format!("track/{name}"))
    })?;
    Ok(Event { data: Some(Value::Assembled(properties()?)), ..event })
}

/// Returns a row's identifier as an idempotency key. Warehouses number their events, so a number's own text is the key.
pub fn key(id: &Node<'_>) -> Value {
    match id.kind() {
        Kind::Number => Value::Made(quote(id.raw())),
        _ => Value::at(id.at()),
    }
}

/// Returns the tag that identifies a row to the platform: its identifier as it was sent, or null if that cannot be
/// echoed.
pub fn tag(identifier: Option<&Node<'_>>) -> String {
    identifier.and_then(echo).unwrap_or("null").to_owned()
}

fn of_row(row: &Node<'_>, event_type: &str) -> Event {
    Event { original: Some(row.at().to_owned()), ..Event::new(event_type) }
}

/// Returns the reason why a row was not accepted; `None` if it was.
///
/// `logged` with a reason means that an effect was requested and not carried out, for example because identifying is
/// off.
pub fn refusal(outcome: &Outcome) -> Option<String> {
    const MOST: usize = 300;
    let taken = match outcome.status.as_str() {
        "executed" | "replayed" => true,
        "logged" => outcome.reason.is_empty(),
        _ => false,
    };
    if taken {
        return None;
    }
    Some(match outcome.reason.as_str() {
        "" => format!("The row was not taken ({}).", outcome.status),
        reason => reason.chars().take(MOST).collect(),
    })
}

/// Limits on the rows of one request: their number, and the size of the events made from them.
#[derive(Debug, Clone, Copy)]
pub struct RowLimits<'r> {
    request: &'r Request,
    most_rows: usize,
    largest_body: usize,
    left: usize,
}

impl<'r> RowLimits<'r> {
    /// Returns the limits that the host sets for this request.
    pub fn of(request: &'r Request) -> Self {
        let fact = |name, unknown| request.fact(name).and_then(|fact| fact.parse().ok()).unwrap_or(unknown);
        let body = request.text().map_or(0, str::len);
        Self {
            request,
            most_rows: request.max_items(),
            largest_body: fact("max_body_bytes", 1 << 20),
            // The host copies out at most 16 MiB plus four times the body. Half of the 16 MiB is left for everything
            // else.
            left: body.saturating_mul(4).saturating_add(8 << 20),
        }
    }

    /// Returns the number of rows that the platform should send at once, at 4 KiB per row.
    pub fn batch_size(&self) -> usize {
        self.most_rows.min(self.largest_body / 4096).max(1)
    }

    /// Translates the rows of a call with `item`. An empty call becomes one ignored item.
    ///
    /// # Errors
    ///
    /// `too_many_items` if there are too many rows, `too_long` if their events are too large. No row is accepted then.
    pub fn items<'a>(mut self, rows: &Node<'a>, item: impl Fn(Node<'a>) -> Item) -> Result<Vec<Item>, Notice> {
        if rows.has_more_than(self.most_rows) {
            return Err(too_many_items(self.request));
        }
        let mut items = Vec::new();
        for row in rows.items() {
            let item = item(row);
            // Checked at once: a mapping with many columns makes more of many small rows than the sandbox can hold.
            if !self.reserve(&item) {
                return Err(Notice::new("too_long", "The rows have too many columns; send smaller batches."));
            }
            items.push(item);
        }
        if items.is_empty() {
            items.push(empty_batch(rows.at()));
        }
        Ok(items)
    }

    /// Reserves the size of `item`; returns false if it exceeds what is left.
    fn reserve(&mut self, item: &Item) -> bool {
        // Size of a member itself, on the side of the host, which is larger. Its two texts are added to it.
        const MEMBER: usize = 48;
        let Item::Event(event) = item else { return true };
        let text = |value: &Option<Value>| match value {
            Some(Value::At(text) | Value::Made(text)) => text.len(),
            Some(Value::Assembled(members)) => {
                members.iter().map(|member| MEMBER + member.key.len() + member.at.len()).sum()
            }
            None => 0,
        };
        let values = [&event.user_id, &event.data, &event.idempotency_key, &event.occurred_at];
        let size = event.event_type.len() + event.tag.len() + values.into_iter().map(text).sum::<usize>();
        let left = self.left.checked_sub(size);
        self.left = left.unwrap_or_default();
        left.is_some()
    }
}

/// Adds a column of a row to an object; see [`point`]. The notice about a name that is too long points at the row.
pub fn column(row: &Node<'_>, members: &mut Vec<Pointed>, name: &str, at: String) -> Result<(), Notice> {
    point(members, name, at).map_err(|notice| notice.at(row.at()))
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
