//! The cost of a fresh sandbox for every webhook, compared with the same translation in native code.
//!
//! The benchmark answers three questions. Is a sandbox affordable (`fresh_sandbox`: at 2 KB at most 1.2 times the native
//! translation through `serde_json::Value`)? Does pointing into the body cost less than writing values out (`pointing`)? What
//! do rules cost (`rules`: at 2 KB at most 1.5 times the plugin that does the same in Rust)?
//!
//! The ratios matter most, so a table of them comes first: medians of interleaved rounds of the thread's processor time,
//! which other programs on the machine disturb little. `empty` is a plugin that reads nothing, that is, the sandbox alone.
//! Criterion then measures the elapsed time of each. Needs `make plugins platforms test-plugins`.

#![expect(clippy::expect_used, reason = "there is nothing to measure without it")]

mod timing;

use std::{hint::black_box, path::Path};

use bytestring::ByteString;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use inlet_core::contract::{Body, Item, Request, TranslatedEvent, Translation, Value};
use inlet_sandbox::{EngineConfig, Limits, Plugin, Sandbox};
use timing::interleaved;
use tokio::runtime::Runtime;

const SIZES: [usize; 3] = [600, 2_000, 10_000];
/// The highest acceptable cost of a fresh call with the smallest body, in microseconds.
const FRESH_CALL: f64 = 6.0;
/// The highest acceptable cost of a call of a plugin without code at 2 KB, as a multiple of the same plugin in Rust.
const RULES: f64 = 1.5;

struct Setup {
    runtime: Runtime,
    limits: Limits,
    segment: Plugin,
    /// The same plugin without code.
    rules: Plugin,
    hostile: Plugin,
}

fn setup() -> Setup {
    let sandbox = Sandbox::new(EngineConfig::default()).expect("an engine");
    let load = |file: &str| {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..").join(file);
        let wasm = std::fs::read(&file)
            .unwrap_or_else(|error| panic!("{}: {error}; run `make plugins platforms test-plugins`", file.display()));
        sandbox.load(&wasm).expect("a plugin")
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    Setup {
        runtime,
        limits: Limits::default(),
        segment: load("plugins/segment.wasm"),
        rules: load("test-plugins/inlet__segment-rules.wasm"),
        hostile: load("test-plugins/inlet__hostile.wasm"),
    }
}

/// Returns a Segment call of about `size` bytes, as a shop sends it for a completed order.
fn body(size: usize) -> String {
    let mut products = Vec::new();
    loop {
        let body = format!(
            r#"{{"anonymousId":"507f191e810c19729de860ea","channel":"browser","context":{{"ip":"203.0.113.7","library":{{"name":"analytics.js","version":"2.11.1"}},"locale":"en-US","page":{{"path":"/checkout","url":"https://shop.example/checkout"}}}},"event":"Order Completed","messageId":"ajs-next-1700000000000-aa","properties":{{"order_id":"50314b8e9bcf","total":27.50,"currency":"USD","products":[{}]}},"timestamp":"2026-01-02T03:04:05.678Z","type":"track","userId":"u_1"}}"#,
            products.join(",")
        );
        if body.len() >= size {
            return body;
        }
        let index = products.len();
        products.push(format!(
            r#"{{"product_id":"507f1f77bcf86cd7{index}","sku":"45790-{index}","name":"Monopoly: {index}rd Edition","price":19.99,"quantity":{index},"coupon":null,"gift":false}}"#
        ));
    }
}

fn request(path: &str, size: usize) -> Request {
    Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        query: vec![],
        headers: vec![],
        body: Body::Text(ByteString::from(body(size))),
        received_at_ms: 1_700_000_000_000,
        options: "{}".to_owned(),
        facts: vec![],
    }
}

