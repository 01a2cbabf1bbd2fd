//! Redact paths of sources whose plugins write the data themselves (semantics.md §7).

use inlet_system_tests::{Server, ServerOptions, all_files, platform_directory, read_json};
use serde_json::{Value, json};

/// The value to be blanked, which no encoding changes.
const CANARY: &str = "canary77aa";

fn settings() -> Value {
    json!({
        "redact_paths": ["data.email", "context.traits.phone", "data.sender.email", "headers.x-email"],
        "keep_headers": ["x-email"],
        "handle_identifies": true,
    })
}

fn assert_nowhere_stored(server: &Server) {
    for (path, bytes) in all_files(server.data_dir()) {
        let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!found, "{} holds what is to be redacted", path.display());
    }
}

#[tokio::test]
async fn forms_and_flattened_queries_are_blanked_in_every_stored_form() {
    let server = Server::start().await;
    let endpoint = server.source("rudderstack", "rudderstack", settings(), json!([])).await;
    let form = format!("type=identify&userId=u&email={CANARY}&phone={CANARY}&plan=pro");
    endpoint.expect(form, &["executed"]).await;
    let log = server.last_log("rudderstack").await;
    let blanked = "type=identify&userId=u&email=%5Bredacted%5D&phone=%5Bredacted%5D&plan=pro";
    assert_eq!((&log["data"]["email"], &log["data"]["plan"]), (&json!("[redacted]"), &json!("pro")));
    assert_eq!(
        (&log["original_text"], &log["redacted"]),
        (&json!(blanked), &json!(["data.email", "context.traits.phone"]))
    );
    assert!(server.user_text("u").await.unwrap().contains("[redacted]"));

    let xml = format!("<root><type>identify</type><userId>v</userId><traits><email>{CANARY}</email></traits></root>");
    endpoint.expect(xml, &["executed"]).await;
    let log = server.last_log("rudderstack").await;
    assert_eq!((&log["data"], &log["original_text"]), (&json!({"email": "[redacted]"}), &json!("[redacted]")));
    assert_eq!(log["redacted"], json!(["data.email", "body"]));

    // Rejected, for want of a type; then translated again from what is kept.
    let rejected = [format!("{}?email={CANARY}&a=1", endpoint.url), format!("{}/nothing?phone={CANARY}", endpoint.url)];
    for url in &rejected {
        let sent = server.client.get(url).header("x-email", CANARY).send().await.unwrap();
        assert_eq!(read_json(sent).await["events"][0]["outcome"], "rejected", "{url}");
    }
    endpoint.expect(format!("email={CANARY}&a=1"), &["rejected"]).await;
    assert_nowhere_stored(&server);
    let entries = server.logs("rudderstack").await;
    let by_path = json!({"event_type_path": "headers.x-email"});
    server.source("rudderstack", "rudderstack", by_path, json!([])).await;
    let query = entries.iter().find(|entry| entry["redacted"] == json!(["headers.x-email"])).unwrap();
    let path = format!("/v1/sources/rudderstack/logs/{}/replay?environment=development", query["id"].as_str().unwrap());
    let response = server.manage(reqwest::Method::POST, &path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let again = server.last_log("rudderstack").await;
    assert_eq!((&again["event_type"], &again["outcome"]), (&json!("[redacted]"), &json!("logged")));
    assert!(again["data"].to_string().contains("[redacted]"), "{again}");
    assert_nowhere_stored(&server);
}

#[tokio::test]
async fn the_form_of_a_platform_is_blanked_like_its_json() {
    let directory = platform_directory(&["inlet__github.wasm"]);
    let options = ServerOptions::default().arg("--plugins-dir").arg(directory.path().display().to_string());
    let server = Server::start_with(options).await;
    let endpoint = server.source("github", "inlet/github", settings(), json!([])).await;
    let body = json!({"action": "opened", "sender": {"id": 7, "email": CANARY, "login": "ana"}}).to_string();
    let form = format!("payload={}", body.replace('"', "%22").replace('{', "%7B").replace('}', "%7D"));
    for body in [body, form] {
        let sent =
            server.client.post(&endpoint.url).header("x-github-event", "issues").body(body).send().await.unwrap();
        assert_eq!(read_json(sent).await["events"][0]["outcome"], "logged");
        let log = server.last_log("github").await;
        assert_eq!(log["data"]["sender"], json!({"id": 7, "email": "[redacted]", "login": "ana"}));
        assert_eq!(log["redacted"], json!(["data.sender.email"]));
    }
    assert_nowhere_stored(&server);
}
