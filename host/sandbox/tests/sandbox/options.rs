//! The option schema of a plugin, and settings checked against it.

use std::sync::LazyLock;

use inlet_sandbox::{Limits, Plugin};
use serde_json::{Map, Value, json};

use crate::{SANDBOX, bundled, forge::changed};

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
fn missing_settings_get_defaults_and_others_stay() {
    assert_eq!(check(schema(), &json!({})), r#"{"volume":5}"#);
    assert_eq!(check(schema(), &Value::Null), r#"{"volume":5}"#);
    assert_eq!(check(schema(), &json!({"volume": 11, "inner": {}})), r#"{"inner":{"on":true},"volume":11}"#);
}

#[test]
fn the_error_names_the_invalid_setting() {
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

fn refused(schema: Value) -> String {
    SANDBOX.load(&changed(|manifest| manifest["options"] = schema)).expect_err("it should be refused").to_string()
}

/// Returns a schema with a chain of `length` references that ends at a number.
fn chain(length: usize, link: impl Fn(Value) -> Value) -> Value {
    let mut schemas: Map<String, Value> =
        (0..length).map(|nth| (nth.to_string(), link(json!({"$ref": format!("#/$defs/{}", nth + 1)})))).collect();
    schemas.insert(length.to_string(), json!({"type": "integer"}));
    json!({"properties": {"volume": {"$ref": "#/$defs/0"}}, "$defs": schemas})
}

/// Twenty thousand references overflow a thread's stack when settings are validated.
#[test]
fn a_long_chain_of_references_is_refused() {
    insta::assert_snapshot!(refused(chain(20_000, |to| to)), @"the manifest's options are refused: they have 637867 bytes, and 64 KiB are allowed; write the settings out, simpler, in [options] of its plugin.toml");
    insta::assert_snapshot!(refused(chain(1500, |to| to)), @"the manifest's options are refused: their schemas lie in one another, or refer to one another, more than 64 deep; write the settings out, simpler, in [options] of its plugin.toml");
    insta::assert_snapshot!(refused(chain(100, |to| to)), @"the manifest's options are refused: their schemas lie in one another, or refer to one another, more than 64 deep; write the settings out, simpler, in [options] of its plugin.toml");
    let nested = (0..70).fold(json!({}), |inner, _| json!({"items": inner}));
    insta::assert_snapshot!(refused(json!({"properties": {"a": nested}})), @"the manifest's options are refused: their schemas lie in one another, or refer to one another, more than 64 deep; write the settings out, simpler, in [options] of its plugin.toml");
}

/// The longest accepted chains, on a stack of the size of the server's threads.
#[test]
fn a_shorter_chain_is_followed() {
    let schema = Some(chain(60, |to| to));
    assert_eq!(check(schema.clone(), &json!({"volume": 1})), r#"{"volume":1}"#);
    insta::assert_snapshot!(check(schema, &json!({"volume": "a"})), @r#"options.volume: expected integer, found "a""#);
    let schema = Some(chain(30, |to| json!({"allOf": [to], "unevaluatedProperties": false})));
    assert_eq!(check(schema, &json!({"volume": 1})), r#"{"volume":1}"#);
}

/// Each schema refers to the next one twice.
#[test]
fn references_that_multiply_are_refused() {
    insta::assert_snapshot!(refused(chain(30, |to| json!({"allOf": [to, to]}))), @"the manifest's options are refused: their references multiply to more than 10000 schemas; write the settings out, simpler, in [options] of its plugin.toml");
}

#[test]
fn references_without_end_are_refused() {
    insta::assert_snapshot!(refused(json!({"$ref": "#"})), @r##"the manifest's options are refused: they refer to "#" from inside it, and so have no end; write the settings out, simpler, in [options] of its plugin.toml"##);
    insta::assert_snapshot!(refused(json!({"properties": {"a": {"allOf": [{"$dynamicRef": "#"}]}}})), @r##"the manifest's options are refused: they refer to "#" from inside it, and so have no end; write the settings out, simpler, in [options] of its plugin.toml"##);
    let defs = json!({"a": {"properties": {"x": {"$ref": "#/$defs/b"}}}, "b": {"items": {"$ref": "#/$defs/a"}}});
    insta::assert_snapshot!(refused(json!({"$defs": defs})), @r##"the manifest's options are refused: they refer to "#/$defs/a" from inside it, and so have no end; write the settings out, simpler, in [options] of its plugin.toml"##);
}

#[test]
fn references_that_cannot_be_followed_are_refused() {
    let refers =
        |to: &str| refused(json!({"properties": {"a": {"$ref": to}}, "$defs": {"b": {"$anchor": "b"}, "c d": {}}}));
    insta::assert_snapshot!(["#b", "#/$defs/x", "#/$defs/c%20d"].map(refers).join("\n"), @r##"
    the manifest's options are refused: they refer to "#b", which leads nowhere; expected a path like #/$defs/name; write the settings out, simpler, in [options] of its plugin.toml
    the manifest's options are refused: they refer to "#/$defs/x", which leads nowhere; expected a path like #/$defs/name; write the settings out, simpler, in [options] of its plugin.toml
    the manifest's options are refused: they refer to "#/$defs/c%20d", which leads nowhere; expected a path like #/$defs/name; write the settings out, simpler, in [options] of its plugin.toml
    "##);
    let own = json!({"$defs": {"a": {"$id": "https://acme.invalid/a", "type": "integer"}}});
    insta::assert_snapshot!(refused(own), @r#"the manifest's options are refused: a schema inside them has the $id "https://acme.invalid/a"; only the whole may have one; write the settings out, simpler, in [options] of its plugin.toml"#);
    let own = json!({"$schema": "http://json-schema.org/draft-04/schema#", "definitions": {"a": {"id": "https://acme.invalid/a"}}});
    insta::assert_snapshot!(refused(own), @r#"the manifest's options are refused: a schema inside them has the $id "https://acme.invalid/a"; only the whole may have one; write the settings out, simpler, in [options] of its plugin.toml"#);
}

/// Values are not schemas, and a setting can have any name.
#[test]
fn names_and_values_are_not_taken_for_references() {
    let schema = json!({
        "$id": "https://acme.invalid/options",
        "properties": {
            "$ref": {"type": "string", "default": "a"},
            "$id": {"const": {"$ref": "https://acme.invalid/b"}},
            "escaped": {"$ref": "#/$defs/a~1b"},
        },
        "$defs": {"a/b": {"enum": [{"$id": "c"}]}},
    });
    assert_eq!(check(Some(schema), &json!({})), r#"{"$ref":"a"}"#);
}

#[test]
fn a_large_schema_is_refused() {
    insta::assert_snapshot!(refused(json!({"description": "a".repeat(64 << 10)})), @"the manifest's options are refused: they have 65554 bytes, and 64 KiB are allowed; write the settings out, simpler, in [options] of its plugin.toml");
}

/// Loaded once, because it is large.
static SCRIPT: LazyLock<Plugin> = LazyLock::new(|| SANDBOX.load(&bundled("script")).unwrap());

/// Returns what the plugin `script` says about its option.
async fn check_script(script: &str) -> String {
    match SCRIPT.check_options(&json!({ "script": script }), &Limits::default()).await {
        Ok(()) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_plugin_checks_its_own_options() {
    assert_eq!(check_script("const main = () => null;").await, "accepted");
    insta::assert_snapshot!(check_script("function main() {\n  return 1 +;\n}").await, @"options.script: The script has an error at 2:13: SyntaxError: unexpected token ';', primary expression.");
    let loops = check_script("for (;;) {}").await;
    assert!(loops.starts_with("options: the plugin ran longer than"), "{loops}");
    let deep = check_script(&format!("{}1{}", "(".repeat(20_000), ")".repeat(20_000))).await;
    assert!(deep.starts_with("options: the plugin crashed: ") && deep.contains("recursion that is too deep"), "{deep}");
    // Another plugin is not asked.
    let http = SANDBOX.load(&bundled("http")).unwrap();
    assert!(http.check_options(&json!({}), &Limits::default()).await.is_ok());
}