/// Translates without a sandbox, in the way most programs would.
fn native(request: &Request) -> Translation {
    let text = request.body.as_text().expect("a text");
    let body: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let kind = body["type"].as_str().unwrap_or_default();
    let event_type = match body["event"].as_str() {
        Some(name) => format!("{kind}/{name}"),
        None => kind.to_owned(),
    };
    let at = |name: &str| body.get(name).map(|_| Value::At(format!("/{name}")));
    let event = TranslatedEvent {
        event_type,
        user_id: at("userId"),
        data: at("properties"),
        idempotency_key: at("messageId"),
        occurred_at: at("timestamp"),
        original: Some(String::new()),
        tag: String::new(),
        extras: vec![],
    };
    Translation { items: vec![Item::Event(event)], reply: None, memo: String::new() }
}

async fn sandboxed(plugin: &Plugin, request: &Request, limits: &Limits) -> Translation {
    plugin.translate(request, limits).await.result.expect("no fault").expect("not rejected")
}

fn table(Setup { runtime, limits, segment, rules, hostile }: &Setup) {
    println!("µs of processor time per call, medians of interleaved rounds\n");
    println!("  bytes    empty  sandbox   native   ratio    rules   ratio  pointed  written   ratio");
    let (mut fresh, mut declared) = (f64::INFINITY, f64::INFINITY);
    for size in SIZES {
        let [empty, call, pointed, written] = ["/ok", "", "/values/at", "/values/made"].map(|path| request(path, size));
        let run = |plugin: &Plugin, request: &Request| {
            black_box(runtime.block_on(sandboxed(plugin, request, limits)));
        };
        let [empty, sandbox, native, declarative, pointed, written] = interleaved([
            &mut || run(hostile, &empty),
            &mut || run(segment, &call),
            &mut || drop(black_box(native(&call))),
            &mut || run(rules, &call),
            &mut || run(hostile, &pointed),
            &mut || run(hostile, &written),
        ]);
        println!(
            "{:>7}  {empty:>7.1}  {sandbox:>7.1}  {native:>7.1}  {:>6.2}  {declarative:>7.1}  {:>6.2}  {pointed:>7.1}  {written:>7.1}  {:>6.2}",
            call.body.as_bytes().len(),
            sandbox / native,
            declarative / sandbox,
            pointed / written
        );
        if size == SIZES[0] {
            fresh = sandbox;
        }
        if size == SIZES[1] {
            declared = declarative / sandbox;
        }
    }
    let verdict = |is_met: bool| if is_met { "ok" } else { "SHORT" };
    println!(
        "\n  a fresh sandbox call with the smallest body: {fresh:.1} µs, target ≤ {FRESH_CALL}: {}",
        verdict(fresh <= FRESH_CALL)
    );
    println!("  rules instead of code at 2 KB: {declared:.2}, target ≤ {RULES}: {}", verdict(declared <= RULES));
    println!();
}

fn translate(criterion: &mut Criterion) {
    let setup = setup();
    table(&setup);
    let Setup { runtime, limits, segment, rules, hostile } = &setup;

    let mut group = criterion.benchmark_group("fresh_sandbox");
    for size in SIZES {
        let request = request("", size);
        group.throughput(Throughput::Bytes(request.body.as_bytes().len() as u64));
        group.bench_with_input(BenchmarkId::new("sandbox", size), &request, |bencher, request| {
            bencher.to_async(runtime).iter(|| sandboxed(segment, request, limits));
        });
        group.bench_with_input(BenchmarkId::new("rules", size), &request, |bencher, request| {
            bencher.to_async(runtime).iter(|| sandboxed(rules, request, limits));
        });
        group.bench_with_input(BenchmarkId::new("native_value", size), &request, |bencher, request| {
            bencher.iter(|| native(request));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("pointing");
    for size in SIZES {
        for (name, path) in [("pointed", "/values/at"), ("written", "/values/made")] {
            let request = request(path, size);
            group.throughput(Throughput::Bytes(request.body.as_bytes().len() as u64));
            group.bench_with_input(BenchmarkId::new(name, size), &request, |bencher, request| {
                bencher.to_async(runtime).iter(|| sandboxed(hostile, request, limits));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, translate);
criterion_main!(benches);
