//! Responses about tenants.

use inlet_api_types::tenants::Tenant;
use inlet_core::{
    json::{self, Kind},
    time,
};
use inlet_store::RecipientRecord;

use crate::{stored_json::stored_json, users::response::take_text};

/// Names that the response uses for members of its own. Properties with these names are left out.
const RESERVED: [&str; 3] = ["__typename", "id", "updated_at"];

/// The response for a tenant of the store.
pub fn tenant(record: &RecipientRecord) -> Tenant {
    let mut properties = json::members(&record.properties).unwrap_or_default();
    properties.retain(|name, _| !RESERVED.contains(&name.as_ref()));
    let name = take_text(&mut properties, "name");
    let settings = properties.shift_remove("settings").filter(|settings| Kind::of(settings) == Kind::Object);
    Tenant {
        typename: "Tenant".to_owned(),
        id: record.id.clone(),
        name,
        settings: settings.map(stored_json),
        updated_at: time::write_ms(record.updated_at_ms),
        properties: properties.into_iter().map(|(name, value)| (name.into_owned(), stored_json(value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_as_it_is_shown() {
        let shown = |properties: &str| {
            let record = RecipientRecord {
                seq: 1,
                collection: "$tenants".to_owned(),
                id: "acme".to_owned(),
                properties: properties.to_owned(),
                created_at_ms: 0,
                updated_at_ms: 1_767_323_045_678,
            };
            serde_json::to_string(&tenant(&record)).unwrap()
        };
        insta::assert_snapshot!(shown("{}"), @r#"{"__typename":"Tenant","id":"acme","name":null,"settings":null,"updated_at":"2026-01-02T03:04:05.678Z"}"#);
        insta::assert_snapshot!(shown(r#"{"id":"x","name":"Acme","settings":{"branding":{"primary_color":"3"}},"n":1.10}"#), @r##"{"__typename":"Tenant","id":"acme","name":"Acme","settings":{"branding":{"primary_color":"3"}},"updated_at":"2026-01-02T03:04:05.678Z","n":1.10}"##);
    }
}
