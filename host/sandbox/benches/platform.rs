//! The cost of plugins in several languages, compared with the same translation in native code: a fresh call, and loading.
//!
//! Measures processor time of the thread; calls are medians of interleaved rounds. Needs `make plugins` and
//! `make translators`.

#![expect(clippy::expect_used, reason = "there is nothing to measure without it")]

mod timing;

use std::{fs, hint::black_box, path::Path};

use bytestring::ByteString;
use inlet_core::contract::{Body, Item, Request, TranslatedEvent, Translation, Value};
use inlet_sandbox::{CompiledCache, EngineConfig, Limits, Plugin, Sandbox};
use timing::{interleaved, used};
use tokio::runtime::Runtime;

/// The languages, with the highest acceptable ratio of a fresh call at 2 KB to the native one.
const TRANSLATORS: [(&str, Option<f64>); 4] =
    [("rust", Some(1.2)), ("c", Some(1.2)), ("javascript", None), ("python", None)];
/// The highest acceptable time to load a plugin that is not cached, in milliseconds per KB.
const COLD: f64 = 1.0;
/// The highest acceptable time to load a cached plugin, in milliseconds.
const CACHED: f64 = 10.0;
const LOADS: usize = 7;

/// Returns an order of about 2 KB, in the format that the example translators read.
fn body() -> String {
    let mut lines = Vec::new();
    loop {
        let body = format!(
            r#"{{"id":"evt_1","type":"order.created","customer":"u_42","created":1767323045,"order":{{"total":39.50,"currency":"EUR","lines":[{}]}}}}"#,
            lines.join(",")
        );
        if body.len() >= 2000 {
            return body;
        }
        let index = lines.len();
        lines.push(format!(
            r#"{{"sku":"45790-{index}","name":"Monopoly: {index}rd Edition","price":19.99,"gift":false}}"#
        ));
    }
}

/// Translates without a sandbox, in the way most programs would.
fn native(text: &str) -> Translation {
    let body: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let at = |name: &str| body.get(name).map(|_| Value::At(format!("/{name}")));
    let event = TranslatedEvent {
        event_type: body["type"].as_str().unwrap_or_default().to_owned(),
        user_id: at("customer"),
        data: at("order"),
        idempotency_key: at("id"),
        occurred_at: at("created"),
        original: None,
        tag: String::new(),
        extras: vec![],
    };
    Translation { items: vec![Item::Event(event)], reply: None, memo: String::new() }
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let sandbox = Sandbox::new(EngineConfig::default()).expect("an engine");
    let text = body();
    let request = Request {
        method: "POST".to_owned(),
        path: String::new(),
        query: vec![],
        headers: vec![],
        body: Body::Text(ByteString::from(text.as_str())),
        received_at_ms: 1_700_000_000_000,
        options: "{}".to_owned(),
        facts: vec![],
    };
    println!("{} bytes of body; processor time; loading: medians of {LOADS}\n", text.len());
    println!("  translator       KB  call, µs  native, µs   ratio         cold, ms  ms per KB        cached, ms");
    for (language, most) in TRANSLATORS {
        let file = root.join("examples/translators").join(language).join("orders.wasm");
        let Ok(wasm) = fs::read(&file) else {
            println!("  {language:<11} not measured: there is no {}; run `make translators`", file.display());
            continue;
        };
        let plugin = sandbox.load(&wasm).expect("a plugin");
        let limits = Limits::default();
        let [call, native] = interleaved([
            &mut || {
                let call = runtime.block_on(plugin.translate(&request, &limits));
                black_box(call.result.expect("no fault").expect("not rejected"));
            },
            &mut || drop(black_box(native(&text))),
        ]);
        let ratio = call / native;
        let (cold, cached) = loading(&wasm);
        let kilobytes = wasm.len() as f64 / 1000.0;
        let verdict = |is_met: bool| if is_met { "ok" } else { "SHORT" };
        println!(
            "  {language:<11} {kilobytes:>7.0}  {call:>8.1}  {native:>10.1}  {ratio:>6.2} {:<8} {cold:>8.1}  {:>9.2} {:<6} {cached:>10.1} {}",
            most.map_or("", |most| verdict(ratio <= most)),
            cold / kilobytes,
            verdict(cold / kilobytes <= COLD),
            verdict(cached <= CACHED),
        );
    }
    script(&root, &sandbox, &runtime, &request);
}

/// Compares the plugin `script`, which compiles the operator's JavaScript for every request, with the example in JavaScript that is
/// compiled before. Both do the same: the plugin's default script reads the orders of the examples.
fn script(root: &Path, sandbox: &Sandbox, runtime: &Runtime, request: &Request) {
    let files =
        ["target/plugins/script.wasm", "examples/translators/javascript/orders.wasm"].map(|file| root.join(file));
    let Some([script, javascript]) = files
        .each_ref()
        .map(|file| fs::read(file).ok())
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .and_then(|files| <[Vec<u8>; 2]>::try_from(files).ok())
    else {
        println!("\n  script not measured: needs {} and {}", files[0].display(), files[1].display());
        return;
    };
    let [script, javascript] = [script, javascript].map(|wasm| sandbox.load(&wasm).expect("a plugin"));
    let options = script.manifest().check_options(&serde_json::Value::Null).expect("defaults").to_string();
    let limits = Limits { time: std::time::Duration::from_secs(5), ..Limits::default() };
    let run = |plugin: &Plugin, request: &Request| {
        let call = runtime.block_on(plugin.translate(request, &limits));
        black_box(call.result.expect("no fault").expect("not rejected"));
    };
    let scripted = Request { options, ..request.clone() };
    let [script, javascript] = interleaved([&mut || run(&script, &scripted), &mut || run(&javascript, request)]);
    println!("\n  script {script:.1} µs, JavaScript {javascript:.1} µs, ratio {:.2}", script / javascript);
}

/// Returns the milliseconds to load a plugin by compiling it, and from the cache. The compiler runs on this thread.
fn loading(wasm: &[u8]) -> (f64, f64) {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = CompiledCache::open(&directory.path().join("compiled"), 1 << 30).expect("a cache");
    let with_cache = Sandbox::with_cache(EngineConfig::default(), cache).expect("an engine");
    let without = Sandbox::new(EngineConfig::default()).expect("an engine");
    with_cache.load(wasm).expect("a plugin");
    let median = |sandbox: &Sandbox| {
        let mut times: Vec<f64> = (0..LOADS)
            .map(|_| {
                let start = used();
                black_box(sandbox.load(wasm).expect("a plugin"));
                (used() - start).as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[LOADS / 2]
    };
    (median(&without), median(&with_cache))
}
