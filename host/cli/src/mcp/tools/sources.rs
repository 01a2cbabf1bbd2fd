//! Sources with their mappings, and what needs attention.

use inlet_api_types::sources::SourceList;

use super::{ENVIRONMENT, Needs, Tool};
use crate::{
    mcp::{
        Session,
        given::Given,
        parameter::{Kind, optional},
    },
    output::text::clean,
    status,
};

pub(super) const LIST_SOURCES: Tool = Tool {
    name: "list_sources",
    title: "List sources",
    description: "Lists the sources of webhooks with their settings and mappings (event type → action) in each environment.",
    needs: Needs::Read,
    parameters: &[optional("environment", Kind::Text, "Only this environment; by default all")],
    run: list,
};

pub(super) const STATUS: Tool = Tool {
    name: "status",
    title: "What needs attention",
    description: "Says how the server's sources and targets are, and what needs attention, with the cure of each cause.",
    needs: Needs::Read,
    parameters: &[optional("environment", Kind::Text, ENVIRONMENT)],
    run: show_status,
};

/// Endpoints are left out: whoever knows one may send to it.
fn list(session: &Session, given: &Given) -> anyhow::Result<String> {
    let environment = given.text("environment");
    let list: SourceList = session.client.get("/v1/sources?include=environment_settings")?;
    let mut lines = Vec::new();
    for source in list.entries {
        lines.push(format!("{} ({}), plugin {}", source.key, clean(&source.name), source.preconfigured_provider));
        let environments = source.environment_settings.unwrap_or_default();
        let shown = environments.into_iter().filter(|(slug, _)| environment.as_ref().is_none_or(|only| only == slug));
        for (slug, found) in shown {
            let settings = &found.settings;
            let verification = match (settings.enforce_verification, settings.signing_secret_set) {
                (true, _) => "signatures enforced",
                (false, true) => "signatures checked, not enforced",
                (false, false) => "no signing secret",
            };
            let on = |name: &str, is_on: bool| format!("{name} {}", if is_on { "on" } else { "off" });
            lines.push(format!(
                "  {slug}: {verification}; {}; {}",
                on("idempotency", settings.enforce_idempotency),
                on("identify", settings.handle_identifies)
            ));
            for mapping in found.mappings {
                let state = if mapping.active { "" } else { ", inactive" };
                let when = mapping.when.map(|when| format!(" when {}", when.as_text())).unwrap_or_default();
                lines.push(format!(
                    "    mapping {}: {}{} → {} {}{state}",
                    mapping.id,
                    clean(&mapping.event_type),
                    clean(&when),
                    mapping.action_type,
                    clean(mapping.action_parameters.as_text())
                ));
            }
        }
    }
    Ok(super::page(lines, None))
}

fn show_status(session: &Session, given: &Given) -> anyhow::Result<String> {
    let environment = given.text("environment").or_else(|| session.environment.clone());
    status::lines(&session.client, environment.as_deref())
}
