//! Targets that do not work: nothing is lost, and what is wrong is said.

use serde_json::{Value, json};

use super::{Deliveries, SECRET};

impl Deliveries {
    /// Waits until the newest delivery had an attempt, and returns it.
    async fn attempted(&self) -> Value {
        let deadline = std::time::Instant::now() + super::PATIENCE;
        loop {
            let found = self.list("&status=retrying").await;
            if let Some(delivery) = found.first().filter(|delivery| !delivery["last_error"].is_null()) {
                return delivery.clone();
            }
            assert!(std::time::Instant::now() < deadline, "{:?}", self.list("").await);
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn a_target_that_does_not_resolve_waits_and_goes_on_when_it_is_corrected() {
    let deliveries = Deliveries::start_with("[600]").await;
    let target = json!({"kind": "webhook", "url": "http://no-such-host.invalid/", "signing_secret": SECRET});
    assert_eq!(deliveries.put_target("crm", target).await.0, 200);
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    let delivery = deliveries.attempted().await;
    assert_eq!((&delivery["status"], &delivery["last_response"]), (&json!("retrying"), &Value::Null), "{delivery}");
    assert!(delivery["last_error"].as_str().unwrap().contains("no-such-host.invalid"), "{delivery}");
    let whole = deliveries.delivery(&delivery["id"]).await;
    let attempt = &whole["attempt_log"][0];
    assert_eq!((&attempt["outcome"], &attempt["counted"]), (&json!("not_sent"), &json!(false)), "{whole}");

    let url = format!("{}/crm", deliveries.receiver.url);
    assert_eq!(deliveries.put_target("crm", json!({"url": url})).await.0, 200);
    // An attempt that begins at the same time may still have the old address.
    let deadline = std::time::Instant::now() + super::PATIENCE;
    while deliveries.list("&status=delivered").await.is_empty() {
        assert!(std::time::Instant::now() < deadline, "{:?}", deliveries.list("").await);
        let redriven = deliveries.post("/v1/deliveries/redrive", json!({"status": "retrying"})).await;
        assert_eq!(redriven.0, 200, "{redriven:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(deliveries.receiver.wait_for(1).await.len(), 1);
}

#[tokio::test]
async fn an_address_of_this_machine_is_refused_unless_it_is_allowed() {
    let server_options = inlet_system_tests::ServerOptions::default().env("INLET_DELIVERY_RETRY_SECONDS", "[600]");
    let server = inlet_system_tests::Server::start_with(server_options).await;
    let mappings = json!([{
        "event_type": "Order Completed", "action_type": "workflows_trigger",
        "action_parameters": {"key": "order-confirmation", "recipients": "data.to"},
    }]);
    let endpoint = server.source("shop", "segment", json!({}), mappings).await;
    let key = server.api_key("development").await;
    let receiver = inlet_system_tests::Receiver::start();
    let deliveries = Deliveries { server, endpoint, receiver, key };
    deliveries.webhook("crm").await;
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    let delivery = deliveries.attempted().await;
    assert!(delivery["last_error"].as_str().unwrap().contains("127.0.0.1"), "{delivery}");
    assert_eq!(deliveries.receiver.requests().len(), 0);
}

#[tokio::test]
async fn a_secret_that_is_removed_while_deliveries_wait_loses_nothing() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    deliveries.post("/v1/targets/crm/pause", json!({})).await;
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    deliveries.wait("pending", 1).await;
    let (status, target) = deliveries.put_target("crm", json!({"signing_secret": null})).await;
    assert_eq!((status, &target["secrets"]), (200, &json!([])), "{target}");
    deliveries.post("/v1/targets/crm/resume", json!({})).await;
    deliveries.wait("delivered", 1).await;
    let request = deliveries.receiver.wait_for(1).await.remove(0);
    assert_eq!(request.headers.get("webhook-signature"), None, "it is sent without a signature");

    for (kind, secret) in [("events", "write_key"), ("knock", "api_key"), ("novu", "api_key")] {
        let target = json!({"kind": kind, "url": deliveries.receiver.url, secret: "a-secret-key"});
        assert_eq!(deliveries.put_target(kind, target).await.0, 200);
        let (status, answer) = deliveries.put_target(kind, json!({secret: null})).await;
        let field = format!("target.{secret}");
        assert_eq!((status, &answer["field"]), (422, &json!(field)), "without it nothing could be sent: {answer}");
    }
}

#[tokio::test]
async fn two_targets_with_one_name_are_one_or_belong_to_two_environments() {
    let deliveries = Deliveries::start().await;
    let first = deliveries.webhook("crm").await;
    let url = format!("{}/second", deliveries.receiver.url);
    let (status, second) = deliveries.put_target("crm", json!({"kind": "webhook", "url": url})).await;
    assert_eq!((status, &second["inserted_at"]), (200, &first["inserted_at"]), "the same one, changed");
    let (status, answer) = deliveries.put_target("crm", json!({"kind": "log"})).await;
    assert_eq!((status, &answer["field"]), (422, &json!("target.kind")), "{answer}");
    let (status, answer) = deliveries.put_target("Crm", json!({"kind": "webhook", "url": url})).await;
    assert_eq!((status, &answer["field"]), (422, &json!("key")), "{answer}");
    let production = deliveries.server.manage(reqwest::Method::PUT, "/v1/targets/crm?environment=production");
    let target = json!({"target": {"kind": "webhook", "url": format!("{}/production", deliveries.receiver.url)}});
    assert_eq!(production.json(&target).send().await.unwrap().status(), 200);
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    deliveries.wait("delivered", 1).await;
    let paths: Vec<String> = deliveries.receiver.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/second"]);
    let other = deliveries.server.get("/v1/deliveries?environment=production").await;
    assert_eq!(other["entries"], json!([]));
}

#[tokio::test]
async fn many_that_put_one_name_at_once_change_one_target() {
    let deliveries = Deliveries::start().await;
    let put = |number: usize| {
        let url = format!("{}/{number}", deliveries.receiver.url);
        let request = deliveries.server.manage(reqwest::Method::PUT, "/v1/targets/crm?environment=development");
        let sent = request.json(&json!({"target": {"kind": "webhook", "url": url}})).send();
        tokio::spawn(async move { sent.await.unwrap().status().as_u16() })
    };
    let puts: Vec<_> = (0..10).map(put).collect();
    for put in puts {
        assert_eq!(put.await.unwrap(), 200);
    }
    let listed = deliveries.server.get("/v1/targets?environment=development").await;
    assert_eq!(listed["entries"].as_array().unwrap().len(), 1, "{listed}");
    let url = listed["entries"][0]["url"].as_str().unwrap().to_owned();
    let changes = deliveries.server.get("/v1/changes?environment=development&limit=100").await;
    let changes: Vec<&Value> =
        changes["entries"].as_array().unwrap().iter().filter(|change| change["resource"] == "targets/crm").collect();
    assert_eq!(changes.len(), 10, "{changes:?}");
    assert_eq!(changes[0]["after"]["settings"]["url"], url, "the last change is what it is now");
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    deliveries.wait("delivered", 1).await;
    let received = deliveries.receiver.wait_for(1).await.remove(0);
    assert_eq!(format!("{}{}", deliveries.receiver.url, received.path), url);
}

#[tokio::test]
async fn a_path_of_a_template_that_finds_nothing_becomes_null() {
    let deliveries = Deliveries::start().await;
    let template = |path: &str| {
        let text = format!("Order {{{{{path}}}}}, {{{{data.total}}}}");
        json!({
            "kind": "webhook", "url": deliveries.receiver.url,
            "options": {"body": {"template": {"value": format!("{{{{{path}}}}}"), "text": text, "plan": "{{recipient.plan}}"}}},
        })
    };
    let (status, answer) = deliveries.put_target("crm", template("dta.order")).await;
    assert_eq!(status, 422, "{answer}");
    let message = answer["message"].as_str().unwrap();
    assert!(message.contains("{{dta.order}}") && message.contains("data"), "{answer}");
    assert_eq!(deliveries.put_target("crm", template("data.order.number")).await.0, 200);
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}], "order": "o-1", "total": 39.5})).await;
    deliveries.wait("delivered", 1).await;
    let request = deliveries.receiver.wait_for(1).await.remove(0);
    assert_eq!(request.json(), json!({"value": null, "text": "Order , 39.5", "plan": null}));
}

