//! `inlet plugin bench`: measures calls on the examples of a plugin's manifest.
//!
//! Times depend on the machine; instruction counts do not. Each call runs in a fresh sandbox, as in the server.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use inlet_core::{
    ByteString,
    contract::{Body, Field, Request},
};
use inlet_sandbox::{Limits, Plugin};
use serde_json::Value;

use super::{
    plugin_file,
    sandbox::{Instructions, block_on, sandbox},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Calls for each example
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    calls: u32,
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
    ensure!(!examples.is_empty(), "the manifest has no examples to measure with; add [[examples]] to plugin.toml");
    println!("{} bytes, loaded in {} ms", wasm.len(), load_time.as_millis());
    println!(
        "{:<40} {:>8} {:>10} {:>10} {:>14} {:>12}",
        "example", "bytes", "µs, median", "µs, p99", "instructions", "memory, KiB"
    );
    for example in examples {
        let request = request(&plugin, &example.body, &example.headers.iter().collect::<Vec<_>>())?;
        let mut times = block_on(times(&plugin, &request, arguments.calls))??;
        times.sort_unstable();
        let spent = block_on(counted.translate(&request, &Limits::default()))?.spent;
        println!(
            "{:<40} {:>8} {:>10.1} {:>10.1} {:>14} {:>12}",
            example.event_type,
            request.body.as_bytes().len(),
            micros(times[times.len() / 2]),
            micros(times[times.len() * 99 / 100]),
            spent.instructions.unwrap_or(0),
            spent.memory / 1024,
        );
    }
    Ok(())
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

fn request(plugin: &Plugin, body: &Value, headers: &[(&String, &String)]) -> anyhow::Result<Request> {
    let manifest = plugin.manifest();
    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    let listed = headers.iter().filter(|(name, _)| manifest.headers.contains(name));
    Ok(Request {
        method: manifest.methods.first().cloned().unwrap_or_default(),
        path: String::new(),
        query: Vec::new(),
        headers: listed.map(|(name, value)| Field::new(*name, *value)).collect(),
        body: Body::Text(ByteString::from(text)),
        received_at_ms: 0,
        options: manifest.check_options(&Value::Null)?.to_string(),
        facts: Vec::new(),
    })
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1000.0
}
