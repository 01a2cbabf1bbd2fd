//! Accepting a bulk operation.
//!
//! A body that is no list of items with ids is refused as a whole. An item that cannot be carried out fails alone, when its
//! turn comes.

use axum::response::Response;
use inlet_api_types::RawJson;
use inlet_core::json::{self, Kind as JsonKind};
use inlet_engine::{
    Engine,
    recipients::{
        OperationType,
        bulk::{self, BulkItem, MAX_ITEMS},
    },
};
use inlet_store::ReadMemory as _;

use super::get::answer_with;
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentKey,
    error::{ApiError, Kind},
    recipients::ids,
};

/// A bulk operation to accept.
pub struct NewBulkOperation<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// The key of the call.
    pub key: &'a EnvironmentKey,
    /// The operation of every item.
    pub operation: OperationType,
    /// The collection of objects.
    pub collection: Option<&'a str>,
    /// The member of the request that holds the items.
    pub field: &'a str,
}

impl NewBulkOperation<'_> {
    /// Reads the items, accepts the operation and answers with it. `read` gets an item and its place in the body.
    pub async fn accept(
        self,
        values: &[RawJson],
        read: impl Fn(&str, &RawJson) -> Result<BulkItem, ApiError>,
    ) -> Result<Response, ApiError> {
        check_length(self.field, values.len())?;
        let items = values.iter().enumerate().map(|(index, value)| read(&format!("{}[{index}]", self.field), value));
        let items = items.collect::<Result<_, _>>()?;
        self.store(items).await
    }

    /// Accepts the operation for recipients with these ids, and answers with it.
    pub async fn accept_ids(self, ids: Vec<String>) -> Result<Response, ApiError> {
        check_length(self.field, ids.len())?;
        let items = ids.into_iter().enumerate().map(|(index, id)| id_only(&format!("{}[{index}]", self.field), id));
        let items = items.collect::<Result<_, _>>()?;
        self.store(items).await
    }

    async fn store(self, items: Vec<BulkItem>) -> Result<Response, ApiError> {
        let Self { engine, key, operation, collection, .. } = self;
        let memory = AnswerMemory::new(engine);
        if !memory.reserve(items.iter().map(|item| item.body.len() as u64).sum()) {
            return Err(AnswerMemory::exhausted());
        }
        let accepted = bulk::accept(engine, key.environment_id, operation, collection, &items).await?;
        drop((items, memory));
        let Some(id) = accepted else {
            let message = "too many bulk operations of this environment wait to be worked off: at most 1,000, with 256 MiB of \
                       items in all, are kept; try again later";
            return Err(ApiError::new(Kind::Unavailable, message));
        };
        answer_with(engine, key, id).await
    }
}

/// Checks the number of items before they are read.
fn check_length(field: &str, length: usize) -> Result<(), ApiError> {
    match length {
        0 => Err(ApiError::invalid(field, "it is empty; expected at least one item")),
        1..=MAX_ITEMS => Ok(()),
        found => {
            let message =
                format!("{found} items; at most {MAX_ITEMS} are allowed in one bulk operation: send them in several");
            Err(ApiError::invalid(field, message))
        }
    }
}

/// Reads an item with an id and properties. `check` checks the properties.
pub fn item(
    at: &str,
    value: &RawJson,
    check: impl Fn(&str, &str) -> Result<(), ApiError>,
) -> Result<BulkItem, ApiError> {
    let text = value.as_text();
    let mut members = json::members(text).ok_or_else(|| {
        let found = JsonKind::of(text).with_article();
        ApiError::invalid(at, format!("it is {found}; expected an object with an id"))
    })?;
    let id = members.shift_remove("id").filter(|id| JsonKind::of(id) != JsonKind::Null);
    let id = id.ok_or_else(|| ApiError::invalid(format!("{at}.id"), "it is missing; expected a string"))?;
    let id = json::string(id).ok_or_else(|| {
        let found = JsonKind::of(id).with_article();
        ApiError::invalid(format!("{at}.id"), format!("it is {found}; expected a string"))
    })?;
    ids::checked(&format!("{at}.id"), &id)?;
    let body = json::object(members);
    let error = check("", &body).err().map(|error| error.to_sentence());
    Ok(BulkItem { id, body, error })
}

/// Returns an item that is only an id. `at` is its place in the request.
pub fn id_only(at: &str, id: String) -> Result<BulkItem, ApiError> {
    ids::checked(at, &id)?;
    Ok(BulkItem { id, body: "{}".to_owned(), error: None })
}
