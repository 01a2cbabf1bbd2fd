//! Parsing the action of a mapping.

use super::{Action, ActionType, BadMapping, ParameterReader, Syntax};
use crate::json::{self, Kind};

/// Parses an action type and its parameters, a JSON object or null, in the language of today.
pub fn parse_action(action_type: &str, parameters: &str) -> Result<Action, BadMapping> {
    parse_action_in(Syntax::Forms, action_type, parameters)
}

/// Parses an action type and its parameters, a JSON object or null.
pub fn parse_action_in(syntax: Syntax, action_type: &str, parameters: &str) -> Result<Action, BadMapping> {
    json::check(parameters, json::MAX_DEPTH)
        .map_err(|error| BadMapping::new("action_parameters", error.to_string()))?;
    let known = ActionType::parse(action_type).ok_or_else(|| {
        let names = action_list(str::to_owned);
        BadMapping::new("action_type", format!("{action_type:?} is no action; expected one of {names}"))
    })?;
    let members = match Kind::of(parameters) {
        Kind::Null => json::Members::new(),
        Kind::Object => json::members(parameters)
            .ok_or_else(|| BadMapping::new("action_parameters", "it is not valid JSON; expected an object"))?,
        other => {
            let message = format!("it is {}; expected an object", other.with_article());
            return Err(BadMapping::new("action_parameters", message));
        }
    };
    let mut reader = ParameterReader::new(members, syntax);
    let action = Action::parse(known, &mut reader)?;
    match reader.left_over() {
        None => Ok(action),
        Some((unknown, nearest)) => {
            let nearest = nearest.map(|nearest| format!("; the nearest is {nearest:?}")).unwrap_or_default();
            let message = format!("{action_type} has no such parameter{nearest}");
            Err(BadMapping::new(format!("action_parameters.{unknown}"), message))
        }
    }
}

/// Lists all actions, for a sentence. `quote` puts a name in quotes.
pub fn action_list(quote: impl Fn(&str) -> String) -> String {
    let names: Vec<String> = ActionType::ALL.iter().map(|action| quote(action.as_str())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_names_the_field() {
        let error = |action: &str, parameters: &str| parse_action(action, parameters).unwrap_err().to_string();
        insta::assert_snapshot!(error("workflows_trigger", "{}"), @"action_parameters.key: it is missing; expected a string");
        insta::assert_snapshot!(error("workflows_trigger", r#"{"key":7}"#), @"action_parameters.key: it is a number; expected a string");
        insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k","recipient":"x"}"#), @r#"action_parameters.recipient: workflows_trigger has no such parameter; the nearest is "recipients""#);
        insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k","data":{"n":5}}"#), @r#"action_parameters.data.n: it is a number; expected a path (a string), {"value": …} for a constant, or an object"#);
        insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k","recipients":"a..b"}"#), @r#"action_parameters.recipients: an empty name at character 3 of the path "a..b"; write paths like data.items[0].sku or ["a.b"].c"#);
        insta::assert_snapshot!(error("nonsense", "null").chars().take(60).collect::<String>(), @r#"action_type: "nonsense" is no action; expected one of users_"#);
        insta::assert_snapshot!(error("users_identify", "[]"), @"action_parameters: it is an array; expected an object");
    }
}
