//! The setting `preprocess_script`: the option `script` of the plugin of that name, in the shape that clients of Knock's management
//! API send and read.

use inlet_api_types::sources::PreprocessScript;
use inlet_core::{json, settings::BadSetting};
use inlet_sandbox::Manifest;
use serde_json::{Map, Value};

/// The setting.
pub const PREPROCESS_SCRIPT: &str = "preprocess_script";

/// The plugin that runs scripts.
pub const SCRIPT: &str = "script";

/// The plugin that a client may name for a source with a script: it takes any HTTP request too.
pub const HTTP: &str = "http";

/// The option that holds the script.
const OPTION: &str = "script";

const LANGUAGE: &str = "javascript";

/// Returns the script of a source's options, if its plugin runs scripts. `options` is their JSON.
pub fn of_options(manifest_key: &str, options: &str) -> Option<PreprocessScript> {
    if manifest_key != SCRIPT {
        return None;
    }
    let options: Value = serde_json::from_str(options).ok()?;
    let source = options[OPTION].as_str()?.to_owned();
    Some(PreprocessScript { language: LANGUAGE.to_owned(), source })
}

/// Replaces the setting in a change by the option that it stands for. Null restores the plugin's default.
pub(super) fn move_to_options(patch: &mut Map<String, Value>, manifest: &Manifest) -> Result<(), BadSetting> {
    let Some(setting) = patch.remove(PREPROCESS_SCRIPT) else { return Ok(()) };
    if manifest.key != SCRIPT {
        let message = format!(
            "a source of the provider {:?} runs no script; create one with the provider {SCRIPT:?}, which does",
            manifest.key
        );
        return if setting.is_null() { Ok(()) } else { Err(BadSetting::new(PREPROCESS_SCRIPT, message)) };
    }
    let source = match &setting {
        Value::Null => Value::Null,
        Value::Object(members) => read(members)?,
        _ => {
            let message =
                r#"expected an object such as {"language": "javascript", "source": "function main() {}"}, or null"#;
            return Err(BadSetting::new(PREPROCESS_SCRIPT, message));
        }
    };
    let options = patch.entry("options").or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(options) = options else { return Ok(()) };
    match options.get(OPTION) {
        Some(other) if *other != source => {
            let message = "options.script is another; they are the same setting, so send one of them";
            Err(BadSetting::new(PREPROCESS_SCRIPT, message))
        }
        _ => {
            options.insert(OPTION.to_owned(), source);
            Ok(())
        }
    }
}

/// Returns the name of the setting that brought an option, in a change as JSON: a refused script is named as it was sent.
pub(super) fn sent_for(change: &str, option: &str) -> String {
    match option {
        OPTION if json::member(change, PREPROCESS_SCRIPT).is_some() => PREPROCESS_SCRIPT.to_owned(),
        "" => "options".to_owned(),
        option => format!("options.{option}"),
    }
}

fn read(members: &Map<String, Value>) -> Result<Value, BadSetting> {
    let field = |name: &str| format!("{PREPROCESS_SCRIPT}.{name}");
    match members.get("language") {
        None | Some(Value::Null) => {}
        Some(Value::String(language)) if language == LANGUAGE => {}
        Some(other) => {
            let message = format!("found {other}, expected {LANGUAGE:?}, the one language that there is");
            return Err(BadSetting::new(&field("language"), message));
        }
    }
    match members.get("source") {
        Some(source @ Value::String(_)) => Ok(source.clone()),
        Some(_) => Err(BadSetting::new(&field("source"), "expected the script as a string")),
        None => Err(BadSetting::new(&field("source"), "it is missing; expected the script as a string")),
    }
}
