//! The form of a mapping: what was entered, and the mapping that it says.

use inlet_api_types::{
    RawJson,
    sources::{MappingRequest, SourceMapping},
};
use inlet_core::{
    actions::ActionType,
    json::{self, Kind as JsonKind},
};

use super::{
    condition::{Condition, Row},
    parameters::{self, Kind, Parameter},
    value::{self, How, Value},
};
use crate::error::PageError;

/// The empty rows that a list of rows ends with.
const SPARE_ROWS: usize = 1;

/// An object parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectValue {
    /// Member by member; none of them is the default.
    Fields(Vec<(String, Value)>),
    /// One value.
    Whole(Value),
}

/// The entry for a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered {
    /// A constant text, or a word.
    Text(String),
    /// A value.
    Value(Value),
    /// An object.
    Object(ObjectValue),
    /// Keys.
    Keys(Vec<String>),
}

/// The entries for the parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameters {
    /// By field, in the order of the form.
    Fields(Vec<(&'static Parameter, Entered)>),
    /// JSON, as mappings write it.
    Json(String),
}

/// The form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingForm {
    /// The id; none for a new mapping.
    pub id: Option<String>,
    /// The time of the last change of the mapping that the form was made from.
    pub base: String,
    /// The version of the source that the form was made from.
    pub version: i64,
    /// The event type.
    pub event_type: String,
    /// The action.
    pub action: ActionType,
    /// True if the mapping is on.
    pub active: bool,
    /// The condition.
    pub condition: Condition,
    /// The parameters.
    pub parameters: Parameters,
    /// The sample beside the form: a log entry's id, or `example:` and its number; empty for the newest.
    pub sample: String,
    /// The page to lead to once a new mapping is on; empty for the list.
    pub next: String,
}

impl MappingForm {
    /// An empty form for an event type.
    pub fn new(event_type: &str, action: ActionType, version: i64) -> Self {
        Self {
            id: None,
            base: String::new(),
            version,
            event_type: event_type.to_owned(),
            action,
            active: false,
            condition: Condition::default(),
            parameters: fields_of(action, "{}").unwrap_or_else(|| Parameters::Json("{}".to_owned())),
            sample: String::new(),
            next: String::new(),
        }
    }

    /// The form of a mapping.
    pub fn of(mapping: &SourceMapping, version: i64) -> Self {
        let action = parameters::action(&mapping.action_type).unwrap_or(ActionType::WorkflowsTrigger);
        let text = mapping.action_parameters.as_text();
        Self {
            id: Some(mapping.id.clone()),
            base: mapping.updated_at.clone(),
            version,
            event_type: mapping.event_type.clone(),
            action,
            active: mapping.active,
            condition: Condition::of_json(mapping.when.as_ref().map(RawJson::as_text)),
            parameters: fields_of(action, text).unwrap_or_else(|| Parameters::Json(text.to_owned())),
            sample: String::new(),
            next: String::new(),
        }
    }