#[tokio::test]
async fn ten_megabytes_of_data_arrive_whole_or_say_why_not() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    let url = deliveries.receiver.url.clone();
    let targets = [
        ("events", json!({"kind": "events", "url": url, "write_key": "w-1"})),
        ("knock", json!({"kind": "knock", "url": url, "api_key": "sk_1"})),
        ("novu", json!({"kind": "novu", "url": url, "api_key": "n_1"})),
        ("temporal", json!({"kind": "temporal", "url": url})),
        ("nats", json!({"kind": "nats", "url": url.replace("http", "nats")})),
    ];
    for (key, target) in targets {
        let (status, answer) = deliveries.put_target(key, target).await;
        assert_eq!(status, 200, "{answer}");
    }
    let users: Vec<Value> = (0..1000).map(|number| json!({"id": format!("u_{number}")})).collect();
    let event = deliveries.order("m-1", json!({"to": users, "long": "x".repeat(10 << 20)})).await;
    deliveries.wait("delivered", 1).await;
    // Targets are also asked for their workflows.
    let posted = || deliveries.receiver.requests().into_iter().filter(|request| request.method == "POST");
    let request = posted().next().unwrap().json();
    assert_eq!(request["data"]["data"]["long"].as_str().map(str::len), Some(10 << 20));
    assert_eq!(request["data"]["recipients"].as_array().unwrap().len(), 1000, "the data is sent once");

    let deadline = std::time::Instant::now() + super::PATIENCE;
    for target in ["events", "knock", "novu", "temporal", "nats"] {
        let dead = loop {
            let found = deliveries.list(&format!("&status=dead&target={target}")).await;
            if let Some(dead) = found.first() {
                break dead.clone();
            }
            assert!(std::time::Instant::now() < deadline, "{target}: {:?}", deliveries.list("").await);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        let error = dead["last_error"].as_str().unwrap();
        assert!(error.starts_with("the body for one recipient has ") && error.contains("the target takes"), "{dead}");
        assert_eq!(deliveries.target(target).await["state"], "running", "{target}");
    }
    let log = deliveries.server.get(&format!("/v1/sources/shop/logs?environment=development&id={event}")).await;
    assert_eq!(log["entries"][0]["needs_attention"], true);
    assert_eq!(posted().count(), 1, "nothing of the others was sent");
}
