//! The settings of a source as fields of a form: one table, from which the form is made, read and compared.

use std::collections::BTreeMap;

use inlet_api_types::sources::SourceSettings;
use serde_json::{Map, Value, json};

use crate::pages::sources::setting_names::label;

/// The form of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// On or off.
    Switch,
    /// A whole number.
    Number,
    /// A text; empty restores the default.
    Text,
    /// One text, or several lines for several.
    Paths,
    /// A list, one on each line.
    Lines,
    /// One of these values; an empty one restores the default.
    Choice(&'static [(&'static str, &'static str)]),
    /// A JSON object whose members are merged.
    Object,
    /// A script; only for sources that have one. Empty restores the plugin's default.
    Script,
}

/// A setting in the form.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The API's name.
    pub name: &'static str,
    /// The form of its value.
    pub form: Form,
    /// The effect, shown below the field.
    pub hint: &'static str,
}

/// Settings that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// The title.
    pub title: &'static str,
    /// The settings.
    pub settings: &'static [Setting],
}

const fn setting(name: &'static str, form: Form, hint: &'static str) -> Setting {
    Setting { name, form, hint }
}

/// The setting that holds a script.
const SCRIPT: &str = "preprocess_script";

/// All settings that the form changes.
pub const SECTIONS: &[Section] = &[
    Section {
        title: "Script",
        settings: &[setting(
            SCRIPT,
            Form::Script,
            "JavaScript with function main({ body, rawBody, headers, query, method, path, vars }). It returns { event, user_id, data, \
             idempotency_key, occurred_at }, an array of them, or null. Its syntax is checked when you save.",
        )],
    },
    Section {
        title: "Users and duplicates",
        settings: &[
            setting(
                "handle_identifies",
                Form::Switch,
                "An identify event creates or updates its user. Mappings on identify apply in any case.",
            ),
            setting(
                "enforce_idempotency",
                Form::Switch,
                "An event whose key was executed within the window is not executed again.",
            ),
            setting(
                "idempotency_window_seconds",
                Form::Number,
                "In seconds; 86400 is a day. Not shorter than the platform tries again.",
            ),
            setting(
                "idempotency_key_path",
                Form::Paths,
                "Such as data.id. Several lines are the parts of one key. Empty: the plugin finds it.",
            ),
        ],
    },
    Section {
        title: "Verification",
        settings: &[
            setting(
                "enforce_verification",
                Form::Switch,
                "A request that does not verify is answered 401 and kept, so that it can be verified again.",
            ),
            setting(
                "verification_header",
                Form::Text,
                "The header that holds the credential, if the platform lets you name it.",
            ),
            setting(
                "verification_headers",
                Form::Choice(&[
                    ("", "as the plugin says"),
                    ("webhook", "webhook-…"),
                    ("svix", "svix-…"),
                    ("either", "either"),
                ]),
                "For platforms with Standard Webhooks signatures.",
            ),
            setting(
                "trust_unsigned_batch_items",
                Form::Switch,
                "Some platforms sign only the first item of a batch. Without this, such a batch is refused.",
            ),
        ],
    },
    Section {
        title: "Where the values are",
        settings: &[
            setting(
                "event_type_path",
                Form::Text,
                "Such as body.type. Empty: the plugin finds it, as with the paths below.",
            ),
            setting("user_id_path", Form::Text, ""),
            setting("data_path", Form::Text, ""),
            setting("timestamp_path", Form::Text, ""),
        ],
    },
    Section {
        title: "Limits",
        settings: &[
            setting("max_body_bytes", Form::Number, "In bytes, after decompression."),
            setting("max_items", Form::Number, "Of a batch."),
            setting(
                "max_requests_per_second",
                Form::Number,
                "Further ones are answered 429, and the sender tries again. Empty for no limit.",
            ),
            setting(
                "on_reject",
                Form::Choice(&[("accept", "200, and keep it for a replay"), ("refuse", "422 with the reasons")]),
                "When no item of a request can be read. Platforms that stop on errors need 200.",
            ),
        ],
    },
    Section {
        title: "What is kept",
        settings: &[
            setting(
                "redact_paths",
                Form::Lines,
                "Values that are blanked before anything is stored, one path on each line, in addition to the plugin's.",
            ),
            setting(
                "keep_headers",
                Form::Lines,
                "Request headers that reach the plugin, the log and mappings, one on each line.",
            ),
            setting(
                "allowed_origins",
                Form::Lines,
                "Pages that may send from a browser, such as https://app.example.com, or * alone.",
            ),
        ],
    },
    Section {
        title: "The plugin's own options",
        settings: &[setting(
            "options",
            Form::Object,
            "A JSON object. A member that you take out returns to its default.",
        )],
    },
];

