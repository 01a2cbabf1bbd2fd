//! Responses about objects.

use inlet_api_types::recipients::objects::CollectionObject;
use inlet_core::{json, time};
use inlet_store::RecipientRecord;

use crate::stored_json::stored_json;

/// The response for an object of the store.
pub fn object(record: &RecipientRecord) -> CollectionObject {
    let mut properties = json::members(&record.properties).unwrap_or_default();
    let created_at = time::read(properties.shift_remove("created_at")).map(time::write);
    CollectionObject {
        typename: "Object".to_owned(),
        id: record.id.clone(),
        collection: record.collection.clone(),
        properties: stored_json(json::object(properties)),
        created_at,
        updated_at: time::write_ms(record.updated_at_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_as_it_is_shown() {
        let record = RecipientRecord {
            seq: 1,
            collection: "projects".to_owned(),
            id: "p1".to_owned(),
            properties: r#"{"name":"Apollo","created_at":1767323045,"n":1.10,"id":"x"}"#.to_owned(),
            created_at_ms: 0,
            updated_at_ms: 1_767_323_045_678,
        };
        insta::assert_snapshot!(serde_json::to_string(&object(&record)).unwrap(), @r#"{"__typename":"Object","id":"p1","collection":"projects","properties":{"name":"Apollo","n":1.10,"id":"x"},"created_at":"2026-01-02T03:04:05.000Z","updated_at":"2026-01-02T03:04:05.678Z"}"#);
    }
}
