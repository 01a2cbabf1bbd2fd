//! Tenants of an environment.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};
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

impl<'de> Deserialize<'de> for Tenant {
    /// Reads all members as text first: `#[serde(flatten)]` would lose digits.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = IndexMap::<String, RawJson>::deserialize(deserializer)?;
        let mut take = |name: &str| members.shift_remove(name).filter(|value| value.as_text() != "null");
        let text = |value: Option<RawJson>, member| {
            value.and_then(|value| value.to_str()).ok_or_else(|| serde::de::Error::missing_field(member))
        };
        Ok(Self {
            typename: text(take("__typename"), "__typename")?,
            id: text(take("id"), "id")?,
            name: take("name"),
            settings: take("settings"),
            updated_at: text(take("updated_at"), "updated_at")?,
            properties: members,
        })
    }
}

/// A page of tenants, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_keeps_digits_and_order() {
        let text = r#"{"__typename":"Tenant","id":"acme","name":"Acme","settings":null,"updated_at":"2026-01-02T03:04:05.678Z","z":1.10,"a":9007199254740993}"#;
        let tenant: Tenant = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&tenant).unwrap(), text);
    }
}
