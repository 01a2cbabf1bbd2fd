//! The structure of rules, for their text and for their compiled form.

/// The names of what rules can say about an event beside its values: the contract's extras of these names.
pub const HINTS: [&str; 3] = ["tenant", "anonymous_id", "group_id"];

/// Rules that translate the requests of a platform. `S` names a value, `T` is a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules<S, T> {
    /// True if a body may be an array of items, or NDJSON.
    pub array: bool,
    /// JSON Pointers to arrays of items, one list of alternatives for each level of batches within batches.
    pub batch: Vec<Vec<T>>,
    /// The places of the values of an event.
    pub values: Values<S, T>,
    /// Items that are no events.
    pub ignore: Vec<Verdict<S, T>>,
    /// Items that are refused.
    pub reject: Vec<Verdict<S, T>>,
    /// Values of some events; the first one whose conditions hold counts.
    pub events: Vec<Override<S, T>>,
}

/// The places of the values of an event. The first of several alternatives that is present counts; an empty list means no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values<S, T> {
    /// The event type.
    pub event_type: Option<Vec<Text<S, T>>>,
    /// The user.
    pub user_id: Option<Vec<Text<S, T>>>,
    /// The idempotency key.
    pub key: Option<Vec<Text<S, T>>>,
    /// When the event happened.
    pub time: Option<Vec<Text<S, T>>>,
    /// The content.
    pub data: Option<Data<S, T>>,
    /// The [`HINTS`], in their order.
    pub hints: [Option<Vec<Text<S, T>>>; HINTS.len()],
}

/// One alternative of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text<S, T> {
    /// A value of the request.
    Value(Read<S>),
    /// A text made of parts. It is present if all of them are.
    Template(Vec<Part<S, T>>),
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<S, T> {
    /// A fixed text.
    Fixed(T),
    /// The text of a value.
    Value(Read<S>),
}

/// A value, and how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read<S> {
    /// The value.
    pub source: S,
    /// True if its ASCII letters are made lower case.
    pub lower: bool,
}

/// The content of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data<S, T> {
    /// The first of these that is present.
    First(Vec<S>),
    /// An object of named members, each the first of these that is present.
    Members(Vec<(T, Vec<S>)>),
}

/// A condition on a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition<S, T> {
    /// The value.
    pub read: Read<S>,
    /// The conditions, which must all hold.
    pub test: Test<T>,
}

/// A condition on a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test<T> {
    /// It is there, and neither null nor `""`.
    Exists,
    /// It is not there, or null, or `""`.
    Missing,
    /// It is one of these.
    In(Vec<Scalar<T>>),
    /// It is none of these. A missing value is none of them.
    NotIn(Vec<Scalar<T>>),
    /// It begins with one of these.
    StartsWith(Vec<T>),
}

/// A value that is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar<T> {
    /// A string.
    Text(T),
    /// A whole number.
    Number(i64),
    /// A boolean.
    Boolean(bool),
}

/// A reason why an item is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict<S, T> {
    /// Conditions that must all hold.
    pub when: Vec<Condition<S, T>>,
    /// The machine-readable code.
    pub code: T,
    /// The sentence for people.
    pub message: T,
}

/// Values of some events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override<S, T> {
    /// Conditions that must all hold.
    pub when: Vec<Condition<S, T>>,
    /// The values that differ from those of other events.
    pub values: Values<S, T>,
}

impl<S, T> Default for Rules<S, T> {
    fn default() -> Self {
        Self {
            array: false,
            batch: Vec::new(),
            values: Values::default(),
            ignore: Vec::new(),
            reject: Vec::new(),
            events: Vec::new(),
        }
    }
}

impl<S, T> Default for Values<S, T> {
    fn default() -> Self {
        Self { event_type: None, user_id: None, key: None, time: None, data: None, hints: [None, None, None] }
    }
}
