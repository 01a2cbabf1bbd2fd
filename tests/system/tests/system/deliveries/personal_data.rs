//! Deliveries in what a person is shown of themselves, and in what is forgotten.

use std::time::Instant;

use inlet_system_tests::{ReceiverAnswer, read_json};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Deliveries, PATIENCE};

impl Deliveries {
    /// Returns the lines of a type in a user's export.
    async fn exported(&self, user: &str, name: &str) -> Vec<Value> {
        let path = format!("/v1/users/{user}/export");
        let response = self.server.request_with(&self.key, Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let text = response.text().await.unwrap();
        assert!(text.ends_with("}\n") && text.contains("\"type\":\"end\""), "{text}");
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["type"] == name).collect()
    }

    /// Forgets a user, and returns what was removed.
    async fn forgotten(&self, user: &str) -> Value {
        let path = format!("/v1/users/{user}/forget");
        let begun = self.server.request_with(&self.key, Method::POST, &path).send().await.unwrap();
        assert_eq!(begun.status(), 202, "{}", read_json(begun).await);
        // It takes ten seconds at least.
        let deadline = Instant::now() + 3 * PATIENCE;
        loop {
            let (_, found) = self.server.get_with_key(&self.key, &path).await;
            if found["state"] == "completed" {
                return found["removed"].clone();
            }
            assert!(Instant::now() < deadline, "{found}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn an_export_has_the_deliveries_of_the_user_and_a_report_of_forgetting_counts_them() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    deliveries.receiver.answer_next([ReceiverAnswer::new(500, "down: bob's secret")]);
    let to = json!([{"id": "ana", "name": "Ana"}, {"id": "bob", "name": "Bob"}]);
    deliveries.order("m-1", json!({"to": to, "order": "o-1"})).await;
    deliveries.wait("delivered", 1).await;
    deliveries.order("m-2", json!({"to": [{"id": "bob"}], "order": "o-2"})).await;
    let listed = deliveries.wait("delivered", 2).await;

    let exported = deliveries.exported("ana", "delivery").await;
    assert_eq!(exported.len(), 1, "{exported:?}");
    let of_ana = &exported[0];
    assert_eq!(of_ana["id"], listed[1]["id"]);
    assert_eq!(of_ana["workflow_run_id"], listed[1]["workflow_run_id"]);
    assert_eq!((&of_ana["target"], &of_ana["kind"]), (&json!("crm"), &json!("webhook")));
    assert_eq!((&of_ana["call"], &of_ana["status"]), (&json!("trigger"), &json!("delivered")));
    let attempts = of_ana["attempts"].as_array().unwrap();
    let seen: Vec<_> =
        attempts.iter().map(|attempt| (attempt["outcome"].as_str().unwrap(), &attempt["status"])).collect();
    assert_eq!(seen, [("failed", &json!(500)), ("delivered", &json!(200))]);
    assert!(attempts.iter().all(|attempt| attempt["attempted_at"].is_string()), "{of_ana}");
    assert!(!of_ana.to_string().contains("secret"), "{of_ana}");
    assert_eq!(deliveries.exported("bob", "delivery").await.len(), 2);
    assert_eq!(deliveries.exported("nobody", "delivery").await, Vec::<Value>::new());

    let removed = deliveries.forgotten("ana").await;
    assert_eq!((&removed["workflow_run_recipients"], &removed["deliveries"]), (&json!(1), &json!(1)), "{removed}");
    let kept = deliveries.delivery(&listed[1]["id"]).await;
    assert_eq!(
        (&kept["status"], &kept["attempt_log"][0]["response_body"]),
        (&json!("delivered"), &json!("")),
        "{kept}"
    );
}
