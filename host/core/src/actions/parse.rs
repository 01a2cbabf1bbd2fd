//! Parsing the action of a mapping.

use super::{Action, ActionType, BadMapping, ParameterReader};
use crate::json::{self, Kind};

/// Parses an action type and its parameters, a JSON object or null.
pub fn parse_action(action_type: &str, parameters: &str) -> Result<Action, BadMapping> {
    let known = ActionType::parse(action_type).ok_or_else(|| {
        let names: Vec<_> = ActionType::ALL.iter().map(|action| action.as_str()).collect();
        BadMapping::new("action_type", format!("{action_type:?} is no action; expected one of {}", names.join(", ")))
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
    let mut reader = ParameterReader::new(members);
    let action = Action::parse(known, &mut reader)?.ok_or_else(|| {
        let carried_out = carried_out_list(str::to_owned);
        let message = format!("{} is not carried out by this version; {carried_out} are", known.as_str());
        BadMapping::new("action_type", message)
    })?;
    match reader.left_over() {
        None => Ok(action),
        Some((unknown, nearest)) => {
            let nearest = nearest.map(|nearest| format!("; the nearest is {nearest:?}")).unwrap_or_default();
            let message = format!("{action_type} has no such parameter{nearest}");
            Err(BadMapping::new(format!("action_parameters.{unknown}"), message))
        }
    }
}

/// Lists the actions that this version carries out, for a sentence. `quote` puts a name in quotes.
pub fn carried_out_list(quote: impl Fn(&str) -> String) -> String {
    let mut names: Vec<String> = ActionType::carried_out().map(|action| quote(action.as_str())).collect();
    let last = names.pop().unwrap_or_default();
    format!("{} and {last}", names.join(", "))
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
        insta::assert_snapshot!(error("objects_set", "{}"), @"action_type: objects_set is not carried out by this version; users_identify, users_delete and workflows_trigger are");
        insta::assert_snapshot!(error("nonsense", "null").chars().take(60).collect::<String>(), @r#"action_type: "nonsense" is no action; expected one of users_"#);
        insta::assert_snapshot!(error("users_identify", "[]"), @"action_parameters: it is an array; expected an object");
    }
}
