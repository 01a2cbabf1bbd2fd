//! The form of a target: fields by its kind, read into the request of the API.

use inlet_api_types::targets::Target;
use inlet_core::json;
use serde_json::{Map, Value as Json, json};

use super::kinds::{COMMON, TargetKind, TargetOption, Value};
use crate::{
    components::{
        Html,
        form::{Field, Kind, error_elsewhere},
    },
    error::PageError,
};

/// The field of the options that have no field of their own.
const OTHER: &str = "options";
/// The field into which the target's key is typed to remove a stored secret.
pub const CONFIRM_REMOVAL: &str = "confirm_removal";

/// The fields of a form as they were sent, or as a target has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetForm(Vec<(String, String)>);

impl TargetForm {
    /// Takes a form as it was sent.
    pub fn sent(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The fields of a target, with its secrets left out.
    pub fn of_target(target: &Target, kind: &TargetKind) -> Self {
        let mut pairs = vec![("key".to_owned(), target.key.clone())];
        if let Some(url) = target.url.as_ref().and_then(|url| url.to_str()) {
            pairs.push(("url".to_owned(), url));
        }
        if let Some(workflows) = &target.workflows {
            pairs.push(("workflows".to_owned(), workflows.join("\n")));
        }
        let mut rest = json::members(target.options.as_text()).unwrap_or_default();
        rest.shift_remove("preset");
        for option in kind.all_options() {
            // A value of another form than the field's, such as a template, stays among the other options.
            let fits = rest.get(option.name).is_some_and(|value| match option.value {
                Value::Word(words) => json::string(value).is_some_and(|word| words.contains(&word.as_ref())),
                Value::Text => json::Kind::of(value) == json::Kind::String,
                Value::Number => json::Kind::of(value) == json::Kind::Number,
                Value::Flag => json::Kind::of(value) == json::Kind::Bool,
            });
            if let Some(value) = fits.then(|| rest.shift_remove(option.name)).flatten() {
                let text = json::string(value).map_or_else(|| value.trim().to_owned(), Into::into);
                pairs.push((option_field(option), text));
            }
        }
        if !rest.is_empty() {
            pairs.push((OTHER.to_owned(), json::object(rest)));
        }
        Self(pairs)
    }

    /// Returns the text of a field without the white space around it; empty if it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().rfind(|(found, _)| found == name).map_or("", |(_, value)| value.trim())
    }

    fn is_on(&self, name: &str) -> bool {
        self.get(name) == "true"
    }

    /// Returns the body for the API. A text that is no number goes as it is, so that the API says what is wrong with it.
    ///
    /// # Errors
    ///
    /// The other options are no JSON object, or name an option that has a field.
    pub fn request(&self, kind: &TargetKind, is_new: bool) -> Result<Json, PageError> {
        let mut target = Map::new();
        if is_new {
            target.insert("kind".to_owned(), json!(kind.kind));
        }
        if kind.url.is_some() {
            target.insert("url".to_owned(), Some(self.get("url")).filter(|url| !url.is_empty()).into());
        }
        target.insert("options".to_owned(), self.options(kind)?.into());
        let workflows = self.get("workflows").split([',', '\n']).map(str::trim).filter(|key| !key.is_empty());
        let workflows: Vec<&str> = workflows.collect();
        target.insert("workflows".to_owned(), if workflows.is_empty() { Json::Null } else { json!(workflows) });
        for secret in kind.secrets {
            match (self.get(secret.name), self.is_on(&removal(secret.name))) {
                ("", true) => _ = target.insert(secret.name.to_owned(), Json::Null),
                ("", false) => {}
                (value, _) => _ = target.insert(secret.name.to_owned(), json!(value)),
            }
        }
        if kind.has_secret_headers() {
            let name = Some(self.get("secret_header_name")).filter(|name| !name.is_empty()).unwrap_or("authorization");
            match (self.get("secret_header"), self.is_on(&removal("secret_headers"))) {
                ("", true) => _ = target.insert("secret_headers".to_owned(), Json::Null),
                ("", false) => {}
                (value, _) => _ = target.insert("secret_headers".to_owned(), json!({name: value})),
            }
        }
        Ok(json!({ "target": target }))
    }