/// Returns the sections that a source has. Only a source whose plugin runs scripts has a script.
pub fn sections(settings: &SourceSettings) -> impl Iterator<Item = &'static Section> {
    let has_script = settings.preprocess_script.is_some();
    let is_script = |section: &Section| section.settings.iter().any(|setting| setting.form == Form::Script);
    SECTIONS.iter().filter(move |section| has_script || !is_script(section))
}

/// Every setting of the form.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().flat_map(|section| section.settings)
}

/// The texts of the fields, by the API's names.
pub type Texts = BTreeMap<String, String>;

/// Returns the texts of the fields for the settings in force.
pub fn texts(settings: &SourceSettings) -> Texts {
    let Ok(Value::Object(values)) = serde_json::to_value(settings) else { return Texts::new() };
    let script = settings.preprocess_script.as_ref();
    let text = |setting: &Setting| match setting.form {
        Form::Script => script.map(|script| script.source.trim().to_owned()).unwrap_or_default(),
        // The script has a field of its own.
        Form::Object if script.is_some() => without_script(settings.options.as_text()),
        Form::Object => settings.options.as_text().to_owned(),
        _ => values.get(setting.name).map(text).unwrap_or_default(),
    };
    all().map(|setting| (setting.name.to_owned(), text(setting))).collect()
}

fn without_script(options: &str) -> String {
    let Ok(Value::Object(mut options)) = serde_json::from_str(options) else { return options.to_owned() };
    options.remove("script");
    Value::Object(options).to_string()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

/// Reads the texts that a form sent. A switch that is off is not sent.
pub fn sent(mut form: BTreeMap<String, String>) -> Texts {
    all()
        .map(|setting| {
            let text = form.remove(setting.name).unwrap_or_default();
            let text = text.replace("\r\n", "\n").trim().to_owned();
            let text = if setting.form == Form::Switch && text.is_empty() { "false".to_owned() } else { text };
            (setting.name.to_owned(), text)
        })
        .collect()
}

/// Returns the settings that differ, as a change for the API. A text that is no value of its setting goes as it is, so
/// that the API says what is wrong with it.
pub fn change(before: &Texts, after: &Texts) -> Map<String, Value> {
    let differing = all().filter(|setting| before.get(setting.name) != after.get(setting.name));
    let value = |setting: &Setting| {
        let [before, after] = [before, after].map(|texts| texts.get(setting.name).map_or("", String::as_str));
        let value = match setting.form {
            Form::Object => merged(before, after),
            form => read(form, after),
        };
        (setting.name.to_owned(), value)
    };
    differing.map(value).collect()
}

fn read(form: Form, text: &str) -> Value {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (form, text) {
        (Form::Switch, _) => Value::Bool(text == "true"),
        (_, "") => Value::Null,
        (Form::Script, text) => json!({"language": "javascript", "source": text}),
        (Form::Number, text) => text.parse::<u64>().map_or_else(|_| text.into(), Value::from),
        (Form::Lines, _) => lines().collect(),
        (Form::Paths, _) if lines().count() > 1 => lines().collect(),
        (_, text) => text.into(),
    }
}

/// Returns an object with the members of `after`, and null for those that only `before` has.
fn merged(before: &str, after: &str) -> Value {
    let parse = |text: &str| serde_json::from_str(if text.is_empty() { "{}" } else { text });
    match (parse(before), parse(after)) {
        (Ok(Value::Object(before)), Ok(Value::Object(mut after))) => {
            for name in before.into_iter().map(|(name, _)| name) {
                after.entry(name).or_insert(Value::Null);
            }
            Value::Object(after)
        }
        (_, Ok(other)) => other,
        (_, Err(_)) => after.into(),
    }
}

/// A setting that two people changed at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The setting's name for people.
    pub label: String,
    /// The value that the form has.
    pub mine: String,
    /// The value that the other person saved.
    pub theirs: String,
}

