//! The workflows of targets' engines, and warnings of mappings whose workflow no target knows.

use std::time::Duration;

use inlet_system_tests::{Receiver, ReceiverAnswer, Server};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Deliveries, options};

const API_KEY: &str = "novu-secret-key-0123456789";

/// The answer of Novu to `GET /v2/workflows`.
fn list(keys: &[&str]) -> ReceiverAnswer {
    let workflows: Vec<_> = keys.iter().map(|key| json!({"workflowId": key, "name": key, "slug": key})).collect();
    let total = workflows.len();
    ReceiverAnswer::new(200, json!({"data": {"workflows": workflows, "totalCount": total}}).to_string())
}

impl Deliveries {
    async fn workflows(&self, target: &str) -> Value {
        self.server.get(&format!("/v1/targets/{target}/workflows?environment=development")).await
    }

    /// Saves one mapping that triggers a workflow; returns the warnings.
    async fn save(&self, parameters: Value) -> Vec<String> {
        let mappings =
            json!([{"event_type": "Paid", "action_type": "workflows_trigger", "action_parameters": parameters}]);
        let body = json!({"source": {"environment_settings": {"development": {"mappings": mappings}}}});
        let path = "/v1/sources/shop?environment=development";
        let response = self.server.manage(Method::PUT, path).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let answer = inlet_system_tests::read_json(response).await;
        assert!(answer["source"].to_string().contains(&parameters["key"].to_string()), "{answer}");
        serde_json::from_value(answer["warnings"].clone()).unwrap()
    }
}

/// Starts a server with a target `novu`, whose engine has these workflows.
async fn with_novu(keys: &[&str]) -> (Deliveries, Receiver) {
    let deliveries = Deliveries::start().await;
    let novu = Receiver::start();
    novu.answer_always(list(keys));
    let (status, answer) =
        deliveries.put_target("novu", json!({"kind": "novu", "url": novu.url, "api_key": API_KEY})).await;
    assert_eq!(status, 200, "{answer}");
    (deliveries, novu)
}

