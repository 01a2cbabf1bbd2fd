//! The fields of the form, each with the error of the API that is about it.

use askama::Template;

use super::{
    condition::{Condition, OPERATORS},
    form::{Entered, MappingForm, ObjectValue, Parameters},
    parameters::{Kind, Parameter},
    value::{How, Value},
};
use crate::{
    components::{Html, json_text::indented},
    error::PageError,
};

#[derive(Template)]
#[template(path = "pages/mappings/value.html")]
struct ValueField<'a> {
    id: String,
    name: String,
    label: &'a str,
    hint: &'a str,
    value: &'a Value,
    is_required: bool,
    /// True if the value is an object, which may also be said member by member.
    is_object: bool,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "pages/mappings/constant.html")]
struct ConstantField<'a> {
    name: &'a str,
    label: &'a str,
    hint: &'a str,
    text: &'a str,
    is_workflow: bool,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "pages/mappings/object.html")]
struct ObjectField<'a> {
    name: &'a str,
    label: &'a str,
    hint: &'a str,
    rows: &'a [(String, Value)],
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/mappings/targets.html")]
struct TargetsField<'a> {
    label: &'a str,
    hint: &'a str,
    targets: Vec<(&'a str, bool)>,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "pages/mappings/choice.html")]
struct ChoiceField<'a> {
    name: &'a str,
    label: &'a str,
    words: &'a [(&'a str, &'a str)],
    chosen: &'a str,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "pages/mappings/condition.html")]
struct ConditionFields<'a> {
    condition: &'a Condition,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/mappings/json.html")]
struct JsonField<'a> {
    name: &'a str,
    label: &'a str,
    text: String,
    error: Option<String>,
}

/// The member of the mapping that an error is about, and its sentence.
fn about<'a>(error: Option<&'a PageError>, member: &str) -> Option<(&'a str, &'a str)> {
    let error = error?;
    let field = error.field.as_deref()?;
    let rest = field.strip_prefix(member)?;
    (rest.is_empty() || rest.starts_with(['.', '['])).then_some((rest, &error.message))
}

/// Returns the sentence about a member, with the place inside it.
fn sentence(error: Option<&PageError>, member: &str) -> Option<String> {
    about(error, member).map(|(rest, message)| match rest.trim_start_matches('.') {
        "" => message.to_owned(),
        place => format!("{place}: {message}"),
    })
}

/// Returns true if an error stands at one of the fields.
pub fn is_shown(form: &MappingForm, error: &PageError) -> bool {
    let Some(field) = error.field.as_deref() else { return false };
    let in_parameters = |field: &str| match &form.parameters {
        Parameters::Json(_) => field.starts_with("action_parameters"),
        Parameters::Fields(fields) => fields
            .iter()
            .any(|(parameter, _)| about(Some(error), &format!("action_parameters.{}", parameter.name)).is_some()),
    };
    field == "event_type" || field == "action_type" || field.starts_with("when") || in_parameters(field)
}

/// The parameters of the form's action. `targets` are the environment's.
pub fn parameters(form: &MappingForm, targets: &[String], error: Option<&PageError>) -> Vec<Html> {
    let fields = match &form.parameters {
        Parameters::Json(text) => {
            let error = sentence(error, "action_parameters");
            let field =
                JsonField { name: "action_parameters", label: "Parameters, as JSON", text: indented(text), error };
            return vec![Html::of(&field)];
        }
        Parameters::Fields(fields) => fields,
    };
    fields.iter().map(|(parameter, entered)| field(parameter, entered, targets, error)).collect()
}

fn field(parameter: &Parameter, entered: &Entered, targets: &[String], error: Option<&PageError>) -> Html {
    let Parameter { name, label, hint, kind } = *parameter;
    let member = format!("action_parameters.{name}");
    let message = sentence(error, &member);
    let shown = message.as_deref();
    match entered {
        Entered::Text(text) => match kind {
            Kind::Choice(words) => Html::of(&ChoiceField { name, label, words, chosen: text, error: shown }),
            _ => Html::of(&ConstantField { name, label, hint, text, is_workflow: label == "Workflow", error: shown }),
        },
        Entered::Value(value) | Entered::Object(ObjectValue::Whole(value)) => Html::of(&ValueField {
            id: format!("field-{name}"),
            name: format!("p.{name}"),
            label,
            hint,
            value,
            is_required: kind == Kind::Required,
            is_object: kind == Kind::Object,
            error: shown,
        }),
        Entered::Object(ObjectValue::Fields(rows)) => {
            Html::of(&ObjectField { name, label, hint, rows, error: message })
        }
        Entered::Keys(keys) => {
            let all = targets.iter().chain(keys.iter().filter(|key| !targets.contains(key)));
            let targets = all.map(|key| (key.as_str(), keys.contains(key))).collect();
            Html::of(&TargetsField { label, hint, targets, error: shown })
        }
    }
}

/// The condition.
pub fn condition(form: &MappingForm, error: Option<&PageError>) -> Html {
    let error = sentence(error, "when");
    match &form.condition {
        Condition::Json(text) => {
            Html::of(&JsonField { name: "when", label: "Condition, as JSON", text: indented(text), error })
        }
        condition => Html::of(&ConditionFields { condition, error }),
    }
}
