//! Recipients: users, objects and tenants, by reference or given inline.
//!
//! Source of the rules: semantics.md §5. A string, or `{collection, id}` alone, is a reference; any other object with an
//! `id` is inline and is upserted before anything else of its event runs.

use std::borrow::Cow;

use crate::json::{self, Kind};

/// The most recipients that one trigger may resolve to, before duplicates are removed.
pub const MAX_RECIPIENTS: usize = 1000;
/// The longest id of a user, object or tenant, in characters.
pub const MAX_ID_CHARS: usize = 256;
/// The collection under which users are kept.
pub const USERS: &str = "$users";
/// The collection under which tenants are kept.
pub const TENANTS: &str = "$tenants";

/// Which user, object or tenant, within one environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecipientKey {
    /// [`USERS`], [`TENANTS`] or an object's collection.
    pub collection: Cow<'static, str>,
    /// Its id.
    pub id: String,
}

impl RecipientKey {
    /// A user.
    pub fn user(id: impl Into<String>) -> Self {
        Self { collection: Cow::Borrowed(USERS), id: id.into() }
    }

    /// A tenant.
    pub fn tenant(id: impl Into<String>) -> Self {
        Self { collection: Cow::Borrowed(TENANTS), id: id.into() }
    }

    /// The collection to show: none for a user.
    pub fn shown_collection(&self) -> Option<&str> {
        (self.collection != USERS).then_some(&*self.collection)
    }

    /// The reference as JSON: a string for a user or a tenant, `{collection, id}` for an object.
    pub fn to_json(&self) -> String {
        match &*self.collection {
            USERS | TENANTS => json::quote(&self.id),
            collection => {
                json::object([("collection", json::quote(collection).as_str()), ("id", &json::quote(&self.id))])
            }
        }
    }
}

/// A recipient, actor or tenant that an event names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Which one.
    pub key: RecipientKey,
    /// What to upsert, a JSON object, when it is given inline.
    pub inline: Option<String>,
    /// What is merged over the run's data for it, a JSON object.
    pub trigger_data: Option<String>,
}

/// Why a value is not a recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRecipient {
    /// Neither a string nor an object.
    #[error("it is {0}; expected a user id string or an object with an id")]
    Kind(&'static str),
    /// An object without an id.
    #[error("it has no id; expected an object with a string id")]
    NoId,
    /// Its id is of another type.
    #[error("its {field} is {found}; expected a string")]
    IdKind {
        /// `id` or `collection`.
        field: &'static str,
        /// What was found.
        found: &'static str,
    },
    /// Its id is a string that cannot be one.
    #[error("its {field} {problem}")]
    Id {
        /// `id` or `collection`.
        field: &'static str,
        /// What is wrong with it.
        problem: IdProblem,
    },
    /// `$trigger_data` is not an object.
    #[error("its $trigger_data is {0}; expected an object")]
    TriggerData(&'static str),
}

/// What is wrong with an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdProblem {
    /// `""`
    #[error("is empty; expected 1 to {MAX_ID_CHARS} characters")]
    Empty,
    /// Longer than allowed.
    #[error("is longer than {MAX_ID_CHARS} characters")]
    TooLong,
    /// `/`, `#` or a control character.
    #[error("holds {0}, which no id may hold")]
    Holds(&'static str),
}

/// Checks an id: 1 to 256 characters, no `/`, no `#`, no control character.
pub fn check_id(id: &str) -> Result<(), IdProblem> {
    let found = |holds| Err(IdProblem::Holds(holds));
    match id {
        "" => Err(IdProblem::Empty),
        _ if id.chars().count() > MAX_ID_CHARS => Err(IdProblem::TooLong),
        _ if id.contains('/') => found("a slash"),
        _ if id.contains('#') => found("a number sign"),
        _ if id.chars().any(char::is_control) => found("a control character"),
        _ => Ok(()),
    }
}

/// What an object given in some place stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A recipient or an actor: a user, or an object when it names a collection.
    Recipient,
    /// A tenant.
    Tenant,
}

impl Party {
    /// Reads a value that names a recipient, actor or tenant.
    pub fn read(text: &str, place: Place) -> Result<Party, BadRecipient> {
        match Kind::of(text) {
            Kind::String => {
                let id = read_id(text, "id")?;
                let key = match place {
                    Place::Recipient => RecipientKey::user(id),
                    Place::Tenant => RecipientKey::tenant(id),
                };
                Ok(Party { key, inline: None, trigger_data: None })
            }
            Kind::Object => Self::read_object(text, place),
            other => Err(BadRecipient::Kind(other.with_article())),
        }
    }

    fn read_object(text: &str, place: Place) -> Result<Party, BadRecipient> {
        let mut members = json::members(text).ok_or(BadRecipient::Kind("not valid JSON"))?;
        let trigger_data = match members.shift_remove("$trigger_data") {
            None => None,
            Some(data) => match Kind::of(data) {
                Kind::Null => None,
                Kind::Object => Some(data.to_owned()),
                other => return Err(BadRecipient::TriggerData(other.with_article())),
            },
        };
        let had_trigger_data = trigger_data.is_some();
        let id = read_id(members.shift_remove("id").ok_or(BadRecipient::NoId)?, "id")?;
        let collection = match place {
            Place::Tenant => None,
            // A null collection is what a mapping gives when its path finds nothing.
            Place::Recipient => members.shift_remove("collection").filter(|value| Kind::of(value) != Kind::Null),
        };
        let key = match (collection, place) {
            (Some(collection), _) => RecipientKey { collection: read_id(collection, "collection")?.into(), id },
            (None, Place::Recipient) => RecipientKey::user(id),
            (None, Place::Tenant) => RecipientKey::tenant(id),
        };
        let is_reference = collection.is_some() && members.is_empty() && !had_trigger_data;
        let inline = (!is_reference).then(|| json::object(members));
        Ok(Party { key, inline, trigger_data })
    }
}

fn read_id(text: &str, field: &'static str) -> Result<String, BadRecipient> {
    match Kind::of(text) {
        Kind::Null if field == "id" => Err(BadRecipient::NoId),
        Kind::String => {
            let id =
                json::string(text).ok_or(BadRecipient::Id { field, problem: IdProblem::Holds("a lone surrogate") })?;
            check_id(&id).map_err(|problem| BadRecipient::Id { field, problem })?;
            Ok(id)
        }
        other => Err(BadRecipient::IdKind { field, found: other.with_article() }),
    }
}

/// Reads what a `recipients` parameter resolved to: one value or an array.
pub fn read_list(text: &str) -> Result<Vec<Party>, ListError> {
    let items = match Kind::of(text) {
        Kind::Array => json::items(text).unwrap_or_default(),
        _ => vec![text],
    };
    if items.len() > MAX_RECIPIENTS {
        return Err(ListError::TooMany(items.len()));
    }
    items
        .into_iter()
        .enumerate()
        .map(|(index, item)| Party::read(item, Place::Recipient).map_err(|problem| ListError::Bad { index, problem }))
        .collect()
}

/// Why a list of recipients is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// More than [`MAX_RECIPIENTS`].
    #[error("{0} recipients; at most {MAX_RECIPIENTS} are allowed in one trigger")]
    TooMany(usize),
    /// One of them cannot be a recipient.
    #[error("recipient {index}: {problem}")]
    Bad {
        /// Its place, from 0.
        index: usize,
        /// What is wrong.
        problem: BadRecipient,
    },
}
