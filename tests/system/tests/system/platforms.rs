//! Plugins that do not come with the server. Each is added to a running server, translates its manifest's examples into
//! the declared events, and accepts its platform's signature.

use std::{path::PathBuf, process::Command};

use inlet_system_tests::{Endpoint, Server, ServerOptions, binary, platform_plugin};
use serde_json::{Value, json};

use super::author_tool::Tool;

/// Returns the names of the folders in `plugins/platforms`.
fn platforms() -> Vec<String> {
    let sources = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../plugins/platforms");
    let folders = std::fs::read_dir(sources).unwrap().map(|folder| folder.unwrap());
    let mut names: Vec<String> = folders.map(|folder| folder.file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(names.len() >= 39, "{names:?}");
    names
}

/// Returns the directory that `make platforms` fills.
fn directory() -> PathBuf {
    platform_plugin("inlet__stripe.wasm").parent().unwrap().to_owned()
}

/// Returns the path of the plugin `inlet/<name>`.
fn file(name: &str) -> PathBuf {
    directory().join(format!("inlet__{name}.wasm"))
}

fn manifest(name: &str) -> Value {
    let output = Command::new(binary()).args(["plugin", "inspect", "--json"]).arg(file(name)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn post(endpoint: &Endpoint, headers: &Value, body: String) -> (u16, Value) {
    send(endpoint.post(body), headers).await
}

async fn send(mut request: reqwest::RequestBuilder, headers: &Value) -> (u16, Value) {
    for (name, value) in headers.as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), inlet_system_tests::read_json(response).await)
}

#[tokio::test]
async fn examples_become_the_events_that_their_manifests_name() {
    let server = Server::start().await;
    let tool = Tool::of(&server);
    for name in &platforms() {
        tool.printed(&["add", file(name).to_str().unwrap()]);
        let manifest = manifest(name);
        let settings = json!({"enforce_idempotency": false});
        let endpoint = server.source(name, &format!("inlet/{name}"), settings, json!([])).await;
        let examples = manifest["examples"].as_array().unwrap();
        assert!(!examples.is_empty(), "{name} shows no example");
        for example in examples {
            let body = example["body"].as_str().map_or_else(|| example["body"].to_string(), str::to_owned);
            let method = example["method"].as_str().or(manifest["methods"][0].as_str()).unwrap();
            let query: String = example["query"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| format!("{}={}&", encoded(name), encoded(value.as_str().unwrap())))
                .collect();
            let url = format!("{}{}?{query}", endpoint.url, example["path"].as_str().unwrap_or_default());
            let request = server.client.request(method.parse().unwrap(), url).body(body);
            let (status, answer) = send(request, &example["headers"]).await;
            assert_eq!(status, 200, "{name}: {answer}");
            assert_eq!(answer["events"][0]["event_type"], example["event_type"], "{name}: {answer}");
            assert_ne!(answer["events"][0]["outcome"], "rejected", "{name}: {answer}");
        }
    }
}

/// Every platform that repeats what it names is deduplicated by default. The others name nothing, or repeat a name when
/// something happens again.
#[tokio::test]
async fn idempotency_is_on_by_default_where_a_platform_gives_a_key() {
    let directory = directory().display().to_string();
    let server = Server::start_with(ServerOptions::default().arg("--plugins-dir").arg(directory)).await;
    let mut without = Vec::new();
    for name in &platforms() {
        server.source(name, &format!("inlet/{name}"), json!({}), json!([])).await;
        let source = server.get(&format!("/v1/sources/{name}?environment=development")).await;
        let settings = &source["environment_settings"]["development"]["settings"];
        let of_plugin = &manifest(name)["defaults"]["settings"]["enforce_idempotency"];
        assert_eq!(settings["enforce_idempotency"], json!(of_plugin == true), "{name}");
        if of_plugin != true {
            without.push(name.clone());
        }
    }
    insta::assert_snapshot!(without.join(" "), @"clay plaid polytomic supabase");
}

#[tokio::test]
async fn what_a_platform_signs_is_taken_and_what_it_did_not_sign_is_refused() {
    let server = Server::start().await;
    let tool = Tool::of(&server);
    // The other platforms sign a timestamp, which is past for a vector. Their vectors are checked when the plugin is
    // loaded.
    for name in ["github", "shopify"] {
        tool.printed(&["add", file(name).to_str().unwrap()]);
        let manifest = manifest(name);
        let vectors = manifest["verification"]["vectors"].as_array().unwrap();
        let vector = vectors.iter().find(|vector| vector["verified"] == true).unwrap();
        let settings = json!({"signing_secret": vector["secret"]});
        let endpoint = server.source(name, &format!("inlet/{name}"), settings, json!([])).await;
        let body = vector["body"].as_str().unwrap();
        let (status, answer) = post(&endpoint, &vector["headers"], body.to_owned()).await;
        assert_eq!(status, 200, "{name}: {answer}");
        assert_eq!(server.last_log(name).await["verification_status"], "enforced:verified", "{name}");
        let (status, _) = post(&endpoint, &vector["headers"], format!("{body} ")).await;
        assert_eq!(status, 401, "{name}");
    }
}

/// Every platform that signs with a key that both have: its examples are taken as the platform would send them, now, while
/// verification is enforced. Those that sign with a private key or the URL have vectors only, or tests of their own.
#[tokio::test]
async fn a_signed_example_of_every_platform_is_verified() {
    let server = Server::start().await;
    let tool = Tool::of(&server);
    let (mut verified, mut others) = (Vec::new(), Vec::new());
    let platforms = platforms();
    for name in &platforms {
        let manifest = manifest(name);
        let Some(vectors) = manifest["verification"]["vectors"].as_array() else {
            others.push(name.as_str());
            continue;
        };
        let scheme = &manifest["verification"];
        let signs_url = scheme["signed"]
            .as_array()
            .is_some_and(|signed| signed.iter().any(|one| one.to_string().contains("{url}")));
        let is_hmac = scheme["algorithm"].as_str().is_some_and(|algorithm| algorithm.starts_with("hmac"));
        let is_secret = matches!(scheme["scheme"].as_str().unwrap(), "shared_secret" | "bearer" | "basic");
        // A test request is signed in its headers alone.
        let is_elsewhere = |place: &Value| place.get("body").or(place.get("query")).is_some();
        if signs_url || is_elsewhere(scheme) || is_elsewhere(&scheme["timestamp"]) || !(is_hmac || is_secret) {
            others.push(name.as_str());
            continue;
        }
        tool.printed(&["add", file(name).to_str().unwrap()]);
        let vector = vectors.iter().find(|vector| vector["verified"] == true).unwrap();
        let secret = vector["secret"].as_str().unwrap();
        let options = vector.get("options").cloned().unwrap_or_else(|| json!({}));
        let settings = json!({"signing_secret": secret, "options": options, "trust_unsigned_batch_items": true});
        server.source(name, &format!("inlet/{name}"), settings, json!([])).await;
        let example = manifest["examples"][0]["event_type"].as_str().unwrap();
        let source = format!("{name}@development");
        tool.printed(&["send", &source, "--example", example, "--secret", secret]);
        assert_eq!(server.last_log(name).await["verification_status"], "enforced:verified", "{name}");
        verified.push(name.as_str());
    }
    insta::assert_snapshot!(format!("verified: {}\nothers: {}", verified.join(" "), others.join(" ")), @"");
}

#[tokio::test]
async fn a_window_shorter_than_the_senders_horizon_is_pointed_out() {
    // The directory is used unchanged, with no command to the running server.
    let directory = directory().display().to_string();
    let server = Server::start_with(ServerOptions::default().arg("--plugins-dir").arg(directory)).await;
    server.source("stripe", "inlet/stripe", json!({}), json!([])).await;
    let status = "/v1/sources/stripe/status?environment=development";
    assert_eq!(server.get(status).await["notes"], json!([]), "the plugin's own window is long enough");
    server.source("stripe", "inlet/stripe", json!({"idempotency_window_seconds": 86400}), json!([])).await;
    let notes = server.get(status).await["notes"].clone();
    insta::assert_snapshot!(notes[0].as_str().unwrap(), @"in development keys are remembered for 86400 s, and the platform tries again for up to 72 h; a later try would be carried out again; set idempotency_window_seconds to 259200 or more");
}