    /// Returns true if a stored secret is removed and none is set in its place.
    pub fn removes(&self, kind: &TargetKind, target: &Target) -> bool {
        let is_replaced = |name: &str| match name {
            "secret_headers" => !self.get("secret_header").is_empty(),
            name => !self.get(name).is_empty(),
        };
        removable(kind, Some(target)).into_iter().any(|name| self.is_on(&removal(name)) && !is_replaced(name))
    }

    fn options(&self, kind: &TargetKind) -> Result<Map<String, Json>, PageError> {
        let wrong = |message: String| PageError {
            field: Some(OTHER.to_owned()),
            ..PageError::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, message)
        };
        let mut options: Map<String, Json> = match self.get(OTHER) {
            "" => Map::new(),
            text => serde_json::from_str(text).map_err(|error| {
                wrong(format!("it is no JSON object: {error}; expected one such as {{\"headers\": {{}}}}"))
            })?,
        };
        options.extend(kind.preset.map(|preset| ("preset".to_owned(), json!(preset))));
        for option in kind.all_options() {
            let value = match (option.value, self.get(&option_field(option))) {
                (_, "") => continue,
                (Value::Number, text) => text.parse::<i64>().map_or_else(|_| Json::from(text), Json::from),
                (Value::Flag, text) => Json::from(text == "true"),
                (Value::Text | Value::Word(_), text) => Json::from(text),
            };
            if options.insert(option.name.to_owned(), value).is_some() {
                return Err(wrong(format!("{:?} has a field of its own; leave it out here", option.name)));
            }
        }
        Ok(options)
    }

    /// Returns the fields of a kind, with the error of the API at the one that it is about. `target` is the one that is changed.
    pub fn fields(&self, kind: &TargetKind, target: Option<&Target>, error: Option<&PageError>) -> Fields {
        let field = |field: Field<'_>| field.error_of(error).html();
        let mut main = Vec::new();
        if target.is_none() {
            let key = Field::new(Kind::Text, "key", "Identifier", self.get("key")).required().code();
            main.push(field(
                key.placeholder("crm")
                    .hint("Stands in addresses and mappings, and cannot be changed: a-z, 0-9, _ and -."),
            ));
        }
        if let Some(example) = kind.url {
            let url = Field::new(Kind::Text, "url", "URL", self.get("url")).code().placeholder(example);
            let hint = match kind.kind {
                "webhook" => "{workflow} and {key} may stand in the path and the query.",
                _ => "",
            };
            main.push(field(if kind.needs_url { url.required() } else { url }.hint(hint)));
        }
        for secret in kind.secrets {
            let hint = secret_hint(target, secret.name, secret.hint);
            let input = Field::new(Kind::Secret, secret.name, secret.label, self.get(secret.name)).code().hint(&hint);
            main.push(field(if secret.is_required && target.is_none() { input.required() } else { input }));
        }
        let own = kind.options.iter().map(|option| field(self.option(option, &option_field(option))));
        let mut more = Vec::new();
        // A webhook works without its options; the others have those that people know.
        if kind.kind == "webhook" {
            more.extend(own)
        } else {
            main.extend(own)
        }
        if kind.has_secret_headers() {
            let name = Field::new(Kind::Text, "secret_header_name", "Secret header", self.get("secret_header_name"));
            more.push(field(name.code().placeholder("authorization")));
            let hint =
                secret_hint(target, "secret_headers.", "Sent with every request and never shown, such as Bearer ….");
            let value =
                Field::new(Kind::Secret, "secret_header", "Value of the secret header", self.get("secret_header"));
            more.push(field(value.code().hint(&hint)));
        }
        let workflows = Field::new(Kind::Long, "workflows", "Only these workflows", self.get("workflows")).code();
        more.push(field(
            workflows
                .hint("One key a line; all workflows if empty. A mapping that names its targets chooses by itself."),
        ));
        more.extend(COMMON.iter().map(|option| field(self.option(option, &option_field(option)))));
        let other = Field::new(Kind::Long, OTHER, "Further options", self.get(OTHER)).code();
        more.push(field(other.placeholder(r#"{"headers": {"x-team": "growth"}}"#).hint("A JSON object.")));
        for secret in removable(kind, target) {
            let (name, label) = (removal(secret), format!("Remove the stored {}", secret.replace('_', " ")));
            let hint = "From then on requests are sent without it, those that wait too.";
            more.push(Field::new(Kind::Switch, &name, &label, self.get(&name)).hint(hint).html());
        }
        if let Some(target) = target.filter(|_| !removable(kind, target).is_empty()) {
            let label = format!("Type {} to remove a secret", target.key);
            let confirm = Field::new(Kind::Text, CONFIRM_REMOVAL, &label, self.get(CONFIRM_REMOVAL)).code();
            more.push(field(confirm.hint("Needed only where one is removed.")));
        }
        Fields { main, more, is_more_open: error.is_some() }
    }

    fn option<'a>(&self, option: &'static TargetOption, name: &'a str) -> Field<'a> {
        let kind = match option.value {
            Value::Number => Kind::Number,
            Value::Flag => Kind::Switch,
            Value::Text | Value::Word(_) => Kind::Text,
        };
        let field = Field::new(kind, name, option.label, self.get(name)).hint(option.hint).placeholder(option.default);
        match option.value {
            Value::Word(words) => {
                let default = match option.default {
                    "" | "default" => "default".to_owned(),
                    default => format!("{default} (default)"),
                };
                let others = words.iter().filter(|word| **word != option.default);
                let others = others.map(|word| ((*word).to_owned(), word.replace('_', " ")));
                field.choices([(String::new(), default)].into_iter().chain(others))
            }
            Value::Text => field.code(),
            Value::Number | Value::Flag => field,
        }
    }
}

/// The fields of a form.
#[derive(Debug, Clone)]
pub struct Fields {
    /// Those that most targets need.
    pub main: Vec<Html>,
    /// Those that are folded.
    pub more: Vec<Html>,
    /// True if they are shown open.
    pub is_more_open: bool,
}

/// Returns the error that stands at no field.
pub fn error_at_top<'a>(kind: &TargetKind, error: Option<&'a PageError>) -> Option<&'a str> {
    let names: Vec<String> = kind.all_options().map(option_field).collect();
    let secrets = kind.secrets.iter().map(|secret| secret.name);
    let shown: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .chain(secrets)
        .chain(["key", "url", "workflows", OTHER, CONFIRM_REMOVAL])
        .collect();
    error_elsewhere(error, &shown)
}

