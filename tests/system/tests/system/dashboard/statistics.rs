//! The counts behind the overview.

use inlet_system_tests::{Server, track};
use serde_json::{Value, json};

#[tokio::test]
async fn statistics_count_events_by_outcome_and_stage() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "http", json!({}), json!([])).await;
    for number in 0..3 {
        let body = track("Order Completed", "u_1", &format!("m-{number}"), json!({}));
        endpoint.send(body).await;
    }
    let mut statistics = Value::Null;
    for _ in 0..600 {
        statistics = server.get("/v1/statistics?environment=development&source=shop").await;
        if sum(&statistics["entries"][0]["outcomes"]["logged"]) == 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(sum(&statistics["entries"][0]["outcomes"]["logged"]), 3, "{statistics}");
    let stages = statistics["stages"].as_array().unwrap();
    let total = stages.iter().find(|stage| stage["stage"] == "total").unwrap();
    assert_eq!(total["count"], 3, "{statistics}");
    assert!(total["p50_us"].as_u64() <= total["p99_us"].as_u64(), "{statistics}");
    assert_eq!(server.get("/v1/statistics?environment=production").await["entries"], json!([]));

    // A limited token adds nothing of other environments up.
    let token = server.management_token(json!({"name": "p", "scopes": ["read"], "environments": ["production"]})).await;
    let own = server.request_with(&token, reqwest::Method::GET, "/v1/statistics").send().await.unwrap();
    let own: Value = serde_json::from_str(&own.text().await.unwrap()).unwrap();
    assert_eq!((&own["entries"], &own["stages"]), (&json!([]), &json!([])));
}

fn sum(counts: &Value) -> u64 {
    counts.as_array().into_iter().flatten().filter_map(Value::as_u64).sum()
}