    /// Reads what a form sent.
    pub fn read(pairs: &[(String, String)]) -> Self {
        let get = |name: &str| pairs.iter().rfind(|(found, _)| found == name).map_or("", |(_, value)| value.as_str());
        let all = |name: &str| -> Vec<&str> {
            pairs.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str()).collect()
        };
        let action = parameters::action(get("action_type")).unwrap_or(ActionType::WorkflowsTrigger);
        let condition = match get("when.how") {
            "json" => Condition::Json(get("when").to_owned()),
            _ => {
                let rows = all("when.path").into_iter().zip(all("when.operator")).zip(all("when.value"));
                let row = |((path, operator), text): ((&str, &str), &str)| Row {
                    path: path.to_owned(),
                    operator: operator.to_owned(),
                    text: text.to_owned(),
                };
                Condition::Rows(rows.map(row).collect())
            }
        };
        let parameters = match get("parameters.how") {
            "json" => Parameters::Json(get("action_parameters").to_owned()),
            _ => Parameters::Fields(
                parameters::of(action).iter().map(|parameter| (parameter, entered(parameter, &get, &all))).collect(),
            ),
        };
        Self {
            id: Some(get("id").to_owned()).filter(|id| !id.is_empty()),
            base: get("base").to_owned(),
            version: get("version").parse().unwrap_or_default(),
            event_type: get("event_type").trim().to_owned(),
            action,
            active: get("active") == "true",
            condition,
            parameters,
            sample: get("sample").to_owned(),
            next: get("next").to_owned(),
        }
    }

    /// Returns the parameters as mappings write them.
    pub fn parameters_json(&self) -> Result<String, PageError> {
        let fields = match &self.parameters {
            Parameters::Json(text) if text.trim().is_empty() => return Ok("{}".to_owned()),
            Parameters::Json(text) => return value::checked_json(text.trim(), "action_parameters"),
            Parameters::Fields(fields) => fields,
        };
        let mut members: Vec<(&str, String)> = Vec::new();
        for (parameter, entered) in fields {
            members.extend(entered.to_json(parameter)?.map(|text| (parameter.name, text)));
        }
        Ok(json::object(members.iter().map(|(name, text)| (*name, text.as_str()))))
    }

    /// Returns the mapping that the form says.
    pub fn request(&self) -> Result<MappingRequest, PageError> {
        Ok(MappingRequest {
            id: self.id.clone(),
            event_type: Some(self.event_type.clone()),
            action_type: Some(self.action.as_str().to_owned()),
            when: self.condition.to_json()?.map(|text| raw(&text)),
            action_parameters: Some(raw(&self.parameters_json()?)),
            active: Some(self.active),
            ..MappingRequest::default()
        })
    }

    /// Writes the parameters and the condition as JSON, or as fields where fields can say them.
    pub fn switch_to(&mut self, json: bool) -> Result<(), PageError> {
        let parameters = self.parameters_json()?;
        let condition = self.condition.to_json()?;
        match json {
            true => {
                self.parameters = Parameters::Json(parameters);
                self.condition = Condition::Json(condition.unwrap_or_default());
            }
            false => {
                let refused = || PageError {
                    status: axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                    message: "the fields cannot say this; it stays JSON".to_owned(),
                    field: Some("action_parameters".to_owned()),
                };
                self.parameters = fields_of(self.action, &parameters).ok_or_else(refused)?;
                self.condition = Condition::of_json(condition.as_deref());
            }
        }
        Ok(())
    }

    /// True if the parameters are JSON.
    pub fn is_json(&self) -> bool {
        matches!(self.parameters, Parameters::Json(_))
    }

    /// Adds empty rows, so that there is one to fill.
    pub fn with_spare_rows(mut self) -> Self {
        if let Condition::Rows(rows) = &mut self.condition {
            rows.retain(|row| !row.path.trim().is_empty());
            rows.resize_with(rows.len() + SPARE_ROWS, || Row { operator: "$eq".to_owned(), ..Row::default() });
        }
        if let Parameters::Fields(fields) = &mut self.parameters {
            for (_, entered) in fields {
                if let Entered::Object(ObjectValue::Fields(rows)) = entered {
                    rows.retain(|(name, value)| !(name.is_empty() && value.text.is_empty()));
                    rows.resize_with(rows.len() + SPARE_ROWS, Default::default);
                }
            }
        }
        self
    }
}

fn raw(text: &str) -> RawJson {
    RawJson::parse(text).unwrap_or_else(|_| RawJson::null())
}