fn option_field(option: &TargetOption) -> String {
    format!("options.{}", option.name)
}

fn removal(secret: &str) -> String {
    format!("remove.{secret}")
}

/// The secrets that are stored and may be removed.
fn removable(kind: &TargetKind, target: Option<&Target>) -> Vec<&'static str> {
    let is_stored = |name: &str| {
        let stored = target.into_iter().flat_map(|target| &target.secrets);
        stored.map(|secret| secret.name.split('.').next().unwrap_or_default()).any(|stored| stored == name)
    };
    let own = kind.secrets.iter().filter(|secret| !secret.is_required).map(|secret| secret.name);
    own.chain(kind.has_secret_headers().then_some("secret_headers")).filter(|name| is_stored(name)).collect()
}

/// Says which secret is stored, by its end.
fn secret_hint(target: Option<&Target>, name: &str, hint: &str) -> String {
    let stored = target.into_iter().flat_map(|target| &target.secrets);
    let stored: Vec<String> = stored
        .filter(|secret| secret.name == name || name.ends_with('.') && secret.name.starts_with(name))
        .map(|secret| match (&secret.hint, secret.name.strip_prefix("secret_headers.")) {
            (Some(end), Some(header)) => format!("{header}: …{end}"),
            (None, Some(header)) => header.to_owned(),
            (Some(end), None) => format!("…{end}"),
            (None, None) => "one".to_owned(),
        })
        .collect();
    match stored.is_empty() {
        true => hint.to_owned(),
        false => format!("Stored: {}. Leave it empty to keep it; a new one replaces it.", stored.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use inlet_api_types::{
        RawJson,
        targets::{TargetSecret, TargetState},
    };

    use super::*;

    fn target(options: &str) -> Target {
        Target {
            key: "crm".to_owned(),
            kind: "webhook".to_owned(),
            url: Some(RawJson::parse(r#""https://a.example/""#).unwrap()),
            options: RawJson::parse(options).unwrap(),
            workflows: Some(vec!["a".to_owned(), "b".to_owned()]),
            secrets: Vec::new(),
            active: true,
            state: TargetState::Running,
            state_reason: None,
            state_since: String::new(),
            open_deliveries: 0,
            oldest_open_delivery_at: None,
            inserted_at: String::new(),
            updated_at: String::new(),
        }
    }

    #[test]
    fn a_target_that_is_saved_unchanged_stays_as_it_is() {
        let kind = TargetKind::find("webhook").unwrap();
        let options =
            r#"{"rate_per_second":5,"cancellations":true,"body":{"template":{"n":"{{run}}"}},"headers":{"x":"y"}}"#;
        let form = TargetForm::of_target(&target(options), kind);
        assert_eq!(form.get("options.rate_per_second"), "5");
        assert_eq!(form.get("options"), r#"{"body":{"template":{"n":"{{run}}"}},"headers":{"x":"y"}}"#);
        let request = form.request(kind, false).unwrap();
        let expected: Json = serde_json::from_str(options).unwrap();
        assert_eq!(request["target"]["options"], expected);
        assert_eq!(
            (&request["target"]["url"], &request["target"]["workflows"]),
            (&json!("https://a.example/"), &json!(["a", "b"]))
        );
        assert!(request["target"].get("signing_secret").is_none(), "an empty secret stays: {request}");
    }

    #[test]
    fn a_preset_is_an_option_and_a_wrong_number_is_for_the_api() {
        let kind = TargetKind::find("inngest").unwrap();
        let form = |pairs: &[(&str, &str)]| {
            TargetForm::sent(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect())
        };
        let sent = form(&[
            ("url", " https://inn.gs/e/k "),
            ("options.concurrency", "many"),
            ("remove.signing_secret", "true"),
            ("secret_header", "Bearer x"),
        ]);
        let request = sent.request(kind, true).unwrap();
        let expected = json!({"target": {"kind": "webhook", "url": "https://inn.gs/e/k", "workflows": null,
            "options": {"preset": "inngest", "concurrency": "many"}, "signing_secret": null,
            "secret_headers": {"authorization": "Bearer x"}}});
        assert_eq!(request, expected);
        let stored =
            Target { secrets: vec![TargetSecret { name: "signing_secret".to_owned(), hint: None }], ..target("{}") };
        assert!(form(&[("remove.signing_secret", "true")]).removes(kind, &stored));
        assert!(!form(&[("remove.signing_secret", "true"), ("signing_secret", "x")]).removes(kind, &stored));
        assert!(!form(&[]).removes(kind, &stored));
        for other in ["[1]", "{", r#"{"concurrency": 1}"#] {
            let error = form(&[("options", other), ("options.concurrency", "2")]).request(kind, true).unwrap_err();
            assert_eq!(error.field.as_deref(), Some("options"), "{other}");
        }
    }
}
