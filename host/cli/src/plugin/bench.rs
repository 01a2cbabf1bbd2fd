//! `inlet plugin bench`: measures calls on the examples of a plugin's manifest.
//!
//! Times depend on the machine; instruction counts do not. Each call runs in a fresh sandbox, as in the server.

use std::{
    fmt::Write as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use inlet_core::contract::Request;
use inlet_sandbox::{Limits, Plugin};
use serde_json::{Value, json};

use super::{
    plugin_file,
    sandbox::{Instructions, block_on, sandbox},
};
use crate::output::OutputArguments;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Calls for each example
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    calls: u32,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let wasm = plugin_file::read(&arguments.file)?;
    let named = || arguments.file.display().to_string();
    let uncounted = sandbox(Instructions::Uncounted)?;
    let start = Instant::now();
    let plugin = uncounted.load(&wasm).with_context(named)?;
    let load_time = start.elapsed();
    let counted = sandbox(Instructions::Counted)?.load(&wasm).with_context(named)?;
    let examples = &plugin.manifest().examples;
    let options = plugin.manifest().check_options(&Value::Null)?;
    ensure!(!examples.is_empty(), "the manifest has no examples to measure with; add [[examples]] to plugin.toml");
    let mut measured = Vec::new();
    for example in examples {
        let request = example.request(plugin.manifest(), &options);
        let mut times = block_on(times(&plugin, &request, arguments.calls))??;
        times.sort_unstable();
        let spent = block_on(counted.translate(&request, &Limits::default()))?.spent;
        measured.push(Measured {
            example: example.event_type.clone(),
            bytes: request.body.as_bytes().len(),
            median_micros: micros(times[times.len() / 2]),
            p99_micros: micros(times[times.len() * 99 / 100]),
            instructions: spent.instructions.unwrap_or(0),
            memory_bytes: spent.memory as u64,
        });
    }
    let result = json!({ "bytes": wasm.len(), "load_millis": load_time.as_millis() as u64, "examples": measured });
    let mut lines = format!(
        "{} bytes, loaded in {} ms\n{:<40} {:>8} {:>10} {:>10} {:>14} {:>12}",
        wasm.len(),
        load_time.as_millis(),
        "example",
        "bytes",
        "µs, median",
        "µs, p99",
        "instructions",
        "memory, KiB"
    );
    for Measured { example, bytes, median_micros, p99_micros, instructions, memory_bytes } in &measured {
        let memory = memory_bytes / 1024;
        // Writing to a string cannot fail.
        _ = write!(
            lines,
            "\n{example:<40} {bytes:>8} {median_micros:>10.1} {p99_micros:>10.1} {instructions:>14} {memory:>12}"
        );
    }
    arguments.output.print(&result, &lines)
}

/// The cost of a call on one example.
#[derive(serde::Serialize)]
struct Measured {
    example: String,
    bytes: usize,
    median_micros: f64,
    p99_micros: f64,
    instructions: u64,
    memory_bytes: u64,
}

/// Measures `calls` calls, after a tenth as many to warm up.
async fn times(plugin: &Plugin, request: &Request, calls: u32) -> anyhow::Result<Vec<Duration>> {
    let limits = Limits::default();
    let mut times = Vec::new();
    for index in 0..calls + calls / 10 {
        let start = Instant::now();
        let call = plugin.translate(request, &limits).await;
        let took = start.elapsed();
        if let Err(fault) = call.result {
            bail!(fault);
        }
        if index >= calls / 10 {
            times.push(took);
        }
    }
    Ok(times)
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1000.0
}
