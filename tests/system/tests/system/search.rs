//! One look-up of everything that has a name: `GET /v1/search`.

use std::time::{Duration, Instant};

use inlet_system_tests::{MANAGEMENT_TOKEN, Receiver, ReceiverAnswer, Server, ServerOptions, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

/// Returns the kinds of what has a name, with the id of the first.
async fn found(server: &Server, environment: &str, text: &str) -> (Vec<String>, Value) {
    let path = format!("/v1/search?environment={environment}&q={text}");
    let list = server.get(&path).await;
    let entries = list["entries"].as_array().unwrap();
    let kinds = entries.iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect();
    (kinds, entries.first().map(|entry| entry["id"].clone()).unwrap_or_default())
}

/// Lets a target of an environment give an id to a run of an event, and returns the delivery.
pub async fn begun_by_a_target(server: &Server, environment: &str, engine_id: &str) -> Value {
    let receiver = Receiver::start();
    receiver.answer_always(ReceiverAnswer::new(200, json!({"begun": {"id": engine_id}}).to_string()));
    let options = json!({"downstream_id": "/begun/id"});
    let target = json!({"target": {"kind": "webhook", "url": receiver.url, "options": options}});
    let path = format!("/v1/targets/engine?environment={environment}");
    let answer = server.manage(Method::PUT, &path).json(&target).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let key = server.api_key(environment).await;
    let trigger = json!({"recipients": [{"id": "u_9"}]});
    let request = server.request_with(&key, Method::POST, "/v1/workflows/receipt/trigger").json(&trigger);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let list = server.get(&format!("/v1/deliveries?environment={environment}&target=engine")).await;
        let delivery = list["entries"][0].clone();
        if delivery["status"] == "delivered" {
            assert_eq!(delivery["downstream_id"], engine_id);
            return delivery;
        }
        assert!(Instant::now() < deadline, "{list}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Settings of a server whose targets are on this machine.
pub fn with_local_targets() -> ServerOptions {
    ServerOptions::default().env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]")
}

/// Whatever the form of the id: an engine's may look like one of the server's own.
#[tokio::test]
async fn the_id_that_a_target_gave_leads_to_its_delivery_in_its_environment_only() {
    let server = Server::start_with(with_local_targets()).await;
    for (engine_id, written) in [
        ("wf-2026/7 é&x=1", "wf-2026%2F7%20%C3%A9%26x%3D1"),
        ("0199f0e0-0000-7000-8000-00000000beef", "0199f0e0-0000-7000-8000-00000000beef"),
    ] {
        let delivery = begun_by_a_target(&server, "development", engine_id).await;
        let expected = (vec!["downstream".to_owned()], delivery["id"].clone());
        assert_eq!(found(&server, "development", written).await, expected, "{engine_id}");
        assert_eq!(found(&server, "production", written).await.0, [""; 0], "environments never see each other");
        // It is compared exactly.
        assert_eq!(found(&server, "development", &written[..written.len() - 1]).await.0, [""; 0]);
        // Two engines may give the same id.
        let other = begun_by_a_target(&server, "production", engine_id).await;
        assert_eq!(found(&server, "production", written).await, (vec!["downstream".to_owned()], other["id"].clone()));
        assert_eq!(found(&server, "development", written).await, expected);
    }
}

#[tokio::test]
async fn an_id_a_key_a_user_and_an_email_lead_to_what_they_name() {
    let server = Server::start_with(with_local_targets()).await;
    let receiver = Receiver::start();
    let target = json!({"target": {"kind": "webhook", "url": receiver.url}});
    let path = "/v1/targets/crm?environment=development";
    let answer = server.manage(Method::PUT, path).json(&target).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let mapping = json!([{"event_type": "Paid", "action_type": "workflows_trigger",
                          "action_parameters": {"key": "receipt", "recipients": "user_id"}}]);
    let shop = server.source("shop", "segment", json!({"handle_identifies": true}), mapping).await;
    let identify =
        json!({"type": "identify", "userId": "u_1", "messageId": "i-1", "traits": {"email": "Ana@Example.com"}});
    shop.expect(identify.to_string(), &["executed"]).await;
    shop.expect(track("Paid", "u_1", "m-1", json!({})), &["executed"]).await;
    let event = server.get("/v1/logs?environment=development&limit=1").await["entries"][0]["id"].clone();
    let runs = server.get("/v1/workflow_runs?environment=development").await;
    let run = runs["entries"][0]["id"].clone();
    let delivery = server.get("/v1/deliveries?environment=development").await["entries"][0]["id"].clone();
    let text = |id: &Value| id.as_str().unwrap().to_owned();

    assert_eq!(found(&server, "development", &text(&event)).await, (vec!["event".to_owned()], event.clone()));
    assert_eq!(found(&server, "development", &text(&run)).await, (vec!["workflow_run".to_owned()], run));
    assert_eq!(found(&server, "development", &text(&delivery)).await, (vec!["delivery".to_owned()], delivery));
    assert_eq!(found(&server, "development", "m-1").await, (vec!["message".to_owned()], event.clone()));
    assert_eq!(
        found(&server, "development", "u_1").await,
        (vec!["user".to_owned(), "user_events".to_owned()], json!("u_1"))
    );
    assert_eq!(found(&server, "development", "ana@example.com").await, (vec!["email".to_owned()], json!("u_1")));
    assert_eq!(found(&server, "development", "nobody").await.0, [""; 0]);
    assert_eq!(found(&server, "production", &text(&event)).await.0, [""; 0], "environments never see each other");

    let hidden = json!({"hide_personal_data": true});
    let answer = server.manage(Method::PATCH, "/v1/environments/development").json(&hidden).send().await.unwrap();
    assert!(answer.status().is_success());
    assert_eq!(found(&server, "development", "ana@example.com").await.0, [""; 0], "an email is not told");
    for path in ["/v1/search?environment=development", "/v1/search?environment=development&q=%20"] {
        let refused = server.request_with(MANAGEMENT_TOKEN, Method::GET, path).send().await.unwrap();
        assert_eq!((refused.status().as_u16(), &read_json(refused).await["field"]), (422, &json!("q")), "{path}");
    }
}
