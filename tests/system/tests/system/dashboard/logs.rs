//! The logs and the page of an event.

use inlet_system_tests::{
    Endpoint, MANAGEMENT_TOKEN, Receiver, Server, ServerOptions, binary, bundled_plugin, http_changed, track,
};
use serde_json::json;

use super::{has_browser, play};

/// A source with a user, whose events named `event` trigger a workflow for their user.
async fn shop(server: &Server, event: &str, user: &str) -> Endpoint {
    let parameters = json!({"key": "receipt", "recipients": "user_id"});
    let mapping = json!([
        {"event_type": event, "action_type": "workflows_trigger", "action_parameters": parameters},
        {"event_type": "Broken", "action_type": "workflows_trigger",
         "action_parameters": {"key": "receipt", "recipients": "data.missing"}},
    ]);
    let settings = json!({"enforce_idempotency": true, "handle_identifies": true});
    let shop = server.source("shop", "segment", settings, mapping).await;
    let identify = json!({"type": "identify", "userId": user, "messageId": "i-1", "traits": {"email": user}});
    shop.expect(identify.to_string(), &["executed"]).await;
    shop
}

/// Waits until a delivery of `development` arrived.
async fn wait_for_delivery(server: &Server) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let page = server.get("/v1/deliveries?environment=development").await;
        if page["entries"][0]["status"] == "delivered" {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{page}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_event_is_found_in_the_logs_previewed_and_run_again() {
    if !has_browser() {
        return;
    }
    let server =
        Server::start_with(ServerOptions::default().env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]")).await;
    let receiver = Receiver::start();
    let target = json!({"target": {"kind": "webhook", "url": receiver.url}});
    let path = "/v1/targets/crm?environment=development";
    let answer = server.manage(reqwest::Method::PUT, path).json(&target).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let hostile = "</td><script>alert(1)</script>' onclick='alert(1)";
    let shop = shop(&server, hostile, "u_1").await;
    for number in 0..60 {
        shop.expect(track("Viewed", "u_1", &format!("v-{number}"), json!({})), &["logged"]).await;
    }
    shop.expect(track("Broken", "u_1", "b-1", json!({})), &["failed"]).await;
    let properties = json!({"email": "ana@example.com", hostile: hostile, "deep": {"er": {"still": [hostile]}}});
    let event = track(hostile, "u_1", "m-1", properties);
    shop.expect(event.clone(), &["executed"]).await;
    shop.expect(event, &["replayed"]).await;
    wait_for_delivery(&server).await;
    let directory = tempfile::tempdir().unwrap();
    let archive = directory.path().join("case.tar");
    play(&server, "logs", MANAGEMENT_TOKEN, &json!({"hostile": hostile, "archive": archive}));

    // The suite takes the saved test case.
    let run = |program: &std::path::Path, arguments: &[&str]| {
        let output =
            std::process::Command::new(program).args(arguments).current_dir(directory.path()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    };
    run("tar".as_ref(), &["-xf", "case.tar"]);
    let plugin = bundled_plugin("segment.wasm");
    let report = run(&binary(), &["plugin", "test", plugin.to_str().unwrap(), "--cases", "."]);
    let case = std::fs::read_dir(directory.path().join("v0.2/must")).unwrap().next().unwrap().unwrap();
    assert!(report.contains(case.file_name().to_str().unwrap()), "{report}");
}

#[tokio::test]
async fn logs_show_a_reader_nothing_personal_and_no_button_in_vain() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let secret = "ana.private@example.com";
    let shop = shop(&server, "Paid", secret).await;
    shop.expect(track("Paid", secret, "m-1", json!({"email": secret})), &["executed"]).await;
    let hidden = server
        .manage(reqwest::Method::PATCH, "/v1/environments/development")
        .json(&json!({"hide_personal_data": true}));
    let answer = hidden.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    let token = server.management_token(json!({"name": "Ana", "scopes": ["read"]})).await;
    play(&server, "logs_read", &token, &json!({"secret": secret}));
}

#[tokio::test]
async fn rows_come_live_and_wait_while_somebody_reads() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let shop = server.source("shop", "segment", json!({}), json!([])).await;
    let hostile = "</td><script>alert(1)</script> id: x";
    play(&server, "live_tail", MANAGEMENT_TOKEN, &json!({"endpoint": shop.url, "hostile": hostile}));
}

