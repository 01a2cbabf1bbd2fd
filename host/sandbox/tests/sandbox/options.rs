//! A plugin's own settings.

use serde_json::{Value, json};

use crate::{SANDBOX, forge::changed};

fn check(schema: Option<Value>, options: &Value) -> String {
    let plugin = SANDBOX
        .load(&changed(|manifest| {
            if let Some(schema) = schema {
                manifest["options"] = schema;
            }
        }))
        .unwrap();
    match plugin.manifest().check_options(options) {
        Ok(filled) => filled.to_string(),
        Err(error) => error.to_string(),
    }
}

fn schema() -> Option<Value> {
    Some(json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "volume": {"type": "integer", "maximum": 11, "default": 5},
            "name": {"type": "string"},
            "inner": {"type": "object", "properties": {"on": {"type": "boolean", "default": true}}},
        },
    }))
}

#[test]
fn defaults_are_filled_in_and_what_is_set_stays() {
    assert_eq!(check(schema(), &json!({})), r#"{"volume":5}"#);
    assert_eq!(check(schema(), &Value::Null), r#"{"volume":5}"#);
    assert_eq!(check(schema(), &json!({"volume": 11, "inner": {}})), r#"{"inner":{"on":true},"volume":11}"#);
}

#[test]
fn what_the_schema_does_not_allow_is_named() {
    insta::assert_snapshot!(check(schema(), &json!({"volume": 12})), @"options.volume: 12 is greater than the maximum of 11");
    insta::assert_snapshot!(check(schema(), &json!({"inner": {"on": "yes"}})), @r#"options.inner.on: expected boolean, found "yes""#);
    insta::assert_snapshot!(check(schema(), &json!({"colour": "red"})), @"options.colour: it is not known");
    insta::assert_snapshot!(check(schema(), &json!([])), @"options: expected an object");
}

#[test]
fn a_plugin_without_a_schema_has_no_settings() {
    assert_eq!(check(None, &json!({})), "{}");
    insta::assert_snapshot!(check(None, &json!({"volume": 1})), @r#"options.volume: the plugin "acme/forged" has no settings of its own"#);
}
