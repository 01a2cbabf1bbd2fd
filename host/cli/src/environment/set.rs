//! `inlet env set`: changes an environment.

use anyhow::bail;
use inlet_api_types::retention::Retention;
use serde_json::{Map, Value, json};
use ureq::http::Method;

use super::read;
use crate::{
    client::{Content, ServerArguments, encoded},
    exit_code::Usage,
    output::{Confirmation, OutputArguments, note, print_json},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The environment's slug
    slug: String,
    /// The name for people
    #[arg(long)]
    name: Option<String>,
    /// The days for which logs are kept
    #[arg(long, value_name = "DAYS")]
    retention_days: Option<i64>,
    /// The days for which bodies are kept; `logs` for as long as logs
    #[arg(long, value_name = "DAYS")]
    body_retention_days: Option<String>,
    /// The events that keep their bodies: all, or failures
    #[arg(long, value_name = "WHICH")]
    keep_bodies: Option<String>,
    /// True to hide received values in logs
    #[arg(long, value_name = "BOOL")]
    hide_personal_data: Option<bool>,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let slug = &arguments.slug;
    let change = change(arguments)?;
    let client = arguments.server.client()?;
    let present = read(&client, slug)?.retention();
    let deleted = present.deleted_by(&after(&present, &change));
    if !deleted.is_empty() {
        let consequence =
            format!("this deletes what {slug:?} keeps: {}; it cannot be restored", deleted.join(", and "));
        arguments.confirmation.require(slug, &consequence)?;
    }
    let path = format!("/v1/environments/{}", encoded(slug));
    let text = client.send_for_text(Method::PATCH, &path, Content::json(&change)?)?;
    if arguments.output.json {
        return print_json(&text);
    }
    note(&format!("{slug:?} is changed"));
    Ok(())
}

/// Returns the members that change. The server checks the values, with its own sentences.
fn change(arguments: &Arguments) -> anyhow::Result<Map<String, Value>> {
    let body_retention_days = match arguments.body_retention_days.as_deref() {
        None => None,
        Some("logs") => Some(Value::Null),
        Some(days) => match days.parse::<i64>() {
            Ok(days) => Some(json!(days)),
            Err(_) => {
                bail!(Usage(format!("--body-retention-days is {days:?}; expected a number of days, or `logs`")))
            }
        },
    };
    let given = [
        ("name", arguments.name.as_ref().map(|name| json!(name))),
        ("retention_days", arguments.retention_days.map(|days| json!(days))),
        ("body_retention_days", body_retention_days),
        ("keep_bodies", arguments.keep_bodies.as_ref().map(|which| json!(which))),
        ("hide_personal_data", arguments.hide_personal_data.map(|hides| json!(hides))),
    ];
    let change: Map<String, Value> =
        given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    if change.is_empty() {
        bail!(Usage(
            "there is nothing to change; add --name, --retention-days, --body-retention-days, --keep-bodies or \
             --hide-personal-data"
                .to_owned()
        ));
    }
    Ok(change)
}

/// Returns the retention after a change.
fn after(present: &Retention, change: &Map<String, Value>) -> Retention {
    Retention {
        days: change.get("retention_days").and_then(Value::as_i64).unwrap_or(present.days),
        body_days: change.get("body_retention_days").map_or(present.body_days, Value::as_i64),
        only_failures: change.get("keep_bodies").map_or(present.only_failures, |which| which == "failures"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_deletes_is_confirmed() {
        let present = Retention { days: 30, body_days: None, only_failures: false };
        let deletes = |change: Value| !present.deleted_by(&after(&present, change.as_object().unwrap())).is_empty();
        assert!(deletes(json!({"retention_days": 7})) && deletes(json!({"body_retention_days": 7})));
        assert!(deletes(json!({"keep_bodies": "failures"})));
        assert!(!deletes(json!({"retention_days": 60, "body_retention_days": 30, "keep_bodies": "all"})));
        assert!(!deletes(json!({"body_retention_days": null, "hide_personal_data": true})));
    }
}