/// Reads what was entered for one parameter.
fn entered<'a>(parameter: &Parameter, get: &impl Fn(&str) -> &'a str, all: &impl Fn(&str) -> Vec<&'a str>) -> Entered {
    let name = format!("p.{}", parameter.name);
    let how = get(&format!("{name}.how"));
    match parameter.kind {
        Kind::Constant | Kind::Choice(_) => Entered::Text(get(&name).trim().to_owned()),
        Kind::Required | Kind::Optional => Entered::Value(Value { how: How::parse(how), text: get(&name).to_owned() }),
        Kind::Targets => {
            Entered::Keys(all(&name).into_iter().filter(|key| !key.is_empty()).map(str::to_owned).collect())
        }
        Kind::Object if how == "fields" || how.is_empty() => {
            let names = all(&format!("{name}.name"));
            let rows = names.into_iter().zip(all(&format!("{name}.value.how"))).zip(all(&format!("{name}.value")));
            let row = |((name, how), text): ((&str, &str), &str)| {
                (name.trim().to_owned(), Value { how: How::parse(how), text: text.to_owned() })
            };
            Entered::Object(ObjectValue::Fields(rows.map(row).collect()))
        }
        Kind::Object => {
            Entered::Object(ObjectValue::Whole(Value { how: How::parse(how), text: get(&name).to_owned() }))
        }
    }
}

impl Entered {
    fn to_json(&self, parameter: &Parameter) -> Result<Option<String>, PageError> {
        let field = format!("action_parameters.{}", parameter.name);
        Ok(match self {
            Self::Text(text) if text.is_empty() => None,
            Self::Text(text) => Some(json::quote(text)),
            Self::Value(value) | Self::Object(ObjectValue::Whole(value)) => value.to_json(&field)?,
            Self::Keys(keys) if keys.is_empty() => None,
            Self::Keys(keys) => Some(json::array(keys.iter().map(|key| json::quote(key)))),
            Self::Object(ObjectValue::Fields(rows)) => {
                let mut members = Vec::new();
                for (name, value) in rows.iter().filter(|(name, _)| !name.is_empty()) {
                    let text = value.to_json(&format!("{field}.{name}"))?;
                    // The API says what an empty path lacks.
                    members.push((name, text.unwrap_or_else(|| json::quote(""))));
                }
                (!members.is_empty()).then(|| json::object(members.iter().map(|(name, text)| (name, text.as_str()))))
            }
        })
    }
}

/// Returns the fields that say these parameters; none if fields cannot.
fn fields_of(action: ActionType, text: &str) -> Option<Parameters> {
    let mut members = json::members(text)?;
    let mut fields = Vec::new();
    for parameter in parameters::of(action) {
        let text = members.shift_remove(parameter.name).filter(|text| JsonKind::of(text) != JsonKind::Null);
        fields.push((parameter, field_of(parameter, text)?));
    }
    members.is_empty().then_some(Parameters::Fields(fields))
}

