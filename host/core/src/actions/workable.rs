//! Refuses parameters with which an action can never be carried out, whatever the event holds.
//!
//! Only a mapping that is new or changed is checked: one that was saved by an earlier version is loaded as it is, and its
//! action ends in an error for each event.

use super::{
    ActionType, BadMapping, Parameter,
    form::{FORM_NAMES, Syntax},
    parameter::ParameterParser,
};
use crate::{
    json::{self, Kind},
    nearest::nearest,
    recipient::{self, ListError, Party, PartyRole},
    user,
};

/// The value that a parameter needs. Parameters of one name need the same in every action but `user_id`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// One id.
    Id,
    /// An id or an object with one, or an array of them.
    Users,
    /// A recipient, or an array of them.
    Recipients,
    /// A recipient, or null.
    Party(PartyRole),
    /// An object, or null.
    Object,
    /// A string, or null.
    String,
}

impl Needs {
    fn of(action: ActionType, parameter: &str) -> Option<Self> {
        let of_audience = matches!(action, ActionType::AudiencesAddMember | ActionType::AudiencesRemoveMember);
        Some(match parameter {
            "user_id" if of_audience => Needs::Users,
            "user_id" | "id" => Needs::Id,
            "recipients" => Needs::Recipients,
            "actor" => Needs::Party(PartyRole::Recipient),
            "tenant" => Needs::Party(PartyRole::Tenant),
            "data" | "properties" => Needs::Object,
            "cancellation_key" => Needs::String,
            _ => return None,
        })
    }
}

/// Checks parameters, a JSON object or null that [`super::parse_action`] can parse.
pub fn check_workable(action_type: &str, parameters: &str) -> Result<(), BadMapping> {
    let Some(action) = ActionType::parse(action_type) else { return Ok(()) };
    for (name, text) in json::members(parameters).unwrap_or_default() {
        let Some(needs) = Needs::of(action, &name).filter(|_| Kind::of(text) != Kind::Null) else { continue };
        let field = format!("action_parameters.{name}");
        check_operators(text, &field)?;
        let party = matches!(needs, Needs::Recipients | Needs::Party(PartyRole::Recipient));
        let parser = ParameterParser { syntax: Syntax::Forms, party, in_each: false };
        check(needs, &parser.parse(text, &field)?, &field)?;
    }
    Ok(())
}

/// Refuses an object whose only member begins with `$` and is no form. The nesting of the text is bounded.
fn check_operators(text: &str, field: &str) -> Result<(), BadMapping> {
    match Kind::of(text) {
        Kind::Array => {
            let items = json::items(text).unwrap_or_default();
            items.iter().enumerate().try_for_each(|(index, item)| check_operators(item, &format!("{field}[{index}]")))
        }
        Kind::Object => {
            let members = json::members(text).unwrap_or_default();
            let only = members.keys().next().filter(|_| members.len() == 1).map(AsRef::as_ref);
            match only {
                Some("value") => return Ok(()),
                Some(name) if name.starts_with('$') && !FORM_NAMES.contains(&name) && name != "$trigger_data" => {
                    return Err(unknown(name, field));
                }
                _ => {}
            }
            // The values of a table and a default are constants.
            let values = members.iter().filter(|(name, _)| !matches!(&***name, "$in" | "$default" | "$template"));
            values.into_iter().try_for_each(|(name, value)| check_operators(value, &format!("{field}.{name}")))
        }
        _ => Ok(()),
    }
}

fn unknown(name: &str, field: &str) -> BadMapping {
    let shown: String = name.chars().take(80).collect();
    let advice = match nearest(name, FORM_NAMES) {
        Some(nearest) => format!("the nearest is {nearest:?}"),
        None => format!("there are {}", FORM_NAMES.join(", ")),
    };
    let message = format!(
        "there is no form {shown:?}; {advice}; an object with that one member can be written as {{\"value\": …}} only"
    );
    BadMapping::new(field, message)
}

