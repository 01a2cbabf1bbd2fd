//! Tenants of an environment.

use indexmap::IndexMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{PageInfo, RawJson};

/// A tenant; custom properties are members too.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(description = "A tenant; custom properties are members too.")]
pub struct Tenant {
    /// Always `Tenant`.
    #[serde(rename = "__typename")]
    pub typename: String,
    /// Id.
    pub id: String,
    /// Human-readable name.
    #[schema(required, value_type = Option<String>)]
    pub name: Option<RawJson>,
    /// Settings, such as the branding, as they were given.
    #[schema(required, value_type = Option<std::collections::BTreeMap<String, Value>>)]
    pub settings: Option<RawJson>,
    /// Time of the last change.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Custom properties, in the order in which they were stored.
    #[serde(flatten)]
    #[schema(ignore)]
    pub properties: IndexMap<String, RawJson>,
}

/// A page of tenants, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TenantList {
    /// The tenants.
    pub entries: Vec<Tenant>,
    /// Cursors of the neighbouring pages.
    pub page_info: PageInfo,
}

/// The properties of a tenant to merge; custom properties are members too.
///
/// The server reads it as text, so that every digit is kept. It describes the members that have a meaning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[schema(
    description = "The properties of a tenant to merge; custom properties are members too.",
    example = json!({"name": "Acme", "settings": {"branding": {"primary_color": "#33f"}}})
)]
pub struct TenantRequest {
    /// Human-readable name.
    pub name: Option<String>,
    /// Settings, such as the branding, kept and passed on as they are.
    #[schema(value_type = Option<Object>)]
    pub settings: Option<RawJson>,
    /// Addresses of the tenant by channel, kept and passed on as they are.
    #[schema(value_type = Option<Object>)]
    pub channel_data: Option<RawJson>,
    /// Preference sets by id, kept and passed on as they are.
    #[schema(value_type = Option<Object>)]
    pub preferences: Option<RawJson>,
}
