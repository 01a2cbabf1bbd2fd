//! A rehearsal: what would become of a request, without carrying anything out.

use anyhow::bail;
use inlet_api_types::rehearsals::{Rehearsal, RehearseSource};
use ureq::http::Method;

use super::{ENVIRONMENT, Needs, Tool};
use crate::{
    client::{Content, encoded},
    exit_code::Usage,
    mapping::rehearsed_lines,
    mcp::{
        Session,
        given::Given,
        parameter::{Kind, optional, required},
    },
};

pub(super) const REHEARSE: Tool = Tool {
    name: "rehearse",
    title: "Rehearse an event",
    description: "Says what would become of a payload, or of a stored event that is sent again: which mappings match and why \
                  others do not, and the resolved actions. Nothing is carried out and nothing is stored.",
    needs: Needs::Operate,
    parameters: &[
        required("source", Kind::Text, "The source, by its key"),
        optional("environment", Kind::Text, ENVIRONMENT),
        optional("payload", Kind::Json, "The body that the platform would send, as JSON"),
        optional("body", Kind::Text, "The body, if it is no JSON object or array"),
        optional("event_id", Kind::Text, "A stored event instead of a payload"),
    ],
    run: rehearse,
};

fn rehearse(session: &Session, given: &Given) -> anyhow::Result<String> {
    let request = RehearseSource {
        payload: given.json("payload"),
        body: given.text("body"),
        log_id: given.text("event_id"),
        ..RehearseSource::default()
    };
    let samples = [request.payload.is_some(), request.body.is_some(), request.log_id.is_some()];
    if samples.into_iter().filter(|is_given| *is_given).count() != 1 {
        bail!(Usage("what is to be rehearsed? Give one of payload, body and event_id".to_owned()));
    }
    let source = given.text("source").unwrap_or_default();
    let path = format!("/v1/sources/{}/rehearse?{}", encoded(&source), session.environment(given)?);
    let rehearsal: Rehearsal = session.client.send(Method::POST, &path, Content::json(&request)?)?;
    let mut lines: Vec<String> = rehearsal.items.iter().flat_map(rehearsed_lines).collect();
    if lines.is_empty() {
        lines
            .push(format!("the plugin finds no items in it; the sender would be answered {}", rehearsal.answer.status));
    }
    lines.push("nothing was carried out".to_owned());
    Ok(lines.join("\n"))
}