fn check(needs: Needs, parameter: &Parameter, field: &str) -> Result<(), BadMapping> {
    let refuse = |problem: String| Err(BadMapping::new(field, format!("it can never work: {problem}")));
    let kind = match parameter {
        // What these find is not known yet.
        Parameter::Path(_) | Parameter::Form(_) => return Ok(()),
        Parameter::Constant(text) => return constant(needs, text).or_else(refuse),
        Parameter::Array(_) => Kind::Array,
        Parameter::Object(_) => Kind::Object,
    };
    match (needs, parameter) {
        (Needs::Users | Needs::Recipients, Parameter::Array(items)) if items.is_empty() => {
            refuse("it is an empty list; expected a path, or at least one item".to_owned())
        }
        (Needs::Users | Needs::Recipients, Parameter::Array(items)) => {
            items.iter().enumerate().try_for_each(|(index, item)| {
                check(Needs::Party(PartyRole::Recipient), item, &format!("{field}[{index}]"))
            })
        }
        (Needs::Users | Needs::Recipients | Needs::Party(_), Parameter::Object(members)) => {
            match members.iter().find(|(name, _)| name == "id") {
                Some((_, Parameter::Constant(id))) => id_in_object(id).or_else(refuse),
                Some((_, Parameter::Array(_) | Parameter::Object(_))) => {
                    refuse("its id is no string; expected a path".to_owned())
                }
                Some(_) => Ok(()),
                None => refuse("it has no id; expected an object with a string id".to_owned()),
            }
        }
        (Needs::Object, Parameter::Object(_)) => Ok(()),
        (Needs::Id, _) => refuse(format!("it is {}; expected the path of an id", kind.with_article())),
        (Needs::Party(_), _) => refuse(format!("it is {}; expected one recipient", kind.with_article())),
        (Needs::Object, _) => refuse(format!("it is {}; expected an object", kind.with_article())),
        (Needs::String, _) => refuse(format!("it is {}; expected a string", kind.with_article())),
        (Needs::Users | Needs::Recipients, _) => Ok(()),
    }
}

/// Reads a constant as the action will.
fn constant(needs: Needs, text: &str) -> Result<(), String> {
    let is_null = Kind::of(text) == Kind::Null;
    let found = || format!("it is {}", Kind::of(text).with_article());
    match needs {
        Needs::Id => match user::read_user_id(Some(text)) {
            Ok(Some(id)) => recipient::check_id(&id).map_err(|problem| format!("it {problem}")),
            Ok(None) => Err("it is empty; expected an id".to_owned()),
            Err(problem) => Err(format!("it {problem}")),
        },
        Needs::Users | Needs::Recipients if is_null || json::array_len(text) == Some(0) => Err(format!(
            "{}; expected at least one recipient",
            if is_null { "it is null" } else { "it is an empty list" }
        )),
        Needs::Users => list(recipient::read_users(text)),
        Needs::Recipients => list(recipient::read_list(text, usize::MAX)),
        Needs::Party(role) if !is_null => Party::read(text, role).map(drop).map_err(|problem| problem.to_string()),
        Needs::Object if !is_null && Kind::of(text) != Kind::Object => Err(format!("{}; expected an object", found())),
        Needs::String if !is_null && Kind::of(text) != Kind::String => Err(format!("{}; expected a string", found())),
        Needs::Party(_) | Needs::Object | Needs::String => Ok(()),
    }
}

/// Checks the constant id of an object that names a recipient.
fn id_in_object(id: &str) -> Result<(), String> {
    Party::read(&json::object([("id", id)]), PartyRole::Recipient).map(drop).map_err(|problem| problem.to_string())
}

