//! Plugins without code: the rules of a `plugin.toml`, in a section behind the declarative component.

use anyhow::{Context as _, Result, bail, ensure};
use inlet_rules::{
    Program, WrittenRules, compile, decompile, read,
    section::{CAPACITY, INTERFACE, SECTION},
};
use serde_json::Value;
use wasmparser::{Parser, Payload};

use crate::append_section;

/// Checks rules against themselves and the rest of the manifest. The error names every wrong member.
pub(crate) fn checked(rules: &Value, manifest: &Value) -> Result<WrittenRules> {
    let checked = read(rules).and_then(|rules| {
        let faults: Vec<String> = [("header", "headers", rules.headers()), ("query", "query", rules.query())]
            .into_iter()
            .flat_map(|(kind, member, names)| unlisted(kind, member, &names, manifest))
            .chain(unknown_options(&rules, manifest))
            .collect();
        if faults.is_empty() { Ok(rules) } else { Err(faults) }
    });
    checked.or_else(|faults| bail!("plugin.toml has wrong rules:\n  {}", faults.join("\n  ")))
}

/// Returns a sentence for each header or query parameter that the rules read and the manifest does not list. The plugin
/// would never get it.
fn unlisted(kind: &str, member: &str, names: &[&str], manifest: &Value) -> Vec<String> {
    let listed: Vec<&str> =
        manifest.get(member).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let is_unlisted = |name: &&&str| !listed.contains(*name) && listed != ["*"];
    let sentence = |name: &&str| {
        format!(
            "rules: they read {kind}:{name}, which no request brings them; add {name:?} to `{member}`, above [rules]"
        )
    };
    names.iter().filter(is_unlisted).map(sentence).collect()
}

/// Returns a sentence for each option that the rules read and the manifest does not have as a text.
fn unknown_options(rules: &WrittenRules, manifest: &Value) -> Vec<String> {
    let is_text = |name: &String| {
        let option = manifest.get("options").and_then(|options| options.get("properties")?.get(name));
        option.is_some_and(|option| option.get("type").is_some_and(|kind| kind == "string"))
    };
    let sentence = |name: String| {
        format!("rules: they read the option <{name}>, which [options] does not have as a property of type \"string\"")
    };
    rules.options().into_iter().filter(|name| !is_text(name)).map(sentence).collect()
}

/// Writes rules behind a copy of the declarative component, and checks that they can be read again.
pub(crate) fn write(component: &[u8], rules: &WrittenRules) -> Result<Vec<u8>> {
    ensure!(
        asks_for_rules(component)?,
        "the component does not import {INTERFACE:?}; use the declarative component as Inlet builds it"
    );
    let compiled = compile(rules)?;
    ensure!(
        compiled.len() <= CAPACITY,
        "the rules take {} bytes; at most {CAPACITY} can be used: shorten messages, or leave out rules of rare events",
        compiled.len()
    );
    let written = Program::decode(&compiled).map(|program| decompile(&program));
    ensure!(written.as_ref() == Some(rules), "the compiled rules are not those of plugin.toml");
    let mut component = component.to_vec();
    append_section(&mut component, SECTION, &compiled);
    Ok(component)
}

