//! Responses about tenants.

use inlet_api_types::recipients::tenants::Tenant;
use inlet_core::{json::Kind, time};
use inlet_store::RecipientRecord;

use crate::{
    recipients::response::{own_properties, rest, take_text},
    stored_json::stored_json,
};

/// The response for a tenant of the store.
pub fn tenant(record: &RecipientRecord) -> Tenant {
    let mut properties = own_properties(record);
    let name = take_text(&mut properties, "name");
    let settings = properties.shift_remove("settings").filter(|settings| Kind::of(settings) == Kind::Object);
    Tenant {
        typename: "Tenant".to_owned(),
        id: record.id.clone(),
        name,
        settings: settings.map(stored_json),
        updated_at: time::write_ms(record.updated_at_ms),
        properties: rest(properties),
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
