//! Rows of a reverse ETL: users to identify, events to track, and what the platform is told about each.
//!
//! The platform reads the answer: a row that it believes taken is never sent again, and one that it believes refused is
//! sent with every later sync. So a row counts as taken only when its event did what was asked of it.

use crate::jsonrpc::{echo, quote};
use crate::segment::checked;
use crate::{Event, Item, Kind, Node, Notice, Outcome, Pointed, Request, Value, point, translate_each};

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// A user: added and changed rows identify, removed ones are `delete` events.
    User,
    /// Something that happened, once: a `track` event.
    Event,
}

/// A field that rows are mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldOf {
    /// Its name in mappings and records.
    pub id: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// Whether its values are times.
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
    /// Both.
    pub const ALL: [Object; 2] = [Object::User, Object::Event];

    /// The object of this name.
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|object| object.id() == id)
    }

    /// Its name in the conversation. Never to be changed: platforms remember it.
    pub fn id(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Event => "event",
        }
    }

    /// Its name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::User => "Users (identify)",
            Self::Event => "Events (track)",
        }
    }

    /// The fields that mean something of their own, the identifier first. All others are custom.
    pub fn fields(self) -> &'static [FieldOf] {
        match self {
            Self::User => &USER_FIELDS,
            Self::Event => &EVENT_FIELDS,
        }
    }

    /// The field that tells rows apart.
    pub fn identifier(self) -> &'static str {
        match self {
            Self::User => "user_id",
            Self::Event => "event_id",
        }
    }
}

/// What is said about an object that is none of ours.
pub const UNKNOWN_OBJECT: &str = r#"There is no such object here; expected "user" or "event"."#;

/// What an operator reads who sends users to a source that does not take them. None: it does.
pub fn identifies_nobody(request: &Request) -> Option<&'static str> {
    let handled = request.fact("handle_identifies") != Some("false") || request.fact("identify_mapped").is_some();
    (!handled).then_some(
        "Users are not taken: identify events are not handled. Switch handle_identifies on in the source's settings, or \
         map identify events to an action.",
    )
}

/// An event that identifies the user of a row. `traits` point into the row.
pub fn identify(row: &Node<'_>, id: Option<Node<'_>>, traits: Vec<Pointed>) -> Result<Event, Notice> {
    Ok(Event { data: Some(Value::Assembled(traits)), ..of_user(row, id, "identify")? })
}

/// An event that says that the user of a row is gone.
pub fn delete(row: &Node<'_>, id: Option<Node<'_>>) -> Result<Event, Notice> {
    of_user(row, id, "delete")
}

/// Without an id nothing would be asked of the event, and the row would count as taken.
fn of_user(row: &Node<'_>, id: Option<Node<'_>>, event_type: &str) -> Result<Event, Notice> {
    let id = present(row, id, "The user's row has no value for `user_id`.")?;
    Ok(Event { user_id: Some(id.into()), ..of_row(row, event_type) })
}

fn present<'a>(row: &Node<'_>, id: Option<Node<'a>>, missing: &str) -> Result<Node<'a>, Notice> {
    id.filter(|id| !id.is_absent()).ok_or_else(|| Notice::new("missing_field", missing).at(row.at()))
}

/// What a row says about something that happened.
#[derive(Debug, Clone)]
pub struct Tracked<'a> {
    /// What tells it apart from all others.
    pub id: Option<Node<'a>>,
    /// Its name.
    pub name: Option<String>,
    /// Pointer to whom it is about.
    pub user_id: Option<String>,
    /// Pointer to when it happened.
    pub time: Option<String>,
    /// What else there is to say.
    pub properties: Vec<Pointed>,
}

