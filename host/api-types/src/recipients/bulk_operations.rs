//! Bulk operations: up to a thousand users, objects or tenants at once, carried out in the background.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{RawJson, required};

/// A bulk operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkOperation {
    /// Always `BulkOperation`.
    #[serde(rename = "__typename")]
    pub typename: String,
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// Operation that is carried out for each item, for example `users.identify`.
    pub name: String,
    /// `queued`, `processing`, `completed` or `failed`. A completed one may have items that failed.
    pub status: String,
    /// Number of items.
    pub estimated_total_rows: i64,
    /// Number of items that are worked off.
    pub processed_rows: i64,
    /// Number of items that succeeded.
    pub success_count: i64,
    /// Number of items that failed.
    pub error_count: i64,
    /// The items that failed.
    pub error_items: Vec<BulkErrorItem>,
    /// URL of this operation.
    pub progress_path: String,
    /// Time of the first chunk.
    #[schema(required, format = DateTime)]
    pub started_at: Option<String>,
    /// Time of the end.
    #[schema(required, format = DateTime)]
    pub completed_at: Option<String>,
    /// Time at which it was given up.
    #[schema(required, format = DateTime)]
    pub failed_at: Option<String>,
    /// Time of creation.
    #[schema(format = DateTime)]
    pub inserted_at: String,
    /// Time of the last change.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// An item of a bulk operation that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkErrorItem {
    /// Id of the user, object or tenant.
    pub id: String,
    /// Collection of the object; null for a user or a tenant.
    #[schema(required)]
    pub collection: Option<String>,
    /// Reason of the failure.
    pub message: String,
}

/// Users to identify.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"users": [{"id": "u_42", "name": "Ana"}]}))]
pub struct BulkIdentifyUsersRequest {
    /// Users with their `id` and properties, at most 1,000.
    #[serde(deserialize_with = "read_users")]
    #[schema(value_type = Vec<Object>, max_items = 1000)]
    pub users: Vec<RawJson>,
}

fn read_users<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RawJson>, D::Error> {
    required(deserializer, "an array of users")
}

/// Users to delete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"user_ids": ["u_42"]}))]
pub struct BulkDeleteUsersRequest {
    /// Ids of users, at most 1,000.
    #[serde(deserialize_with = "read_user_ids")]
    #[schema(max_items = 1000)]
    pub user_ids: Vec<String>,
}

fn read_user_ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    required(deserializer, "an array of ids")
}

/// Objects to set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"objects": [{"id": "p1", "name": "Apollo"}]}))]
pub struct BulkSetObjectsRequest {
    /// Objects with their `id` and properties, at most 1,000.
    #[serde(deserialize_with = "read_objects")]
    #[schema(value_type = Vec<Object>, max_items = 1000)]
    pub objects: Vec<RawJson>,
}

fn read_objects<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RawJson>, D::Error> {
    required(deserializer, "an array of objects")
}

/// Objects to delete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"object_ids": ["p1"]}))]
pub struct BulkDeleteObjectsRequest {
    /// Ids of objects, at most 1,000.
    #[serde(deserialize_with = "read_object_ids")]
    #[schema(max_items = 1000)]
    pub object_ids: Vec<String>,
}

fn read_object_ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    required(deserializer, "an array of ids")
}

/// Tenants to set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"tenants": ["acme", {"id": "initech", "name": "Initech"}]}))]
pub struct BulkSetTenantsRequest {
    /// Ids, or tenants with their `id` and properties, at most 1,000.
    #[serde(deserialize_with = "read_tenants")]
    #[schema(value_type = Vec<Value>, max_items = 1000)]
    pub tenants: Vec<RawJson>,
}

fn read_tenants<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RawJson>, D::Error> {
    required(deserializer, "an array of tenants")
}
