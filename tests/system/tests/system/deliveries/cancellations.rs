//! Cancellations: what was not sent yet is not sent, and what was sent is canceled there.

use serde_json::{Value, json};

use super::Deliveries;

impl Deliveries {
    async fn cancel(&self, body: Value) {
        let path = "/v1/workflows/order-confirmation/cancel";
        let request = self.server.request_with(&self.key, reqwest::Method::POST, path);
        let response = request.json(&body).send().await.unwrap();
        assert_eq!(response.status(), 204);
    }
}

#[tokio::test]
async fn a_canceled_run_that_waits_is_not_sent() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    deliveries.post("/v1/targets/crm/pause", json!({})).await;
    deliveries.order("m-1", json!({"order": "o-1", "to": [{"id": "u_1"}]})).await;
    deliveries.order("m-2", json!({"order": "o-2", "to": [{"id": "u_1"}, {"id": "u_2"}]})).await;
    deliveries.wait("pending", 2).await;
    deliveries.cancel(json!({"cancellation_key": "o-1"})).await;
    deliveries.cancel(json!({"cancellation_key": "o-2", "recipients": ["u_1"]})).await;
    assert_eq!(deliveries.wait("canceled", 1).await[0]["attempts"], 0);
    deliveries.post("/v1/targets/crm/resume", json!({})).await;
    deliveries.wait("delivered", 1).await;
    let requests = deliveries.receiver.wait_for(1).await;
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(requests[0].json()["data"]["recipients"], json!([{"id": "u_2"}]));
}

#[tokio::test]
async fn what_was_sent_is_canceled_there_after_it() {
    let deliveries = Deliveries::start().await;
    let url = format!("{}/crm", deliveries.receiver.url);
    let target = json!({"kind": "webhook", "url": url, "options": {"cancellations": true}});
    assert_eq!(deliveries.put_target("crm", target).await.0, 200);
    deliveries.order("m-1", json!({"order": "o-1", "to": [{"id": "u_1"}]})).await;
    deliveries.wait("delivered", 1).await;
    deliveries.cancel(json!({"cancellation_key": "o-1"})).await;
    let canceled = deliveries.wait("delivered", 2).await.remove(0);
    assert_eq!(canceled["call"], "cancel", "{canceled}");
    let requests = deliveries.receiver.wait_for(2).await;
    let (trigger, cancel) = (requests[0].json(), requests[1].json());
    assert_eq!((&trigger["type"], &cancel["type"]), (&json!("workflow_run.created"), &json!("workflow_run.canceled")));
    assert_eq!(trigger["data"]["workflow_run_id"], cancel["data"]["workflow_run_id"]);
    assert_eq!(deliveries.run_in("canceled").await["delivery_counts"]["delivered"], 2);
}