/// Merges a form with the settings that somebody saved since it was read: fields that the form left as they were become
/// the present ones. Returns the fields that both changed, each with both values.
pub fn merge(base: &Texts, mine: &mut Texts, theirs: &Texts) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    for setting in all() {
        let [before, own, present] =
            [base, &*mine, theirs].map(|texts| texts.get(setting.name).cloned().unwrap_or_default());
        if own == before {
            mine.insert(setting.name.to_owned(), present);
        } else if present != before && present != own {
            conflicts.push(Conflict { label: label(setting.name), mine: own, theirs: present });
        }
    }
    conflicts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts_of(pairs: &[(&str, &str)]) -> Texts {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn only_what_differs_is_changed() {
        let before = texts_of(&[("max_items", "20000"), ("handle_identifies", "true"), ("user_id_path", "data.id")]);
        let after = texts_of(&[("max_items", "7"), ("handle_identifies", "false"), ("user_id_path", "data.id")]);
        assert_eq!(Value::Object(change(&before, &after)), json!({"max_items": 7, "handle_identifies": false}));
        assert!(change(&after, &after).is_empty());
    }

    #[test]
    fn texts_become_the_values_of_the_api() {
        let value =
            |name: &str, text: &str| change(&texts_of(&[(name, "other")]), &texts_of(&[(name, text)]))[name].clone();
        assert_eq!(value("user_id_path", ""), Value::Null);
        assert_eq!(value("max_items", "many"), json!("many"), "the API says what is wrong with it");
        assert_eq!(value("keep_headers", "x-a\n\n x-b "), json!(["x-a", "x-b"]));
        assert_eq!(value("redact_paths", ""), Value::Null);
        assert_eq!(value("idempotency_key_path", "data.id"), json!("data.id"));
        assert_eq!(value("idempotency_key_path", "data.id\ndata.at"), json!(["data.id", "data.at"]));
        assert_eq!(value("on_reject", "refuse"), json!("refuse"));
        let script = json!({"language": "javascript", "source": "function main() {\n}"});
        assert_eq!(value("preprocess_script", "function main() {\n}"), script);
        assert_eq!(value("preprocess_script", ""), Value::Null, "the plugin's default");
    }

    #[test]
    fn options_that_were_taken_out_return_to_their_defaults() {
        let before = texts_of(&[("options", r#"{"a":1,"b":2}"#)]);
        let after = |text| change(&before, &texts_of(&[("options", text)]))["options"].clone();
        assert_eq!(after(r#"{"b":3}"#), json!({"a": null, "b": 3}));
        assert_eq!(after(""), json!({"a": null, "b": null}));
        assert_eq!(after("{"), json!("{"));
    }

    #[test]
    fn a_form_without_a_switch_says_off() {
        let texts = sent(texts_of(&[("enforce_idempotency", "true"), ("user_id_path", " data.id\r\n")]));
        assert_eq!((texts["enforce_idempotency"].as_str(), texts["handle_identifies"].as_str()), ("true", "false"));
        assert_eq!(texts["user_id_path"], "data.id");
    }

    #[test]
    fn two_changes_of_one_field_are_a_conflict_and_others_are_merged() {
        let base = texts_of(&[("max_items", "1"), ("user_id_path", "a"), ("data_path", "d")]);
        let theirs = texts_of(&[("max_items", "2"), ("user_id_path", "b"), ("data_path", "d")]);
        let mut mine = texts_of(&[("max_items", "3"), ("user_id_path", "a"), ("data_path", "e")]);
        let conflicts = merge(&base, &mut mine, &theirs);
        let expected =
            Conflict { label: "Most items of a request".to_owned(), mine: "3".to_owned(), theirs: "2".to_owned() };
        assert_eq!(conflicts, [expected]);
        assert_eq!((mine["user_id_path"].as_str(), mine["data_path"].as_str()), ("b", "e"));
    }
}
