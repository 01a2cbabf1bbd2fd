//! `inlet delivery show`: prints one delivery with its attempts.

use anyhow::Context as _;
use inlet_api_types::deliveries::Delivery;
use ureq::http::Method;

use crate::{
    client::{Content, EnvironmentArgument, OTHER_VERSION, ServerArguments, encoded},
    enum_word::word,
    output::{Details, OutputArguments, print, print_json, table},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The delivery's id
    id: String,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let path = format!("/v1/deliveries/{}?{}", encoded(&arguments.id), arguments.environment.query(&client)?);
    let text = client.send_for_text(Method::GET, &path, Content::None)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let delivery: Delivery = serde_json::from_str(&text).context(OTHER_VERSION)?;
    let answer = delivery.last_response.as_ref().map(|answer| format!("{} {}", answer.status, answer.body));
    let details = Details::default()
        .add("id", &delivery.id)
        .add("target", &delivery.target)
        .add("call", word(&delivery.call))
        .add("run", &delivery.workflow_run_id)
        .add("workflow", &delivery.workflow)
        .add("event", &delivery.source_event_id)
        .add("status", word(&delivery.status))
        .add("recipients", delivery.recipients_count.to_string())
        .add("key", &delivery.key)
        .add_some("next attempt", delivery.next_attempt_at.as_deref())
        .add_some("last answer", answer)
        .add_some("last error", delivery.last_error.as_deref())
        .add_some("id there", delivery.downstream_id.as_deref());
    print(&details.text())?;
    let rows = delivery.attempt_log.into_iter().flatten().map(|attempt| {
        let status = attempt.status.map(|status| status.to_string()).unwrap_or_default();
        let duration = format!("{} ms", attempt.duration_ms);
        let error = attempt.error.unwrap_or_default();
        [attempt.number.to_string(), attempt.attempted_at, attempt.outcome, status, duration, error]
    });
    print(&format!("\n{}", table(["ATTEMPT", "TIME", "OUTCOME", "STATUS", "TOOK", "ERROR"], rows)))
}