#[tokio::test]
async fn many_events_are_run_again_with_a_preview_and_a_progress() {
    if !has_browser() {
        return;
    }
    const EVENTS: usize = 25;
    let server = Server::start().await;
    let mapping = |recipients: &str| {
        let one = |event: &str| {
            json!({"event_type": event, "action_type": "workflows_trigger",
                   "action_parameters": {"key": "receipt", "recipients": recipients}})
        };
        json!([one("A"), one("B")])
    };
    let shop = server.source("shop", "segment", json!({"handle_identifies": true}), mapping("data.missing")).await;
    shop.expect(json!({"type": "identify", "userId": "u_1", "traits": {}}).to_string(), &["executed"]).await;
    for number in 0..EVENTS {
        for event in ["A", "B"] {
            shop.expect(track(event, "u_1", &format!("{event}-{number}"), json!({})), &["failed"]).await;
        }
    }
    server.source("shop", "segment", json!({"handle_identifies": true}), mapping("user_id")).await;
    play(&server, "run_many_again", MANAGEMENT_TOKEN, &json!({"events": EVENTS}));
}

/// Returns a body of 5 MiB with 20,000 values, one of which has the text `needle`, and one is hostile.
fn large_item(needle: &str, digits: &str, hostile: &str) -> String {
    let item = |number: usize| {
        let note = match number {
            950 => needle.to_owned(),
            970 => hostile.to_owned(),
            _ => "p".repeat(4800),
        };
        let values: Vec<String> = (0..17).map(|value| format!("\"value_{value}\":{value}")).collect();
        format!("{{\"total\":{digits},{},\"note\":{}}}", values.join(","), json!(note))
    };
    let items: Vec<String> = (0..1100).map(item).collect();
    format!(
        r#"{{"type":"track","event":"Large","userId":"u_1","messageId":"l-1","properties":{{"items":[{}]}}}}"#,
        items.join(",")
    )
}

#[tokio::test]
async fn a_large_item_is_shown_searched_and_downloaded() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let shop = server.source("shop", "segment", json!({}), json!([])).await;
    let (needle, digits, hostile) = ("the needle", "12345678901234567890.10", "<script>alert(1)</script>");
    let body = large_item(needle, digits, hostile);
    assert!(body.len() > 5 << 20, "{} bytes", body.len());
    let answer = shop.expect(body, &["logged"]).await;
    let path = format!("/e/development/logs/shop/{}", answer["events"][0]["id"].as_str().unwrap());
    let input = json!({"path": path, "needle": needle, "digits": digits, "hostile": hostile});
    println!("{}", play(&server, "large_item", MANAGEMENT_TOKEN, &input));
}

/// A script tag in everything that others write: a header, a name, an id, and a plugin's manifest.
#[tokio::test]
async fn what_others_write_stays_text() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let hostile = "</script><script>alert(1)</script>";
    let evil = http_changed("acme/evil", "1.0.0", |manifest| {
        for name in ["name", "description"] {
            manifest[name] = json!(hostile);
        }
        manifest["categories"] = json!([hostile]);
        manifest["author"] = json!({"name": hostile});
        manifest["license"] = json!(hostile);
        manifest["setup"] =
            json!([{"text": format!("{hostile} `{hostile}`"), "link": "https://a.example/\"><script>"}]);
        let drawing = r#"<path d="M0 0h9v9z" onclick="alert(1)"/><script>alert(1)</script>"#;
        manifest["icon"] =
            json!(format!(r#"<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">{drawing}</svg>"#));
        manifest["headers"] = json!(["user-agent"]);
        manifest["verification"]["header"] = json!("x-webhook-secret");
        manifest["examples"][0]["body"] = json!({"type": "track", "event": hostile, "userId": hostile});
        manifest["examples"][0]["event_type"] = json!(format!("track/{hostile}"));
    });
    let (status, answer) = server.add_version("acme/evil", "", &evil).await;
    assert!(status < 300, "{answer}");
    let settings = json!({"signing_secret": "s3cr3t", "handle_identifies": true});
    let shop = server.source("shop", "acme/evil", settings, json!([])).await;
    let identify = json!({"type": "identify", "userId": hostile, "messageId": "i-1", "traits": {"name": hostile, "email": hostile}});
    let send = |secret: &str, body: String| {
        shop.post(body).header("x-webhook-secret", secret).header("user-agent", hostile).send()
    };
    assert_eq!(send("s3cr3t", identify.to_string()).await.unwrap().status(), 200);
    assert_eq!(send("s3cr3t", track(hostile, hostile, "m-1", json!({hostile: hostile}))).await.unwrap().status(), 200);
    assert_eq!(send("wrong", track(hostile, hostile, "m-2", json!({}))).await.unwrap().status(), 401);
    play(&server, "hostile", MANAGEMENT_TOKEN, &json!({"hostile": hostile}));
}
