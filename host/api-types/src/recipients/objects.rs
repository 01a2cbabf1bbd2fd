//! Objects of an environment.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, RawJson};

/// An object: anything that is no user and can be a recipient, or have subscribers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CollectionObject {
    /// Always `Object`.
    #[serde(rename = "__typename")]
    pub typename: String,
    /// Id within the collection.
    pub id: String,
    /// Collection.
    pub collection: String,
    /// All properties but `created_at`, `channel_data` and `preferences` included.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    pub properties: RawJson,
    /// Time of creation, if the caller said it.
    #[schema(required, format = DateTime)]
    pub created_at: Option<String>,
    /// Time of the last change.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A collection that has objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Collection {
    /// Name.
    pub collection: String,
}

/// The collections of an environment, by name; the first 1,000.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CollectionList {
    /// The collections.
    pub entries: Vec<Collection>,
    /// True if these are all.
    pub complete: bool,
}

/// A page of objects, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ObjectList {
    /// The objects.
    pub entries: Vec<CollectionObject>,
    /// Cursors of the neighbouring pages.
    pub page_info: PageInfo,
}

/// The properties of an object to merge; custom properties are members too.
///
/// The server reads it as text, so that every digit is kept. It describes the members that have a meaning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[schema(
    description = "The properties of an object to merge; custom properties are members too.",
    example = json!({"name": "Apollo", "owner": "u_42"})
)]
pub struct ObjectRequest {
    /// Human-readable name.
    pub name: Option<String>,
    /// Language.
    pub locale: Option<String>,
    /// Time zone.
    pub timezone: Option<String>,
    /// Time of creation.
    #[schema(format = DateTime)]
    pub created_at: Option<String>,
    /// Addresses of the object by channel, kept and passed on as they are.
    #[schema(value_type = Option<Object>)]
    pub channel_data: Option<RawJson>,
    /// Preference sets by id, kept and passed on as they are.
    #[schema(value_type = Option<Object>)]
    pub preferences: Option<RawJson>,
}