/// An event of something that happened. It carries its row's identifier as idempotency key, and so must have one: rows
/// are sent again.
pub fn track(row: &Node<'_>, tracked: Tracked<'_>) -> Result<Event, Notice> {
    const NO_ID: &str = "The event's row has no value for `event_id`, by which it is told apart when it is sent again.";
    let id = present(row, tracked.id, NO_ID)?;
    let Some(name) = tracked.name.filter(|name| !name.is_empty()) else {
        let sentence = "The event's row has no name: `event` is absent or no string.";
        return Err(Notice::new("missing_field", sentence).at(row.at()));
    };
    checked(Event {
        user_id: tracked.user_id.map(Value::At),
        data: Some(Value::Assembled(tracked.properties)),
        idempotency_key: Some(key(&id)),
        occurred_at: tracked.time.map(Value::At),
        ..of_row(row, &format!("track/{name}"))
    })
}

/// A row's identifier as an idempotency key. Warehouses number their events: the number's own text is the key.
pub fn key(id: &Node<'_>) -> Value {
    match id.kind() {
        Kind::Number => Value::Made(quote(id.raw())),
        _ => Value::at(id.at()),
    }
}

/// What the platform is told a row is: its identifier as it came, null where that cannot be given back.
pub fn tag(identifier: Option<&Node<'_>>) -> String {
    identifier.and_then(echo).unwrap_or("null").to_owned()
}

fn of_row(row: &Node<'_>, event_type: &str) -> Event {
    Event { original: Some(row.at().to_owned()), ..Event::new(event_type) }
}

/// Why a row was not taken. None: it was.
///
/// `logged` with a reason means that something was asked and not done, for example that identifying is off.
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

/// How many rows one request may bring, and how much may be made of them.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    most_rows: usize,
    largest_body: usize,
    left: usize,
}

impl Room {
    /// What the host's limits leave for a request.
    pub fn of(request: &Request) -> Self {
        let fact = |name, unknown| request.fact(name).and_then(|fact| fact.parse().ok()).unwrap_or(unknown);
        let body = request.text().map_or(0, str::len);
        Self {
            most_rows: fact("max_items", 1000),
            largest_body: fact("max_body_bytes", 1 << 20),
            // The host copies out 16 MiB and four times the body; half of the former is for everything else.
            left: body.saturating_mul(4).saturating_add(8 << 20),
        }
    }

    /// How many rows to ask for at once, when one takes 4 KiB.
    pub fn batch_size(&self) -> usize {
        self.most_rows.min(self.largest_body / 4096).max(1)
    }

    /// The items of a call's rows; none at all is one item that says so. An error says why none of them can be taken:
    /// there are too many, or too much is made of them.
    pub fn items<'a>(mut self, rows: &Node<'a>, item: impl Fn(Node<'a>) -> Item) -> Result<Vec<Item>, String> {
        if rows.items().nth(self.most_rows).is_some() {
            return Err(format!("There are more than {} rows; send smaller batches.", self.most_rows));
        }
        let mut crowded = false;
        let items = translate_each(rows.items(), rows.at(), |row| {
            let item = item(row);
            crowded = crowded || !self.takes(&item);
            item
        });
        if crowded {
            return Err("The rows have too many columns; send smaller batches.".to_owned());
        }
        items.map_err(|notice| notice.message)
    }

    /// Makes room for what was made of a row, if there is any left.
    fn takes(&mut self, item: &Item) -> bool {
        // A member's own size, on the larger of the two sides; to it come its two texts.
        const MEMBER: usize = 48;
        let Item::Event(Event { data: Some(Value::Assembled(members)), .. }) = item else { return true };
        let size: usize = members.iter().map(|member| MEMBER + member.key.len() + member.at.len()).sum();
        let left = self.left.checked_sub(size);
        self.left = left.unwrap_or_default();
        left.is_some()
    }
}

/// Adds a member of a row to an object; see [`point`]. What is said about a name that is too long is said at the row.
pub fn column(row: &Node<'_>, members: &mut Vec<Pointed>, name: &str, at: String) -> Result<(), Notice> {
    point(members, name, at).map_err(|notice| notice.at(row.at()))
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
