//! `inlet mapping test`: rehearses a sample, with the mappings as they are or with a further one.

use anyhow::Context as _;
use inlet_api_types::rehearsals::{Rehearsal, RehearsedAction, RehearsedItem};
use ureq::http::Method;

use super::{
    read,
    sample::SampleArguments,
    set::{MappingArguments, request},
};
use crate::{
    client::{Content, OTHER_VERSION, ServerArguments, encoded},
    output::{OutputArguments, print, print_json, shown_json, text::clean, tinted},
    plugin::reference::SourceRef,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@development
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    #[command(flatten)]
    sample: SampleArguments,
    #[command(flatten)]
    mapping: MappingArguments,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let mut sample = arguments.sample.request(&client, &arguments.source)?;
    if !arguments.mapping.is_empty() {
        let present = read(&client, &arguments.source)?.mappings.into_iter().map(request);
        sample.mappings = Some(present.chain([arguments.mapping.new_mapping()?]).collect());
    }
    let SourceRef { source, environment } = &arguments.source;
    let path = format!("/v1/sources/{}/rehearse?environment={}", encoded(source), encoded(environment));
    let text = client.send_for_text(Method::POST, &path, Content::json(&sample)?)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let rehearsal: Rehearsal = serde_json::from_str(&text).context(OTHER_VERSION)?;
    for line in rehearsal.items.iter().flat_map(lines) {
        print(&line)?;
    }
    if rehearsal.items.is_empty() {
        print("the plugin finds no items in it")?;
    }
    Ok(())
}

/// Returns what would become of an item, for people.
pub(crate) fn lines(item: &RehearsedItem) -> Vec<String> {
    let reason = item.reason.as_deref().map(|reason| format!(": {}", clean(reason))).unwrap_or_default();
    let mut lines = vec![format!("{} would be {}{reason}", clean(&item.event_type), tinted(&item.outcome))];
    for mapping in &item.mappings {
        let verdict = match (&mapping.why_not, mapping.matched) {
            (_, true) => "matches".to_owned(),
            (Some(why), false) => format!("does not match: {}", clean(why)),
            (None, false) => "does not match".to_owned(),
        };
        lines.push(format!(
            "  mapping {} ({} → {}) {verdict}",
            mapping.id,
            clean(&mapping.event_type),
            mapping.action_type
        ));
    }
    for action in &item.actions {
        let RehearsedAction { action_type, status, payload, reason, warnings, .. } = action;
        let payload = payload.as_ref().map(|payload| shown_json(payload.as_text())).unwrap_or_default();
        lines.push(format!("  {action_type} {} {payload}", tinted(status)));
        lines.extend(reason.iter().chain(warnings).map(|line| format!("    {}", clean(line))));
    }
    lines
}
