//! The tools. None of them changes anything.

mod deliveries;
mod events;
mod rehearse;
mod sources;

use anyhow::Context as _;
use inlet_api_types::{RawJson, environments::EnvironmentList};
use serde_json::{Map, Value, json};
use ureq::http::Method;

use super::{Session, given::Given, parameter::Parameter};
use crate::{
    client::{Content, ServerError, encoded},
    exit_code::Usage,
};

/// The description of the argument `environment`.
const ENVIRONMENT: &str = "The environment's slug, for example production; by default that of the command line";
/// The description of the argument `cursor`.
const CURSOR: &str = "Where to go on, as the page before said";

/// The scope that a tool needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Read,
    Operate,
}

/// A tool.
pub struct Tool {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    needs: Needs,
    parameters: &'static [Parameter],
    run: fn(&Session, &Given) -> anyhow::Result<String>,
}

const TOOLS: [&Tool; 9] = [
    &sources::LIST_SOURCES,
    &sources::STATUS,
    &events::SEARCH_EVENTS,
    &events::GET_EVENT,
    &events::WHY,
    &deliveries::LIST_RUNS,
    &deliveries::LIST_DELIVERIES,
    &deliveries::LIST_TARGETS,
    &rehearse::REHEARSE,
];

/// Returns the tools that the token permits. Where the server does not say what it permits, those that only read.
pub fn available(session: &Session) -> impl Iterator<Item = &'static Tool> {
    let may_operate = may_operate(session);
    TOOLS.into_iter().filter(move |tool| tool.needs == Needs::Read || may_operate)
}

/// Returns the tool with a name.
pub fn find(name: &str) -> Option<&'static Tool> {
    TOOLS.into_iter().find(|tool| tool.name == name)
}

/// Asks for the rehearsal of a source that cannot be there: its absence is told only to who may rehearse.
fn may_operate(session: &Session) -> bool {
    let ask = || {
        let environment = match &session.environment {
            Some(slug) => slug.clone(),
            None => {
                let list: EnvironmentList = session.client.get("/v1/environments")?;
                let first = list.entries.into_iter().next();
                first.context("the token permits no environment; use one that does")?.slug
            }
        };
        let path = format!("/v1/sources/%24none/rehearse?environment={}", encoded(&environment));
        session.client.send_for_text(Method::POST, &path, Content::Json("{\"payload\":{}}".to_owned()))
    };
    let asked: anyhow::Result<String> = ask();
    let is_absent = |error: &ServerError| error.0.code == "not_found";
    asked.err().is_some_and(|error| error.downcast_ref().is_some_and(is_absent))
}

impl Tool {
    /// Returns the description for the agent.
    pub fn description(&self) -> Value {
        let properties: Map<String, Value> =
            self.parameters.iter().map(|parameter| (parameter.name.to_owned(), parameter.schema())).collect();
        let required: Vec<&str> =
            self.parameters.iter().filter(|parameter| parameter.required).map(|parameter| parameter.name).collect();
        json!({
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": {
                "type": "object", "properties": properties, "required": required, "additionalProperties": false,
            },
            "annotations": {
                "title": self.title, "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true,
                "openWorldHint": false,
            },
        })
    }

    /// Calls the tool.
    pub fn call(&self, session: &Session, arguments: Option<RawJson>) -> anyhow::Result<String> {
        (self.run)(session, &Given::read(self.parameters, arguments)?)
    }
}

impl Session {
    /// Returns the query parameter with the environment of a call.
    fn environment(&self, given: &Given) -> anyhow::Result<String> {
        let slug = given.text("environment").or_else(|| self.environment.clone()).ok_or_else(|| {
            Usage("which environment? Give the argument environment; list_sources names them".to_owned())
        })?;
        Ok(format!("environment={}", encoded(&slug)))
    }
}

/// Returns the lines of a list, and how to go on.
fn page(lines: Vec<String>, after: Option<&str>) -> String {
    match (lines.is_empty(), after) {
        (true, None) => "there are none".to_owned(),
        (_, None) => lines.join("\n"),
        (_, Some(cursor)) => format!("{}\nthere are more: cursor {cursor}", lines.join("\n")),
    }
}
