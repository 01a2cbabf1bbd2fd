//! The management of targets: secrets, versions, the change log, and what is hidden.

use inlet_system_tests::{ReceiverAnswer, all_files};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Deliveries, SECRET};

#[tokio::test]
async fn a_target_is_created_changed_and_shown_without_its_secrets() {
    let deliveries = Deliveries::start().await;
    let token = "Bearer 0123456789abcdef";
    let target = json!({
        "kind": "webhook", "url": "https://crm.example/hook", "signing_secret": SECRET,
        "secret_headers": {"authorization": token}, "options": {"order": "user", "headers": {"x-team": "growth"}},
    });
    let (status, created) = deliveries.put_target("crm", target).await;
    assert_eq!(status, 200, "{created}");
    assert_eq!(
        (&created["key"], &created["kind"], &created["active"]),
        (&json!("crm"), &json!("webhook"), &json!(true))
    );
    assert_eq!(created["options"], json!({"order": "user", "headers": {"x-team": "growth"}}));
    let hints = json!([
        {"name": "secret_headers.authorization", "hint": "cdef"},
        {"name": "signing_secret", "hint": &SECRET[SECRET.len() - 4..]},
    ]);
    assert_eq!(created["secrets"], hints);

    let (_, changed) = deliveries.put_target("crm", json!({"url": "https://crm.example/other"})).await;
    assert_eq!((&changed["url"], &changed["options"]), (&json!("https://crm.example/other"), &created["options"]));
    assert_eq!(changed["secrets"], hints, "they stay");
    let (status, again) = deliveries.put_target("crm", changed.clone()).await;
    assert_eq!(
        (status, &again["updated_at"]),
        (200, &changed["updated_at"]),
        "a response that is sent back changes nothing"
    );
    let listed = deliveries.server.get("/v1/targets?environment=development").await;
    assert_eq!(listed["entries"], json!([changed]));
    let elsewhere = deliveries.server.get("/v1/targets?environment=production").await;
    assert_eq!(elsewhere["entries"], json!([]));

    let changes = deliveries.server.get("/v1/changes?environment=development").await;
    let entries: Vec<&Value> =
        changes["entries"].as_array().unwrap().iter().filter(|change| change["resource"] == "targets/crm").collect();
    assert_eq!(entries.len(), 2, "{changes}");
    assert_eq!(entries[0]["after"]["settings"]["url"], "https://crm.example/other", "{changes}");
    assert_eq!(entries[1]["after"]["secrets"], "set");

    let everything = format!("{created}{changed}{listed}{changes}{}", deliveries.server.log());
    let files = all_files(deliveries.server.data_dir());
    for secret in [SECRET.trim_start_matches("whsec_"), token] {
        assert!(!everything.contains(secret), "{secret}");
        let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        let found: Vec<_> = files.iter().filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path).collect();
        assert_eq!(found, Vec::<&std::path::PathBuf>::new(), "{secret}");
    }
}

#[tokio::test]
async fn a_change_from_an_older_version_is_refused() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    let put = |tag: &'static str, url: &'static str| {
        let request = deliveries.server.manage(Method::PUT, "/v1/targets/crm?environment=development");
        request.header("if-match", tag).json(&json!({"target": {"url": url}})).send()
    };
    let first = put("\"1\"", "https://a.example/").await.unwrap();
    assert_eq!((first.status().as_u16(), first.headers()["etag"].to_str().unwrap()), (200, "\"2\""));
    assert_eq!(put("\"1\"", "https://b.example/").await.unwrap().status(), 412);
}

#[tokio::test]
async fn a_target_that_a_mapping_names_is_not_deleted() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    let mappings = json!([{
        "event_type": "Order Completed", "action_type": "workflows_trigger",
        "action_parameters": {"key": "order-confirmation", "targets": ["crm"]},
    }]);
    deliveries.server.source("shop", "segment", json!({}), mappings).await;
    let delete = || deliveries.server.manage(Method::DELETE, "/v1/targets/crm?environment=development").send();
    let refused = delete().await.unwrap();
    assert_eq!(refused.status(), 409);
    let message = refused.text().await.unwrap();
    assert!(message.contains("shop") && message.contains("Order Completed"), "{message}");
    deliveries.server.source("shop", "segment", json!({}), json!([])).await;
    assert_eq!(delete().await.unwrap().status(), 204);
}