fn field_of(parameter: &Parameter, text: Option<&str>) -> Option<Entered> {
    Some(match (parameter.kind, text) {
        (Kind::Constant | Kind::Choice(_), None) => Entered::Text(String::new()),
        (Kind::Constant, Some(text)) => {
            let only = json::members(text).filter(|members| members.len() == 1);
            let constant = only.and_then(|members| members.get("value").copied()).unwrap_or(text);
            Entered::Text(json::string(constant).filter(|text| text.trim() == text)?)
        }
        (Kind::Choice(words), Some(text)) => {
            let word = json::string(text)?;
            words.iter().find(|(known, _)| *known == word)?;
            Entered::Text(word)
        }
        (Kind::Required | Kind::Optional, text) => Entered::Value(text.map(Value::of_json).unwrap_or_default()),
        (Kind::Targets, None) => Entered::Keys(Vec::new()),
        (Kind::Targets, Some(text)) => {
            Entered::Keys(json::items(text)?.into_iter().map(json::string).collect::<Option<_>>()?)
        }
        (Kind::Object, None) => Entered::Object(ObjectValue::Fields(Vec::new())),
        (Kind::Object, Some(text)) => {
            let whole = Value::of_json(text);
            let members = json::members(text).filter(|members| {
                let is_form = |name: &str| name.starts_with('$') || name.trim() != name || name.is_empty();
                whole.how == How::Json && !members.is_empty() && !members.keys().any(|name| is_form(name))
            });
            Entered::Object(match members {
                Some(members) => ObjectValue::Fields(
                    members.into_iter().map(|(name, text)| (name.into_owned(), Value::of_json(text))).collect(),
                ),
                None => ObjectValue::Whole(whole),
            })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(action: &str, parameters: &str) -> SourceMapping {
        SourceMapping {
            id: "1".to_owned(),
            event_type: "track/Paid".to_owned(),
            action_type: action.to_owned(),
            when: None,
            action_parameters: RawJson::parse(parameters).unwrap(),
            active: true,
            is_deleted: false,
            created_at: String::new(),
            updated_at: "t".to_owned(),
        }
    }

    #[test]
    fn a_mapping_that_is_shown_is_read_back() {
        for (action, text, is_json) in [
            ("workflows_trigger", r#"{"key":"receipt"}"#, false),
            (
                "workflows_trigger",
                r#"{"key":"k","recipients":"data.to","data":{"total":"data.total","plan":{"value":"pro"},"c":{"d":"data.e"}},"actor":{"$first":["a","b"]},"targets":["crm"],"unidentified":"wait"}"#,
                false,
            ),
            ("workflows_trigger", r#"{"key":"k","data":"data.order"}"#, false),
            ("workflows_trigger", r#"{"key":"k","data":{"$each":"data.items","$as":"item"}}"#, false),
            ("workflows_trigger", r#"{"key":"k","unidentified":{"wait_seconds":5}}"#, true),
            ("workflows_trigger", r#"{"key":"k","from_elsewhere":1}"#, true),
            ("objects_set", r#"{"collection":"projects","id":"data.id","properties":{"name":"data.name"}}"#, false),
            ("users_identify", "{}", false),
        ] {
            let form = MappingForm::of(&mapping(action, text), 3);
            assert_eq!((form.is_json(), form.parameters_json().as_deref()), (is_json, Ok(text)), "{action}");
        }
    }

    #[test]
    fn rows_and_ways_are_read_from_a_form() {
        let pairs: Vec<(String, String)> = [
            ("event_type", " Paid "),
            ("action_type", "workflows_trigger"),
            ("version", "7"),
            ("when.path", "data.total"),
            ("when.operator", "$gte"),
            ("when.value", "100"),
            ("when.path", ""),
            ("when.operator", "$eq"),
            ("when.value", ""),
            ("p.key", "receipt"),
            ("p.recipients.how", "path"),
            ("p.recipients", "data.to"),
            ("p.data.how", "fields"),
            ("p.data.name", "plan"),
            ("p.data.value.how", "fixed"),
            ("p.data.value", "pro"),
            ("p.data.name", ""),
            ("p.data.value.how", "path"),
            ("p.data.value", ""),
            ("p.targets", "crm"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let form = MappingForm::read(&pairs);
        let request = form.request().unwrap();
        assert_eq!(request.event_type.as_deref(), Some("Paid"));
        assert_eq!(request.when.unwrap().as_text(), r#"{"data.total":{"$gte":100}}"#);
        assert_eq!(
            request.action_parameters.unwrap().as_text(),
            r#"{"key":"receipt","recipients":"data.to","data":{"plan":{"value":"pro"}},"targets":["crm"]}"#
        );
        assert_eq!((form.version, form.active, form.id), (7, false, None));
    }

    #[test]
    fn the_form_switches_to_json_and_back_where_fields_can_say_it() {
        let mut form = MappingForm::of(&mapping("users_identify", r#"{"properties":{"a":"data.b"}}"#), 1);
        form.switch_to(true).unwrap();
        assert_eq!(form.parameters, Parameters::Json(r#"{"properties":{"a":"data.b"}}"#.to_owned()));
        form.switch_to(false).unwrap();
        assert!(!form.is_json());
        form.parameters = Parameters::Json(r#"{"unknown":1}"#.to_owned());
        assert_eq!(form.switch_to(false).unwrap_err().field.as_deref(), Some("action_parameters"));
        assert!(form.is_json());
    }
}
