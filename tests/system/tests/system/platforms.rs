//! Plugins that do not come with the server. Each is added to a running server, translates its manifest's examples into
//! the declared events, and accepts its platform's signature.

use std::{path::PathBuf, process::Command};

use inlet_system_tests::{Endpoint, Server, ServerOptions, binary, platform_directory, platform_plugin};
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

/// Returns the path of the plugin `inlet/<name>`.
fn file(name: &str) -> PathBuf {
    platform_plugin(&format!("inlet__{name}.wasm"))
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

/// One server for all platforms: each plugin is compiled when it is added.
#[tokio::test]
async fn the_examples_of_every_platform_become_their_events_and_verify() {
    let server = Server::start().await;
    let tool = Tool::of(&server);
    let (mut without_keys, mut verified, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for name in platforms() {
        tool.printed(&["add", file(&name).to_str().unwrap()]);
        let manifest = manifest(&name);
        if !deduplicates_by_default(&server, &name, &manifest).await {
            without_keys.push(name.clone());
        }
        examples_become_their_events(&server, &name, &manifest).await;
        match signable(&manifest) {
            Some(vector) => {
                a_signed_example_is_verified(&server, &tool, &name, &manifest, vector).await;
                verified.push(name);
            }
            None => others.push(name),
        }
    }
    // They name nothing, or repeat a name when something happens again.
    insta::assert_snapshot!(without_keys.join(" "), @"clay plaid polytomic supabase");
    insta::assert_snapshot!(format!("verified: {}\nothers: {}", verified.join(" "), others.join(" ")), @r"
    verified: adyen amplitude auth0 bitbucket braze cal-com calendly chargebee clay clerk courier freshpaint github gitlab intercom jitsu lemonsqueezy linear loops mailgun meta mparticle mux okta paddle pagerduty polytomic posthog postmark resend revenuecat sentry shopify slack standard-webhooks stripe supabase typeform vercel whatsapp workos zendesk zoom
    others: amazon-sns customer-io discord hubspot paypal plaid sendgrid square twilio
    ");
}

/// Every platform that repeats what it names is deduplicated by default, as its manifest says.
async fn deduplicates_by_default(server: &Server, name: &str, manifest: &Value) -> bool {
    server.source(name, &format!("inlet/{name}"), json!({}), json!([])).await;
    let source = server.get(&format!("/v1/sources/{name}?environment=development")).await;
    let settings = &source["environment_settings"]["development"]["settings"];
    let of_plugin = &manifest["defaults"]["settings"]["enforce_idempotency"];
    assert_eq!(settings["enforce_idempotency"], json!(of_plugin == true), "{name}");
    of_plugin == true
}

async fn examples_become_their_events(server: &Server, name: &str, manifest: &Value) {
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

/// Returns a genuine vector of a platform that signs with a key that both have. The others sign with a private key, the URL or
/// further headers, and have vectors only, or tests of their own.
fn signable(manifest: &Value) -> Option<&Value> {
    let scheme = &manifest["verification"];
    let alternatives = scheme["any_of"].as_array().map_or(std::slice::from_ref(scheme), Vec::as_slice);
    let is_shared = |scheme: &Value| {
        let signed = scheme["signed"].as_array();
        let signs = |piece: &str| signed.is_some_and(|signed| signed.iter().any(|one| one.to_string().contains(piece)));
        let is_hmac = scheme["algorithm"].as_str().is_some_and(|algorithm| algorithm.starts_with("hmac"));
        let is_secret = matches!(scheme["scheme"].as_str().unwrap(), "shared_secret" | "bearer" | "basic");
        (is_hmac || is_secret) && !signs("{url}") && !signs("{header:")
    };
    if scheme.is_null() || !alternatives.iter().all(is_shared) {
        return None;
    }
    scheme["vectors"].as_array()?.iter().find(|vector| vector["verified"] == true)
}

/// The example is sent as the platform would send it, now, while verification is enforced.
async fn a_signed_example_is_verified(server: &Server, tool: &Tool, name: &str, manifest: &Value, vector: &Value) {
    let secret = vector["secret"].as_str().unwrap();
    let options = vector.get("options").cloned().unwrap_or_else(|| json!({}));
    let settings = json!({"signing_secret": secret, "options": options, "trust_unsigned_batch_items": true});
    server.source(name, &format!("inlet/{name}"), settings, json!([])).await;
    let example = manifest["examples"][0]["event_type"].as_str().unwrap();
    tool.printed(&["send", &format!("{name}@development"), "--example", example, "--secret", secret]);
    assert_eq!(server.last_log(name).await["verification_status"], "enforced:verified", "{name}");
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

#[tokio::test]
async fn a_window_shorter_than_the_senders_horizon_is_pointed_out() {
    // The directory is used unchanged, with no command to the running server.
    let directory = platform_directory(&["inlet__stripe.wasm"]);
    let options = ServerOptions::default().arg("--plugins-dir").arg(directory.path().display().to_string());
    let server = Server::start_with(options).await;
    server.source("stripe", "inlet/stripe", json!({}), json!([])).await;
    let status = "/v1/sources/stripe/status?environment=development";
    assert_eq!(server.get(status).await["notes"], json!([]), "the plugin's own window is long enough");
    server.source("stripe", "inlet/stripe", json!({"idempotency_window_seconds": 86400}), json!([])).await;
    let notes = server.get(status).await["notes"].clone();
    insta::assert_snapshot!(notes[0].as_str().unwrap(), @"in development keys are remembered for 86400 s, and the platform tries again for up to 72 h; a later try would be carried out again; set idempotency_window_seconds to 259200 or more");
}
