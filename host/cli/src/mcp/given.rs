//! The arguments of a call, checked against the parameters of its tool.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::bail;
use inlet_api_types::RawJson;

use super::parameter::{Kind, Parameter};
use crate::{client::encoded, exit_code::Usage};

/// The arguments of a call.
#[derive(Debug, Default)]
pub struct Given(BTreeMap<String, RawJson>);

impl Given {
    /// Reads arguments. JSON `null` counts as absent.
    pub fn read(parameters: &[Parameter], arguments: Option<RawJson>) -> anyhow::Result<Self> {
        let text = arguments.map_or_else(|| "{}".to_owned(), RawJson::into_text);
        let Ok(mut given) = serde_json::from_str::<BTreeMap<String, RawJson>>(&text) else {
            bail!(Usage("the arguments are no JSON object".to_owned()));
        };
        given.retain(|_, value| value.as_text() != "null");
        for (name, value) in &given {
            let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
                let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
                bail!(Usage(format!("there is no argument {name:?}; expected some of {}", names.join(", "))));
            };
            check(parameter, value)?;
        }
        if let Some(missing) = parameters.iter().find(|found| found.required && !given.contains_key(found.name)) {
            bail!(Usage(format!("the argument {} is missing: {}", missing.name, missing.description)));
        }
        Ok(Self(given))
    }

    /// Returns a text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.0.get(name)?.to_str()
    }

    /// Returns a value as it was given.
    pub fn json(&self, name: &str) -> Option<RawJson> {
        self.0.get(name).cloned()
    }

    /// Returns the filters of a tool as query parameters of the API, each with an ampersand before it.
    pub fn filters(&self, parameters: &[Parameter]) -> String {
        let filters = parameters.iter().filter_map(|parameter| Some((parameter.name, parameter.query?)));
        self.query(&filters.collect::<Vec<_>>())
    }

    /// Returns these arguments as query parameters of the API, each with an ampersand before it.
    pub fn query(&self, names: &[(&str, &str)]) -> String {
        let mut query = String::new();
        for (argument, parameter) in names {
            if let Some(value) = self.0.get(*argument) {
                let text = value.to_str().unwrap_or_else(|| value.as_text().to_owned());
                // Writing to a string cannot fail.
                _ = write!(query, "&{parameter}={}", encoded(&text));
            }
        }
        query
    }
}

fn check(parameter: &Parameter, value: &RawJson) -> anyhow::Result<()> {
    let text = value.as_text();
    let is_right = match parameter.kind {
        Kind::Text => text.starts_with('"'),
        Kind::UpTo(most) => text.parse::<u64>().is_ok_and(|number| (1..=most).contains(&number)),
        Kind::Flag => matches!(text, "true" | "false"),
        Kind::Json => text.starts_with(['{', '[']),
    };
    let expected = match parameter.kind {
        _ if is_right => return Ok(()),
        Kind::Text => "a string".to_owned(),
        Kind::UpTo(most) => format!("a whole number from 1 to {most}"),
        Kind::Flag => "true or false".to_owned(),
        Kind::Json => "an object or an array".to_owned(),
    };
    bail!(Usage(format!("the argument {} is wrong; expected {expected}", parameter.name)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::parameter::{filter, filter_as, optional, required},
        *,
    };
    use crate::filter::Filter;

    const STATUS: Filter = Filter::new("status", "Only this status");
    const RUN: Filter = Filter::new("workflow_run_id", "Only this run");
    const PARAMETERS: [Parameter; 6] = [
        filter(STATUS, Kind::Text),
        filter_as("run", RUN, Kind::Text),
        required("id", Kind::Text, "The id"),
        optional("limit", Kind::UpTo(50), "The most"),
        optional("payload", Kind::Json, "The payload"),
        optional("needs_attention", Kind::Flag, "Only those"),
    ];

    fn read(arguments: &str) -> Result<Given, String> {
        Given::read(&PARAMETERS, Some(RawJson::parse(arguments).unwrap())).map_err(|error| error.to_string())
    }

    #[test]
    fn arguments_keep_their_digits_and_become_query_parameters() {
        let given =
            read(r#"{"id":"a b","limit":5,"payload":{"n":9007199254740993.10},"needs_attention":null}"#).unwrap();
        assert_eq!(
            given.query(&[("id", "source_event_id"), ("limit", "limit"), ("other", "o")]),
            "&source_event_id=a%20b&limit=5"
        );
        assert_eq!(given.json("payload").unwrap().as_text(), r#"{"n":9007199254740993.10}"#);
        assert_eq!(given.filters(&PARAMETERS), "");
        let given = read(r#"{"id":"a","status":"dead","run":"r 1"}"#).unwrap();
        assert_eq!(given.filters(&PARAMETERS), "&status=dead&workflow_run_id=r%201");
    }

    #[test]
    fn wrong_arguments_are_named() {
        let refused = |arguments: &str| read(arguments).unwrap_err();
        insta::assert_snapshot!(refused("{}"), @"the argument id is missing: The id");
        insta::assert_snapshot!(refused(r#"{"id":7}"#), @"the argument id is wrong; expected a string");
        insta::assert_snapshot!(refused(r#"{"id":"a","limit":51}"#), @"the argument limit is wrong; expected a whole number from 1 to 50");
        insta::assert_snapshot!(refused(r#"{"id":"a","payload":"x"}"#), @"the argument payload is wrong; expected an object or an array");
        insta::assert_snapshot!(refused(r#"{"id":"a","user":"x"}"#), @r#"there is no argument "user"; expected some of status, run, id, limit, payload, needs_attention"#);
        insta::assert_snapshot!(refused("[]"), @"the arguments are no JSON object");
    }
}
