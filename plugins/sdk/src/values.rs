//! Constructors and accessors for the contract's types.

use crate::{Body, Event, Field, Item, Node, Notice, Request, Translation, Value};

impl Event {
    /// Creates an event with a type and nothing else.
    pub fn new(event_type: impl Into<String>) -> Self {
        Self {
            event_type: event_type.into(),
            user_id: None,
            data: None,
            idempotency_key: None,
            occurred_at: None,
            original: None,
            tag: String::new(),
            extras: Vec::new(),
        }
    }

    /// Adds a warning, which the event log shows.
    pub fn warn(&mut self, sentence: impl Into<String>) {
        self.extras.push(Field::new("warning", sentence));
    }
}

impl Notice {
    /// Creates a notice about the whole request.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), at: None, tag: String::new(), extras: Vec::new() }
    }

    /// Sets the JSON Pointer that the notice is about. The empty pointer is the whole request.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.at = Some(pointer.into()).filter(|pointer| !pointer.is_empty());
        self
    }
}

impl Value {
    /// Creates a value from a JSON Pointer.
    pub fn at(pointer: impl Into<String>) -> Self {
        Self::At(pointer.into())
    }
}

impl Field {
    /// Creates a field.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl From<Vec<Item>> for Translation {
    fn from(items: Vec<Item>) -> Self {
        Self { items, reply: None, memo: String::new(), extras: Vec::new() }
    }
}

impl From<Item> for Translation {
    fn from(item: Item) -> Self {
        Self::from(vec![item])
    }
}

/// An unreadable item is rejected; its neighbours are still translated.
impl From<Result<Event, Notice>> for Item {
    fn from(result: Result<Event, Notice>) -> Self {
        match result {
            Ok(event) => Self::Event(event),
            Err(notice) => Self::Rejected(notice),
        }
    }
}

impl Request {
    /// Returns the first header of this name. Names are in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }

    /// Returns the first query parameter of this name.
    pub fn query(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// Returns the fact of this name, for example `event_type_path`.
    pub fn fact(&self, name: &str) -> Option<&str> {
        first(&self.facts, name)
    }

    /// Returns an option of the plugin: the operator's value, or the manifest's default.
    pub fn option(&self, name: &str) -> Option<Node<'_>> {
        Node::parse(&self.options, "").ok()?.get(name)
    }
}

/// An empty POST, for tests.
impl Default for Request {
    fn default() -> Self {
        Self {
            method: "POST".to_owned(),
            path: String::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::Text(String::new()),
            received_at_ms: 0,
            options: "{}".to_owned(),
            facts: Vec::new(),
        }
    }
}

fn first<'f>(fields: &'f [Field], name: &str) -> Option<&'f str> {
    fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
}
