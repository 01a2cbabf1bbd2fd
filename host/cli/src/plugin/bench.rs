//! `inlet plugin bench`: what a call costs, on the manifest's examples.
//!
//! Times are this machine's at this moment; instructions are the same everywhere. Each call has a sandbox of its own, as in the
//! server.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use bytestring::ByteString;
use inlet_core::contract::{Body, Field, Request};
use inlet_sandbox::{Limits, Plugin};
use serde_json::Value;

use super::file;

/// What it takes.
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
    let wasm = file::read(&arguments.file)?;
    let named = || arguments.file.display().to_string();
    let sandbox = file::sandbox(false)?;
    let start = Instant::now();
    let plugin = sandbox.load(&wasm).with_context(named)?;
    let loading = start.elapsed();
    let counting = file::sandbox(true)?.load(&wasm).with_context(named)?;
    let examples = &plugin.manifest().examples;
    ensure!(!examples.is_empty(), "the manifest has no examples to measure with; add [[examples]] to plugin.toml");
    println!("{} bytes, loaded in {} ms", wasm.len(), loading.as_millis());
    println!(
        "{:<40} {:>8} {:>10} {:>10} {:>14} {:>12}",
        "example", "bytes", "µs, median", "µs, p99", "instructions", "memory, KiB"
    );
    for example in examples {
        let request = request(&plugin, &example.body, &example.headers.iter().collect::<Vec<_>>())?;
        let mut times = file::block_on(times(&plugin, &request, arguments.calls))??;
        times.sort_unstable();
        let spent = file::block_on(counting.translate(&request, &Limits::default()))?.spent;
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

/// Running times of as many calls, after a tenth of them to warm up.
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
