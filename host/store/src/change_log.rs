//! The log of changes: who changed what through the management API, written in the transaction of the change itself.

use uuid::Uuid;

use crate::page::Cursor;

/// Who makes a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The management token's database id; none for the bootstrap token and for the server itself.
    pub token_id: Option<i64>,
    /// The token's name, `bootstrap` or `demo`.
    pub name: String,
}

impl Author {
    /// The name of the bearer of the token that the server was started with.
    pub const BOOTSTRAP: &str = "bootstrap";
    /// The name of the server itself while it sets its examples up.
    pub const DEMO: &str = "demo";

    /// An author without a token of the store.
    pub fn named(name: &str) -> Self {
        Self { token_id: None, name: name.to_owned() }
    }
}

/// A change to log. Neither `before` nor `after` may hold a secret or a token: say `"set"` or `"changed"` instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// Who makes it.
    pub author: Author,
    /// The operation of the API, for example `upsertSource`.
    pub operation: &'static str,
    /// What is changed, as its path under `/v1`, for example `sources/segment`. `{id}` stands for the id of what the
    /// change creates.
    pub resource: String,
    /// Where; none when it is about all environments or about none.
    pub environment_id: Option<i64>,
    /// What was, a JSON object; none when it is created. [`inlet_core::json::difference`] leaves what stays out.
    pub before: Option<String>,
    /// What is, a JSON object; none when it is deleted.
    pub after: Option<String>,
}

impl NewChange {
    /// With the id of what was created.
    pub(crate) fn with_id(&self, id: i64) -> Self {
        Self { resource: self.resource.replace("{id}", &id.to_string()), ..self.clone() }
    }
}

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRecord {
    /// UUIDv7: when.
    pub id: Uuid,
    /// Who made it.
    pub author: Author,
    /// See [`NewChange::operation`].
    pub operation: String,
    /// See [`NewChange::resource`].
    pub resource: String,
    /// See [`NewChange::environment_id`].
    pub environment_id: Option<i64>,
    /// See [`NewChange::before`].
    pub before: Option<String>,
    /// See [`NewChange::after`].
    pub after: Option<String>,
}

impl ChangeRecord {
    /// When it was made, in milliseconds since 1970: the time in its id.
    pub fn at_ms(&self) -> i64 {
        crate::sqlite::ids::time_of(self.id)
    }
}

/// Which changes.
#[derive(Debug, Clone)]
pub struct ChangeQuery {
    /// Of these environments only; none: of all, and those of no environment too.
    pub environment_ids: Option<Vec<i64>>,
    /// Of this resource only.
    pub resource: Option<String>,
    /// Where the page begins.
    pub cursor: Cursor<Uuid>,
    /// Entries of a page.
    pub limit: usize,
}