#[tokio::test]
async fn an_environment_that_hides_personal_data_hides_what_targets_answer() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    let answer = ReceiverAnswer::new(200, r#"{"welcome":"ana@example.com"}"#).header("x-user", "ana@example.com");
    deliveries.receiver.answer_always(answer);
    let event = deliveries.order("m-1", json!({"to": [{"id": "u_1", "email": "ana@example.com"}]})).await;
    let id = deliveries.wait("delivered", 1).await[0]["id"].clone();
    assert!(deliveries.delivery(&id).await.to_string().contains("ana@example.com"));
    let hidden = json!({"hide_personal_data": true});
    let response =
        deliveries.server.manage(Method::PATCH, "/v1/environments/development").json(&hidden).send().await.unwrap();
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, 200, "{text}");
    let whole = deliveries.delivery(&id).await;
    assert_eq!((&whole["last_response"]["status"], &whole["last_response"]["body"]), (&json!(200), &json!("…")));
    let log = deliveries.server.get(&format!("/v1/sources/shop/logs?environment=development&id={event}")).await;
    assert_eq!(log["entries"][0]["deliveries"][0]["id"], id, "{log}");
    let shown = format!("{whole}{log}{:?}", deliveries.list("").await);
    assert!(!shown.contains("ana@example.com"), "{shown}");
}

#[tokio::test]
async fn deliveries_are_filtered_and_read_page_by_page() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    deliveries.webhook("mail").await;
    let mut events = Vec::new();
    for number in 1..=3 {
        events.push(deliveries.order(&format!("m-{number}"), json!({"to": [{"id": "u_1"}]})).await);
    }
    deliveries.wait("delivered", 6).await;
    assert_eq!(deliveries.list("&target=crm").await.len(), 3);
    assert_eq!(deliveries.list("&workflow=order-confirmation").await.len(), 6);
    assert_eq!(deliveries.list("&workflow=other").await.len(), 0);
    assert_eq!(deliveries.list("&status=dead").await.len(), 0);
    let of_event = deliveries.list(&format!("&source_event_id={}", events[0])).await;
    assert_eq!(of_event.len(), 2);
    let run = of_event[0]["workflow_run_id"].as_str().unwrap();
    assert_eq!(deliveries.list(&format!("&workflow_run_id={run}")).await, of_event);
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let page = deliveries.server.get(&format!("/v1/deliveries?environment=development&limit=4{after}")).await;
        ids.extend(page["entries"].as_array().unwrap().iter().map(|delivery| delivery["id"].clone()));
        match page["page_info"]["after"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => break,
        }
    }
    let all: Vec<Value> = deliveries.list("").await.iter().map(|delivery| delivery["id"].clone()).collect();
    assert_eq!((ids.len(), &ids), (6, &all));
}

#[tokio::test]
async fn metrics_tell_how_deliveries_end_and_what_waits() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    deliveries.wait("delivered", 1).await;
    deliveries.post("/v1/targets/crm/pause", json!({})).await;
    deliveries.order("m-2", json!({"to": [{"id": "u_2"}]})).await;
    let wanted = [
        r#"inlet_deliveries_open{environment="development",target="crm"} 1"#,
        r#"inlet_target_stopped{environment="development",target="crm"} 1"#,
        r#"inlet_delivery_attempts_total{environment="development",target="crm",outcome="delivered"} 1"#,
        r#"inlet_delivery_seconds_count{environment="development",target="crm"} 1"#,
    ];
    let deadline = std::time::Instant::now() + super::PATIENCE;
    loop {
        let metrics = deliveries.server.manage(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
        if wanted.iter().all(|line| metrics.contains(line)) {
            assert!(metrics.contains(r#"inlet_deliveries_oldest_age_seconds{environment="development",target="crm"}"#));
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{metrics}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
