//! The dashboard's pages of the whole server in Chromium: plugins, settings, the audit log and the system.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use inlet_system_tests::{
    MANAGEMENT_TOKEN, Receiver, Server, ServerOptions, bundled_plugin, http_changed, read_json, repack, track,
};
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

#[tokio::test]
async fn the_state_of_the_server_and_its_changes_are_shown() {
    if !has_browser() {
        return;
    }
    let receiver = Receiver::start();
    let options = ServerOptions::default()
        .env("INLET_OPERATIONAL_EVENTS_URL", &receiver.url)
        .env("INLET_OPERATIONAL_EVENTS_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        .env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]");
    let server = Server::start_with(options).await;
    let script = "<script>alert(1)</script>";
    let author = server.management_token(json!({"name": script, "scopes": ["operate"]})).await;
    for number in 0..60 {
        let slug = if number == 0 { "production" } else { "development" };
        let path = format!("/v1/variables/PROBE_{number}?environment={slug}");
        let body = json!({"variable": {"value": "PROBE"}});
        let answer = server.request_with(&author, reqwest::Method::PUT, &path).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    let limited = json!({"name": "limited", "scopes": ["read"], "environments": ["development"]});
    let limited = server.management_token(limited).await;
    // Jobs run every few seconds, and the page waits for none of them.
    wait_for_job(&server, "retention").await;
    play(&server, "system", MANAGEMENT_TOKEN, &json!({"limited": limited, "script": script}));
}

/// Waits until a background job has run.
async fn wait_for_job(server: &Server, name: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let system = server.get("/v1/system").await;
        let jobs = system["jobs"].as_array().unwrap();
        if jobs.iter().any(|job| job["name"] == name && job["last_success_at"].is_string()) {
            return;
        }
        assert!(Instant::now() < deadline, "{system}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Returns the status and the location that an answer leads to.
async fn led(request: reqwest::RequestBuilder) -> (u16, Option<String>) {
    let answer = request.send().await.unwrap();
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), location)
}

#[tokio::test]
async fn a_link_of_a_token_signs_in_once_with_its_rights() {
    let server = Server::start().await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let reader = json!({"name": "Ana", "scopes": ["read"], "environments": ["development"]});
    let token = server.management_token(reader).await;
    let make = async || {
        let request = server.request_with(&token, reqwest::Method::POST, "/v1/sign_in_links");
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), read_json(answer).await)
    };
    let (status, link) = make().await;
    assert_eq!(status, 201, "{link}");
    let path = link["path"].as_str().unwrap();
    let url = format!("{}{path}?next=%2Fsources", server.admin);
    let answer = client.get(&url).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["location"]), (303, &"/sources".parse().unwrap()));
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(led(client.get(&url)).await, (401, None), "it works once");
    let page = |path: &str| client.get(format!("{}{path}", server.admin)).header("cookie", &cookie);
    let html = page("/settings/environments").send().await.unwrap().text().await.unwrap();
    assert!(html.contains("Ana") && html.contains("development") && !html.contains("production"), "{html}");

    // A link leads to no other server, ends with its token, and its code is in no log.
    let (_, link) = make().await;
    let elsewhere = format!("{}{}?next=%2F%2Fevil.example", server.admin, link["path"].as_str().unwrap());
    assert_eq!(led(client.get(elsewhere)).await, (303, Some("/".to_owned())));
    let (_, late) = make().await;
    let changes = server.get("/v1/changes?operation=createSignInLink").await;
    assert_eq!(changes["entries"][0]["who"]["name"], "Ana", "{changes}");
    let code = late["path"].as_str().unwrap().rsplit('/').next().unwrap();
    assert!(!changes.to_string().contains(code) && !server.log().contains(code));
    let mut statuses = Vec::new();
    while statuses.len() < 20 && statuses.last() != Some(&429) {
        statuses.push(make().await.0);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    let tokens = server.get("/v1/management_tokens").await;
    let path = format!("/v1/management_tokens/{}", tokens["entries"][0]["id"].as_str().unwrap());
    assert!(server.manage(reqwest::Method::DELETE, &path).send().await.unwrap().status().is_success());
    assert_eq!(led(client.get(format!("{}{}", server.admin, late["path"].as_str().unwrap()))).await.0, 401);
}
