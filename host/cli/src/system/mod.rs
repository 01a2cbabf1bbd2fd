//! `inlet system`: the state of the server itself.

mod accept_clock;

use anyhow::Context as _;
use inlet_api_types::system::{Job, System};
use ureq::http::Method;

use crate::{
    client::{Content, OTHER_VERSION, ServerArguments},
    output::{Details, OutputArguments, note, print, print_json, table},
    route_commands::with_commands,
};

/// The arguments of `inlet system`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    operation: Option<Operation>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

/// A subcommand of `inlet system`.
#[derive(Debug, clap::Subcommand)]
enum Operation {
    /// Accept the time of the system's clock after it jumped: retention and idempotency windows go on at once
    AcceptClock(accept_clock::Arguments),
}

/// Prints storage, load, clock, jobs and the work that they have left.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(Operation::AcceptClock(arguments)) = &arguments.operation {
        return accept_clock::run(arguments);
    }
    let text = arguments.server.client()?.send_for_text(Method::GET, "/v1/system", Content::None)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let system: System = serde_json::from_str(&text).context(OTHER_VERSION)?;
    print(&details(&system).text())?;
    print("")?;
    print(&jobs(system.jobs))?;
    for replay in system.replays {
        let total = replay.total.map_or_else(|| "?".to_owned(), |total| total.to_string());
        print(&format!(
            "replay {} of {}@{}: {} of {total}",
            replay.id, replay.source, replay.environment, replay.done
        ))?;
    }
    if let Some(text) = system.clock.note {
        note(&format!("note: {}", with_commands(&text)));
    }
    Ok(())
}

fn details(system: &System) -> Details {
    let (storage, load) = (&system.storage, &system.load);
    let left: Vec<String> = system.work.iter().map(|work| format!("{} {}", work.left, work.kind)).collect();
    let oldest = system.deliveries.oldest_at.as_deref().map(|at| format!(", the oldest since {at}"));
    Details::default()
        .add("version", format!("{} ({})", system.version, system.build))
        .add("started", format!("{}, {} s ago", system.started_at, system.uptime_seconds))
        .add("data directory", &storage.data_dir)
        .add("database", format!("{} bytes, schema {}", storage.database_bytes, system.schema))
        .add("write-ahead log", format!("{} bytes", storage.log_bytes))
        .add_some("last checkpoint", storage.last_checkpoint_at.as_deref())
        .add_some("free disk", storage.free_bytes.map(|free| format!("{free} bytes")))
        .add_some("memory", load.resident_bytes.map(|bytes| format!("{bytes} bytes")))
        .add("requests", format!("{}, {} wait for the writer", load.in_flight_requests, load.writer_queue))
        .add("free sandboxes", format!("{} of {}", load.sandboxes_free, load.sandboxes))
        .add("streams", format!("{} of {}", load.streams, load.streams_limit))
        .add("deliveries", format!("{} wait{}", system.deliveries.count, oldest.unwrap_or_default()))
        .add("store's time", format!("{} s behind", system.clock.behind_seconds))
        .add("work left", left.join(", "))
}

fn jobs(jobs: Vec<Job>) -> String {
    let rows = jobs.into_iter().map(|job| {
        let took = format!("{:.1} ms", job.last_run_us as f64 / 1e3);
        [job.name, job.outcome, job.runs.to_string(), took, job.last_success_at.unwrap_or_default()]
    });
    table(["JOB", "OUTCOME", "RUNS", "TOOK", "LAST SUCCESS"], rows)
}