/// Returns true if a component asks the host for rules.
fn asks_for_rules(component: &[u8]) -> Result<bool> {
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ComponentImportSection(imports) = payload.context("the declarative component is damaged")? {
            for import in imports {
                if import?.name.name == INTERFACE {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use crate::{manifest_from_toml, pack, pack_rules};

    /// The least component that asks for rules: it imports an empty instance of that name.
    fn asking() -> Vec<u8> {
        let mut component = wasm_encoder::Component::new();
        let mut types = wasm_encoder::ComponentTypeSection::new();
        types.instance(&wasm_encoder::InstanceType::new());
        component.section(&types);
        let mut imports = wasm_encoder::ComponentImportSection::new();
        imports.import(super::INTERFACE, wasm_encoder::ComponentTypeRef::Instance(0));
        component.section(&imports);
        component.finish()
    }

    const LEAST: &str = r#"
        manifest = 2
        key = "acme/orders"
        name = "Acme Orders"
        version = "1.0.0"
        contract = "0.2.0"
        description = "Orders."
        categories = ["Ecommerce"]
        links = { website = "https://acme.example", docs = "https://acme.example/docs" }
    "#;

    fn error(toml: &str) -> String {
        manifest_from_toml(&format!("{LEAST}{toml}")).unwrap_err().to_string()
    }

    #[test]
    fn wrong_rules_are_named_with_their_members() {
        insta::assert_snapshot!(error("[rules]\nevent_type = \"header:x-topic\"\nuserid = \"/user\""), @r#"
        plugin.toml has wrong rules:
          rules.userid: there is no such member; expected one of array, batch, ignore, reject, events, event_type, user_id, key, time, data, tenant, anonymous_id, group_id
        "#);
        insta::assert_snapshot!(error("[rules]\nevent_type = [\"header:x-topic\", \"query:type\"]"), @r#"
        plugin.toml has wrong rules:
          rules: they read header:x-topic, which no request brings them; add "x-topic" to `headers`, above [rules]
          rules: they read query:type, which no request brings them; add "type" to `query`, above [rules]
        "#);
        let listed =
            "headers = [\"x-topic\"]\nquery = [\"*\"]\n[rules]\nevent_type = [\"header:x-topic\", \"query:type\"]";
        assert!(manifest_from_toml(&format!("{LEAST}{listed}")).unwrap().has_rules());
    }

    #[test]
    fn rules_need_a_manifest_that_has_them() {
        let toml = format!("{LEAST}[rules]\nevent_type = \"/type\"");
        let manifest = manifest_from_toml(&toml).unwrap();
        assert!(manifest.json.contains(r#""rules":{"event_type":"/type"}"#) && manifest.warning().is_none());
        let error = manifest_from_toml(&toml.replace("manifest = 2", "")).unwrap_err().to_string();
        insta::assert_snapshot!(error, @"plugin.toml has [rules], which a manifest has from version 2 on; add manifest = 2 at the top");
    }

    #[test]
    fn rules_and_code_exclude_each_other() {
        let with = format!("{LEAST}[rules]\nevent_type = \"/type\"");
        insta::assert_snapshot!(pack(b"\0asm", &with).unwrap_err().to_string(), @"plugin.toml has [rules], so it describes a plugin without code; remove them, or the code");
        insta::assert_snapshot!(pack_rules(b"\0asm", LEAST).unwrap_err().to_string(), @"plugin.toml has no [rules]; a plugin without code needs them");
        let empty = wasm_encoder::Component::new().finish();
        insta::assert_snapshot!(pack_rules(&empty, &with).unwrap_err().to_string(), @r#"the component does not import "inlet:declarative/rules@0.1.0"; use the declarative component as Inlet builds it"#);
    }

    #[test]
    fn plugins_without_code_differ_behind_the_component_only() {
        let component = asking();
        let with = |kind: &str| pack_rules(&component, &format!("{LEAST}[rules]\nevent_type = \"{kind}\"")).unwrap();
        let (one, other) = (with("/type"), with("/kind"));
        assert!(one.starts_with(&component) && other.starts_with(&component) && one != other);
    }

    #[test]
    fn rules_that_are_too_large_are_refused() {
        let message = "m".repeat(505);
        let rule = |n: usize| {
            format!(
                "[[rules.ignore]]\nwhen = {{ at = \"/type\", equals = \"{n}\" }}\ncode = \"c\"\nmessage = \"{n}{message}\"\n"
            )
        };
        let rules: String = (0..64).map(rule).collect();
        let error = pack_rules(&asking(), &format!("{LEAST}[rules]\nevent_type = \"/type\"\n{rules}")).unwrap_err();
        insta::assert_snapshot!(error.to_string(), @"the rules take 33498 bytes; at most 32768 can be used: shorten messages, or leave out rules of rare events");
    }
}
