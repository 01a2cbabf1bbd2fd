//! The change log: who changed what through the management API. Each entry is written in the transaction of its change.

use uuid::Uuid;

use super::{page::Cursor, uuid_time};

/// The author of a change.
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
    /// The name of the server itself while it creates its example sources.
    pub const DEMO: &str = "demo";

    /// Returns an author without a token of the store.
    pub fn named(name: &str) -> Self {
        Self { token_id: None, name: name.to_owned() }
    }
}

/// A change to log. Neither `before` nor `after` may hold a secret or a token: say `"set"` or `"changed"` instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// The author.
    pub author: Author,
    /// The operation of the API, for example `upsertSource`.
    pub operation: &'static str,
    /// The changed resource as its path under `/v1`, for example `sources/segment`. `{id}` stands for the id of the
    /// resource that the change creates.
    pub resource: String,
    /// The environment; none if the change concerns all environments or none.
    pub environment_id: Option<i64>,
    /// The values before the change, a JSON object; none for a creation. [`inlet_core::json::difference`] leaves out
    /// unchanged values.
    pub before: Option<String>,
    /// The values after the change, a JSON object; none for a deletion.
    pub after: Option<String>,
}

impl NewChange {
    /// Returns the change with the id of the created resource.
    pub(crate) fn with_id(&self, id: impl std::fmt::Display) -> Self {
        Self { resource: self.resource.replace("{id}", &id.to_string()), ..self.clone() }
    }
}

/// A logged change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRecord {
    /// UUIDv7.
    pub id: Uuid,
    /// The author.
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
    /// Returns the time of the change, in milliseconds since 1970: the time in its id.
    pub fn at_ms(&self) -> i64 {
        uuid_time::time_of(self.id)
    }
}

/// Selects changes.
#[derive(Debug, Clone)]
pub struct ChangeQuery {
    /// Changes of these environments only; none: every change, those without an environment included.
    pub environment_ids: Option<Vec<i64>>,
    /// Changes of this resource only.
    pub resource: Option<String>,
    /// Changes by this operation only.
    pub operation: Option<String>,
    /// Changes by the author of this name only.
    pub author: Option<String>,
    /// The start of the page.
    pub cursor: Cursor<Uuid>,
    /// Entries of a page.
    pub limit: usize,
}