#[tokio::test]
async fn an_unknown_workflow_is_saved_with_a_warning_that_names_the_nearest() {
    let (deliveries, novu) = with_novu(&["welcome", "order-paid"]).await;
    let listed = deliveries.workflows("novu").await;
    assert_eq!(listed["entries"], json!([{"key": "order-paid"}, {"key": "welcome"}]), "{listed}");
    assert_eq!((&listed["complete"], &listed["reason"]), (&json!(true), &Value::Null));
    assert!(listed["fetched_at"].is_string());
    let request = novu.wait_for(1).await.remove(0);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/v2/workflows?limit=25&offset=0"));
    assert_eq!(request.header("authorization"), format!("ApiKey {API_KEY}"));

    // Neither another look nor a saved mapping asks the engine again.
    let asked = novu.requests().len();
    assert_eq!(deliveries.workflows("novu").await, listed);
    let warnings = deliveries.save(json!({"key": "welcme"})).await;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].starts_with("source.environment_settings.development.mappings[0].action_parameters.key: "),
        "{warnings:?}"
    );
    assert!(
        warnings[0].contains("\"welcme\"") && warnings[0].contains("the nearest is \"welcome\" of \"novu\""),
        "{warnings:?}"
    );
    assert_eq!(deliveries.save(json!({"key": "welcome"})).await, Vec::<String>::new());
    assert_eq!(novu.requests().len(), asked);

    // A receiver that may know any workflow is enough.
    deliveries.webhook("crm").await;
    assert_eq!(deliveries.save(json!({"key": "welcme"})).await, Vec::<String>::new());
    assert_eq!(deliveries.save(json!({"key": "welcme", "targets": ["novu"]})).await.len(), 1);
    // Its own choice is a list too.
    let (status, _) = deliveries.put_target("crm", json!({"workflows": ["paid"]})).await;
    assert_eq!(status, 200);
    assert_eq!(deliveries.save(json!({"key": "welcme"})).await.len(), 1);
    assert_eq!(deliveries.save(json!({"key": "paid"})).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_engine_is_asked_once_however_many_wait_for_its_list() {
    let deliveries = Deliveries::start().await;
    let novu = Receiver::start();
    novu.answer_always(list(&["welcome"]).after(Duration::from_millis(300)));
    let target = json!({"kind": "novu", "url": novu.url, "api_key": API_KEY});
    deliveries.put_target("novu", target).await;
    let ask = || deliveries.workflows("novu");
    let (one, two, three) = tokio::join!(ask(), ask(), ask());
    assert_eq!(one["entries"], json!([{"key": "welcome"}]));
    assert!(one == two && two == three, "{one} {two} {three}");
    assert_eq!(novu.requests().len(), 1);
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page() {
    let deliveries = Deliveries::start().await;
    let novu = Receiver::start();
    let keys: Vec<String> = (0..27).map(|number| format!("workflow-{number:02}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    novu.answer_next([list(&keys[..25]), list(&keys[25..])]);
    novu.answer_always(ReceiverAnswer::new(500, ""));
    deliveries.put_target("novu", json!({"kind": "novu", "url": novu.url, "api_key": API_KEY})).await;
    let requests = novu.wait_for(2).await;
    assert_eq!(requests[1].path, "/v2/workflows?limit=25&offset=25");
    let listed = deliveries.workflows("novu").await;
    assert_eq!(listed["entries"].as_array().unwrap().len(), 27, "{listed}");
    assert_eq!(novu.requests().len(), 2);
}

#[tokio::test]
async fn where_there_is_no_list_a_sentence_says_why() {
    let (deliveries, novu) = with_novu(&[]).await;
    let reason = async |key: &str, target: Value| {
        let (status, answer) = deliveries.put_target(key, target).await;
        assert_eq!(status, 200, "{answer}");
        let answer = deliveries.workflows(key).await;
        assert_eq!((&answer["entries"], &answer["fetched_at"]), (&Value::Null, &Value::Null), "{answer}");
        answer["reason"].as_str().unwrap().to_owned()
    };
    let url = &deliveries.receiver.url;
    assert!(reason("knock", json!({"kind": "knock", "api_key": "sk_test_1"})).await.contains("service token"));
    let temporal = json!({"kind": "temporal", "url": url});
    assert!(reason("temporal", temporal).await.contains("workflow types"));
    assert!(reason("crm", json!({"kind": "webhook", "url": url})).await.contains("no known list"));
    let restate =
        json!({"kind": "webhook", "url": format!("{url}/{{workflow}}/run/send"), "options": {"preset": "restate"}});
    assert!(reason("restate", restate).await.contains("admin_url"));
    assert!(reason("log", json!({"kind": "log"})).await.contains("no list"));
    assert_eq!(deliveries.receiver.requests().len(), 0);

    // What an engine answers is bounded and not shown.
    for (name, answer, expected) in [
        ("refused", ReceiverAnswer::new(401, "no such key: hunter2"), "answered 401"),
        ("moved", ReceiverAnswer::new(302, "").header("location", "http://127.0.0.1:1/"), "answered 302"),
        ("long", ReceiverAnswer::new(200, " ".repeat(65 << 10)), "longer than 64 KiB"),
        ("other", ReceiverAnswer::new(200, r#"{"hunter2": []}"#), "holds no list"),
    ] {
        let engine = Receiver::start();
        engine.answer_always(answer);
        let reason = reason(name, json!({"kind": "novu", "url": engine.url, "api_key": API_KEY})).await;
        assert!(reason.contains(expected) && !reason.contains("hunter2") && !reason.contains(API_KEY), "{reason}");
    }
    assert!(novu.requests().iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn restate_lists_its_services_on_its_admin_port() {
    let deliveries = Deliveries::start().await;
    let admin = Receiver::start();
    admin.answer_always(ReceiverAnswer::new(200, r#"{"services":[{"name":"Welcome","handlers":[]}]}"#));
    let url = format!("{}/{{workflow}}/run/send", deliveries.receiver.url);
    let options = json!({"preset": "restate", "admin_url": admin.url});
    let (status, answer) =
        deliveries.put_target("restate", json!({"kind": "webhook", "url": url, "options": options})).await;
    assert_eq!(status, 200, "{answer}");
    let listed = deliveries.workflows("restate").await;
    assert_eq!(listed["entries"], json!([{"key": "Welcome"}]), "{listed}");
    assert_eq!(admin.requests()[0].path, "/services");
    assert_eq!(deliveries.save(json!({"key": "welcom"})).await.len(), 1);
}

#[tokio::test]
async fn a_list_takes_the_guarded_way_out() {
    let engine = Receiver::start();
    let server = Server::start_with(options("[0.05]").env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[]")).await;
    let target = json!({"target": {"kind": "novu", "url": engine.url, "api_key": API_KEY}});
    let put = server.manage(Method::PUT, "/v1/targets/novu?environment=development").json(&target).send().await;
    assert_eq!(put.unwrap().status(), 200);
    let answer = server.get("/v1/targets/novu/workflows?environment=development").await;
    assert!(answer["reason"].as_str().unwrap().contains("loopback"), "{answer}");
    assert_eq!(engine.requests().len(), 0);
}
