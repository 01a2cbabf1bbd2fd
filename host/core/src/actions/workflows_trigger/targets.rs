//! `targets`: the targets that get the runs of a trigger.

use crate::{
    actions::{BadMapping, ParameterReader},
    delivery::check_target_key,
    json::{self, Kind},
};

/// The most targets that a mapping names.
const MAX_TARGETS: usize = 20;

/// Reads the keys of the targets, an array of strings; none if the mapping names none, and each target chooses by itself. An
/// empty array is for a run that is recorded only.
pub(super) fn take(reader: &mut ParameterReader<'_>) -> Result<Option<Vec<String>>, BadMapping> {
    let Some(text) = reader.take_option("targets") else { return Ok(None) };
    let items = match Kind::of(text) {
        Kind::Array => json::items(text).unwrap_or_default(),
        other => return Err(bad("", format!("it is {}; expected an array of targets' keys", other.with_article()))),
    };
    if items.len() > MAX_TARGETS {
        return Err(bad("", format!("it names {} targets; at most {MAX_TARGETS} are allowed", items.len())));
    }
    let mut keys: Vec<String> = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let place = format!("[{index}]");
        let key = json::string(item).ok_or_else(|| {
            bad(&place, format!("it is {}; expected a target's key, a string", Kind::of(item).with_article()))
        })?;
        check_target_key(&key).map_err(|problem| bad(&place, problem))?;
        if keys.contains(&key) {
            return Err(bad(&place, format!("it names {key:?} again; expected each target once")));
        }
        keys.push(key);
    }
    Ok(Some(keys))
}

fn bad(place: &str, message: String) -> BadMapping {
    BadMapping::new(format!("action_parameters.targets{place}"), message)
}

#[cfg(test)]
mod tests {
    use crate::actions::{Action, parse_action};

    fn targets(targets: &str) -> Result<Option<Vec<String>>, String> {
        match parse_action("workflows_trigger", &format!(r#"{{"key":"k","targets":{targets}}}"#)) {
            Ok(Action::WorkflowsTrigger(parameters)) => Ok(parameters.targets().map(<[String]>::to_vec)),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn targets_are_named_by_their_keys() {
        assert_eq!(targets(r#"["crm","knock"]"#), Ok(Some(vec!["crm".to_owned(), "knock".to_owned()])));
        assert_eq!(targets("[]"), Ok(Some(Vec::new())));
        let Ok(Action::WorkflowsTrigger(none)) = parse_action("workflows_trigger", r#"{"key":"k"}"#) else { panic!() };
        assert_eq!(none.targets(), None);
        insta::assert_snapshot!(targets(r#""crm""#).unwrap_err(), @"action_parameters.targets: it is a string; expected an array of targets' keys");
        insta::assert_snapshot!(targets("[7]").unwrap_err(), @"action_parameters.targets[0]: it is a number; expected a target's key, a string");
        insta::assert_snapshot!(targets(r#"["Crm"]"#).unwrap_err(), @"action_parameters.targets[0]: it holds 'C'; expected lower-case letters, digits, `-` and `_`");
        insta::assert_snapshot!(targets(r#"["crm","crm"]"#).unwrap_err(), @r#"action_parameters.targets[1]: it names "crm" again; expected each target once"#);
        let many: Vec<String> = (0..21).map(|number| format!("\"t{number}\"")).collect();
        insta::assert_snapshot!(targets(&format!("[{}]", many.join(","))).unwrap_err(), @"action_parameters.targets: it names 21 targets; at most 20 are allowed");
    }
}
