//! Bulk operations of the recipients API.

use uuid::Uuid;

/// A bulk operation to create.
#[derive(Debug, Clone)]
pub struct NewBulkOperation {
    /// The environment's database id.
    pub environment_id: i64,
    /// UUIDv7, from the store's clock.
    pub id: Uuid,
    /// The operation that is carried out for each item, for example `users.identify`.
    pub operation: String,
    /// The collection of objects.
    pub collection: Option<String>,
    /// A JSON array of `{id, body, error}`.
    pub items: String,
    /// The number of items.
    pub total: i64,
}

/// A bulk operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkOperationRecord {
    /// The environment's database id.
    pub environment_id: i64,
    /// UUIDv7.
    pub id: Uuid,
    /// The operation that is carried out for each item.
    pub operation: String,
    /// The collection of objects.
    pub collection: Option<String>,
    /// The number of items.
    pub total: i64,
    /// The number of items that are worked off.
    pub processed: i64,
    /// The number of items that succeeded.
    pub succeeded: i64,
    /// A JSON array of `{id, collection, message}`: the items that failed.
    pub errors: String,
    /// Time of creation, in milliseconds since 1970.
    pub inserted_at_ms: i64,
    /// Time of the last change, in milliseconds since 1970.
    pub updated_at_ms: i64,
    /// Time of the first chunk, in milliseconds since 1970.
    pub started_at_ms: Option<i64>,
    /// Time of the end, in milliseconds since 1970.
    pub completed_at_ms: Option<i64>,
    /// Time at which it was given up, in milliseconds since 1970.
    pub failed_at_ms: Option<i64>,
}

/// One chunk of a bulk operation, committed with its items.
#[derive(Debug)]
pub struct BulkProgress {
    /// The environment's database id.
    pub environment_id: i64,
    /// The bulk operation.
    pub id: Uuid,
    /// The number of items that must be worked off before the chunk.
    pub from: i64,
    /// The id of each item of the chunk.
    pub item_ids: Vec<String>,
    /// The collection of objects.
    pub collection: Option<String>,
    /// The hashes of the users that are carried out. The chunk is not committed if one of them was asked to be forgotten since
    /// the bulk operation was created.
    pub user_hashes: Vec<[u8; 16]>,
}