fn list(read: Result<Vec<Party>, ListError>) -> Result<(), String> {
    match read {
        Err(error @ ListError::Bad { .. }) => Err(error.to_string()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::parse_action, *};

    fn check(action: &str, parameters: &str) -> Result<(), String> {
        parse_action(action, parameters).unwrap_or_else(|error| panic!("{parameters}: {error}"));
        check_workable(action, parameters).map_err(|error| error.to_string())
    }

    fn error(action: &str, parameters: &str) -> String {
        check(action, parameters).expect_err(parameters)
    }

    #[test]
    fn an_id_that_no_event_can_make_valid() {
        let user = |parameter: &str| error("users_identify", &format!(r#"{{"user_id":{parameter}}}"#));
        insta::assert_snapshot!(user("[]"), @"action_parameters.user_id: it can never work: it is an array; expected the path of an id");
        insta::assert_snapshot!(user(r#"["user_id"]"#), @"action_parameters.user_id: it can never work: it is an array; expected the path of an id");
        insta::assert_snapshot!(user(r#"{"id":"user_id"}"#), @"action_parameters.user_id: it can never work: it is an object; expected the path of an id");
        insta::assert_snapshot!(user(r#"{"value":"a/b"}"#), @"action_parameters.user_id: it can never work: it holds a slash, which no id may hold");
        insta::assert_snapshot!(user(r#"{"value":""}"#), @"action_parameters.user_id: it can never work: it is empty; expected an id");
        insta::assert_snapshot!(user(r#"{"value":null}"#), @"action_parameters.user_id: it can never work: it is empty; expected an id");
        insta::assert_snapshot!(user(r#"{"value":true}"#), @"action_parameters.user_id: it can never work: it is a boolean; expected a string or a number");
        insta::assert_snapshot!(user(&format!(r#"{{"value":"{}"}}"#, "x".repeat(257))), @"action_parameters.user_id: it can never work: it is longer than 256 characters");
        insta::assert_snapshot!(error("objects_set", r#"{"collection":"c","id":{"value":"a#b"}}"#), @"action_parameters.id: it can never work: it holds a number sign, which no id may hold");
        insta::assert_snapshot!(error("tenants_delete", r#"{"id":{"value":[]}}"#), @"action_parameters.id: it can never work: it is an array; expected a string or a number");
    }

    #[test]
    fn recipients_that_no_event_can_make_valid() {
        let trigger = |more: &str| error("workflows_trigger", &format!(r#"{{"key":"k",{more}}}"#));
        insta::assert_snapshot!(trigger(r#""recipients":[]"#), @"action_parameters.recipients: it can never work: it is an empty list; expected a path, or at least one item");
        insta::assert_snapshot!(trigger(r#""recipients":{"value":[]}"#), @"action_parameters.recipients: it can never work: it is an empty list; expected at least one recipient");
        insta::assert_snapshot!(trigger(r#""recipients":{"value":["a","b/c"]}"#), @"action_parameters.recipients: it can never work: recipient 1: its id holds a slash, which no id may hold");
        insta::assert_snapshot!(trigger(r#""recipients":["user_id",{"value":"b/c"}]"#), @"action_parameters.recipients[1]: it can never work: its id holds a slash, which no id may hold");
        insta::assert_snapshot!(trigger(r#""recipients":["user_id",["data.a"]]"#), @"action_parameters.recipients[1]: it can never work: it is an array; expected one recipient");
        insta::assert_snapshot!(trigger(r#""recipients":{"email":"data.email"}"#), @"action_parameters.recipients: it can never work: it has no id; expected an object with a string id");
        insta::assert_snapshot!(trigger(r#""recipients":{"collection":"c","id":{"value":"a/b"}}"#), @"action_parameters.recipients: it can never work: its id holds a slash, which no id may hold");
        insta::assert_snapshot!(trigger(r#""actor":{"value":7}"#), @"action_parameters.actor: it can never work: it is a number; expected a user id string or an object with an id; the path `user_id` gives the event's user id as a string, and other ids must be sent as strings");
        insta::assert_snapshot!(trigger(r#""tenant":["data.tenant"]"#), @"action_parameters.tenant: it can never work: it is an array; expected one recipient");
        insta::assert_snapshot!(trigger(r#""data":["data.a"]"#), @"action_parameters.data: it can never work: it is an array; expected an object");
        insta::assert_snapshot!(trigger(r#""data":{"value":5}"#), @"action_parameters.data: it can never work: it is a number; expected an object");
        insta::assert_snapshot!(trigger(r#""cancellation_key":{"value":7}"#), @"action_parameters.cancellation_key: it can never work: it is a number; expected a string");
        insta::assert_snapshot!(error("audiences_add_member", r#"{"key":"k","user_id":[]}"#), @"action_parameters.user_id: it can never work: it is an empty list; expected a path, or at least one item");
        insta::assert_snapshot!(error("audiences_remove_member", r#"{"key":"k","user_id":{"value":"a/b"}}"#), @"action_parameters.user_id: it can never work: recipient 0: its id holds a slash, which no id may hold");
        insta::assert_snapshot!(error("objects_subscribe", r#"{"collection":"c","id":"data.id","recipients":[]}"#), @"action_parameters.recipients: it can never work: it is an empty list; expected a path, or at least one item");
    }

    #[test]
    fn an_unknown_form_names_the_nearest() {
        let data = |data: &str| error("workflows_trigger", &format!(r#"{{"key":"k","data":{data}}}"#));
        insta::assert_snapshot!(data(r#"{"name":{"$tempalte":"data.name"}}"#), @r#"action_parameters.data.name: there is no form "$tempalte"; the nearest is "$template"; an object with that one member can be written as {"value": …} only"#);
        insta::assert_snapshot!(data(r#"{"a":[{"b":{"$nonsense":"data.name"}}]}"#), @r#"action_parameters.data.a[0].b: there is no form "$nonsense"; there are $first, $template, $each, $lookup; an object with that one member can be written as {"value": …} only"#);
        insta::assert_snapshot!(data(r#"{"a":{"$each":"data.items","$as":{"n":{"$frist":"item.n"}}}}"#), @r#"action_parameters.data.a.$as.n: there is no form "$frist"; the nearest is "$first"; an object with that one member can be written as {"value": …} only"#);
        insta::assert_snapshot!(error("users_identify", r#"{"user_id":{"$firts":"user_id"}}"#), @r#"action_parameters.user_id: there is no form "$firts"; the nearest is "$first"; an object with that one member can be written as {"value": …} only"#);
    }

    #[test]
    fn what_may_work_is_saved() {
        for (action, parameters) in [
            ("users_identify", r#"{"user_id":{"value":42},"properties":{"value":{"a":1}}}"#),
            (
                "users_identify",
                r#"{"properties":{"template":"data.t","value":"data.v","a":{"value":{"$nonsense":1}}}}"#,
            ),
            ("users_identify", r#"{"user_id":{"$first":["user_id",{"value":"anonymous"}]},"properties":null}"#),
            ("users_identify", r#"{"properties":{"$set":"data.a","b":"data.b"}}"#),
            ("users_identify", r#"{"properties":{"a":{"$lookup":"data.a","$in":{"x":{"$y":1}},"$default":{"$z":1}}}}"#),
            ("workflows_trigger", r#"{"key":"k"}"#),
            (
                "workflows_trigger",
                r#"{"key":"k","recipients":[{"value":"a"},"user_id",{"id":{"value":"b"},"name":"data.n"}]}"#,
            ),
            (
                "workflows_trigger",
                r#"{"key":"k","recipients":{"collection":"c","id":"data.id"},"tenant":{"value":null}}"#,
            ),
            (
                "workflows_trigger",
                r#"{"key":"k","recipients":{"$each":"data.m","$as":{"id":"item.id","$trigger_data":{"a":"item.a"}}}}"#,
            ),
            (
                "workflows_cancel",
                r#"{"key":"k","cancellation_key":{"$template":"{{ data.a }}"},"recipients":{"value":["a"]}}"#,
            ),
            ("audiences_add_member", r#"{"key":"k","user_id":{"value":7},"tenant":{"value":"t"}}"#),
        ] {
            assert_eq!(check(action, parameters), Ok(()), "{parameters}");
        }
    }
}
