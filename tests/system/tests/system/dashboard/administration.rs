//! The dashboard's pages of the whole server in Chromium: plugins, settings, the audit log and the system.

use std::path::PathBuf;

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, bundled_plugin, http_changed, repack, track};
use serde_json::{Value, json};

use super::{has_browser, play};

/// Returns a component that was built once for the contract 0.1.
fn frozen() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../host/sandbox/tests/contract_components/v0_1/plugin.wasm")
}

/// Makes a manifest that would run scripts in a page that trusts it.
fn with_scripts(manifest: &mut Value, script: &str) {
    manifest["name"] = json!(script);
    manifest["description"] = json!(script);
}

#[tokio::test]
async fn a_plugin_is_uploaded_used_with_its_difference_and_rolled_back() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let hostile = "<script>alert(1)</script>";
    let first = http_changed("acme/http", "1.0.0", |manifest| with_scripts(manifest, hostile));
    let (status, answer) = server.add_version("acme/http", "", &first).await;
    assert_eq!(status, 201, "{answer}");
    let crm = server.source("crm", "acme/http", json!({}), json!([])).await;
    crm.expect(track("Paid", "bo", "m-1", json!({})), &["logged"]).await;
    // Only the other version reads it.
    let page = r#"{"type":"page","name":"Home","userId":"ana","messageId":"m-2","properties":{}}"#;
    assert_eq!(crm.try_send(page).await.0, 422);

    let files = tempfile::TempDir::new().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = files.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let segment = std::fs::read(bundled_plugin("segment.wasm")).unwrap();
    let other = repack(&segment, |manifest| {
        manifest["key"] = json!("acme/http");
        manifest["version"] = json!("2.0.0");
        with_scripts(manifest, hostile);
    });
    let input = json!({
        "frozen": frozen(),
        "other": file("other.wasm", &other),
        "broken": file("broken.wasm", b"no component"),
        "hostile": hostile,
    });
    play(&server, "plugins", MANAGEMENT_TOKEN, &input);
    let changes = server.get("/v1/changes?resource=sources/crm").await;
    let operations = changes["entries"].as_array().unwrap().iter().map(|change| &change["operation"]);
    assert_eq!(operations.filter(|operation| *operation == "useSourcePlugin").count(), 2, "{changes}");
}

#[tokio::test]
async fn credentials_are_shown_once_and_settings_are_changed() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    server.source("shop", "http", json!({}), json!([])).await;
    let input = json!({"source": "shop", "script": "<script>alert(1)</script>"});
    play(&server, "settings", MANAGEMENT_TOKEN, &input);
    let environments = server.get("/v1/environments").await;
    let development = &environments["entries"][0];
    let changed = ["retention_days", "body_retention_days", "keep_bodies", "hide_personal_data"];
    assert_eq!(changed.map(|name| development[name].clone()), [json!(14), json!(7), json!("failures"), json!(true)]);
    assert_eq!(server.get("/v1/variables/CURRENCY?environment=development").await["value"], "USD");
}
