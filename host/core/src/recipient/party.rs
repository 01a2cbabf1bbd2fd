//! Parties: recipients, actors and tenants as an event names them.

use super::{IdProblem, RecipientKey, USERS, check_id};
use crate::{
    json::{self, Kind},
    user,
};

/// The largest number of recipients of one run, and of a trigger that is not split, before duplicates are removed.
pub const MAX_RECIPIENTS: usize = 1000;

/// A recipient, actor or tenant that an event names, by reference or inline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The key.
    pub key: RecipientKey,
    /// The properties to upsert, a JSON object; none for a reference.
    pub inline: Option<String>,
    /// The data merged over the run's data for this recipient, a JSON object.
    pub trigger_data: Option<String>,
    /// Warnings about properties that were left out.
    pub warnings: Vec<String>,
}

/// The reason why a value is not a recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRecipient {
    /// Neither a string nor an object.
    #[error("it is {0}; expected a user id string or an object with an id")]
    Kind(&'static str),
    /// A number. The path `user_id` reads one as its text, other paths give it as it is.
    #[error(
        "it is a number; expected a user id string or an object with an id; the path `user_id` gives the event's user id as \
         a string, and other ids must be sent as strings"
    )]
    Number,
    /// An object without an id.
    #[error("it has no id; expected an object with a string id")]
    NoId,
    /// Its id or collection has another type.
    #[error("its {field} is {found}; expected a string")]
    IdKind {
        /// `id` or `collection`.
        field: &'static str,
        /// The type that was found.
        found: &'static str,
    },
    /// Its id or collection is a string that breaks the rules for ids.
    #[error("its {field} {problem}")]
    Id {
        /// `id` or `collection`.
        field: &'static str,
        /// The broken rule.
        problem: IdProblem,
    },
    /// An object where a user is expected.
    #[error("it names an object of a collection; expected a user id or an object with a user's id")]
    NoUser,
    /// `$trigger_data` is not an object.
    #[error("its $trigger_data is {0}; expected an object")]
    TriggerData(&'static str),
}

/// The role in which an event names a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartyRole {
    /// A recipient or an actor: a user, or an object when it names a collection.
    Recipient,
    /// A tenant of a run.
    Tenant,
}

impl Party {
    /// Reads a value that names a recipient, actor or tenant: a string, or `{collection, id}` alone, is a reference; any
    /// other object with an `id` is inline.
    pub fn read(text: &str, role: PartyRole) -> Result<Party, BadRecipient> {
        match Kind::of(text) {
            Kind::String => {
                let id = read_id(text, "id")?;
                let key = match role {
                    PartyRole::Recipient => RecipientKey::user(id),
                    PartyRole::Tenant => RecipientKey::tenant(id),
                };
                Ok(Party { key, inline: None, trigger_data: None, warnings: Vec::new() })
            }
            Kind::Object => Self::read_object(text, role),
            Kind::Number => Err(BadRecipient::Number),
            other => Err(BadRecipient::Kind(other.with_article())),
        }
    }

    fn read_object(text: &str, role: PartyRole) -> Result<Party, BadRecipient> {
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
        let collection = match role {
            PartyRole::Tenant => None,
            // A mapping whose path finds nothing gives a null collection.
            PartyRole::Recipient => members.shift_remove("collection").filter(|value| Kind::of(value) != Kind::Null),
        };
        let key = match (collection, role) {
            (Some(collection), _) => RecipientKey { collection: read_id(collection, "collection")?.into(), id },
            (None, PartyRole::Recipient) => RecipientKey::user(id),
            (None, PartyRole::Tenant) => RecipientKey::tenant(id),
        };
        let is_reference = collection.is_some() && members.is_empty() && !had_trigger_data;
        let warnings = if key.collection == USERS { user::check_inline(&mut members) } else { Vec::new() };
        let inline = (!is_reference).then(|| json::object(members));
        Ok(Party { key, inline, trigger_data, warnings })
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

/// Reads a resolved `recipients` parameter: one value or an array of at most `max`.
pub fn read_list(text: &str, max: usize) -> Result<Vec<Party>, ListError> {
    read_items(text, max, |item| Party::read(item, PartyRole::Recipient))
}

/// Reads at most [`MAX_RECIPIENTS`] users: one value or an array. A number is an id as its decimal text.
pub fn read_users(text: &str) -> Result<Vec<Party>, ListError> {
    read_items(text, MAX_RECIPIENTS, |item| match Kind::of(item) {
        Kind::Number => Party::read(&json::quote(&json::decimal(item)), PartyRole::Recipient),
        _ => Party::read(item, PartyRole::Recipient).and_then(|party| match &*party.key.collection {
            USERS => Ok(party),
            _ => Err(BadRecipient::NoUser),
        }),
    })
}

fn read_items(
    text: &str,
    max: usize,
    read: impl Fn(&str) -> Result<Party, BadRecipient>,
) -> Result<Vec<Party>, ListError> {
    let items = match Kind::of(text) {
        Kind::Array => json::items(text).unwrap_or_default(),
        _ => vec![text],
    };
    if items.len() > max {
        return Err(ListError::TooMany { found: items.len(), max });
    }
    items
        .into_iter()
        .enumerate()
        .map(|(index, item)| read(item).map_err(|problem| ListError::Bad { index, problem }))
        .collect()
}

/// A refusal of a list of recipients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// More than allowed.
    #[error("{found} recipients; at most {max} are allowed in one trigger")]
    TooMany {
        /// The number that was found.
        found: usize,
        /// The number that is allowed.
        max: usize,
    },
    /// One of them cannot be a recipient.
    #[error("recipient {index}: {problem}")]
    Bad {
        /// Its index, from 0.
        index: usize,
        /// The problem.
        problem: BadRecipient,
    },
}
