//! The target `knock` and a receiver that checks every request with the contract of Knock's calls.

use inlet_system_tests::track;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Deliveries,
    engine_receiver::{EngineReceiver, body},
    receiver_table::milliseconds,
};
use crate::clients;

/// A server with a target `knock`, and its receiver.
struct Knock {
    deliveries: Deliveries,
    receiver: EngineReceiver,
}

impl Knock {
    /// Starts them; none if the receiver cannot run here.
    async fn start(options: Value) -> Option<Self> {
        if !clients::is_installed() {
            return None;
        }
        let deliveries = Deliveries::start_with("[0.05, 0.05, 600]").await;
        let receiver = EngineReceiver::start("knock.mjs");
        let target = json!({"kind": "knock", "url": receiver.url, "api_key": "sk_right", "options": options});
        let (status, answer) = deliveries.put_target("knock", target).await;
        assert_eq!(status, 200, "{answer}");
        let knock = Self { deliveries, receiver };
        knock.map(json!([])).await;
        Some(knock)
    }

    /// Replaces the mappings of the source.
    async fn map(&self, mappings: Value) {
        self.deliveries.server.source("shop", "segment", settings(), mappings).await;
    }

    /// Makes a call of the environment's own code.
    async fn call(&self, path: &str, request: &str) -> u16 {
        let server = &self.deliveries.server;
        let request = server
            .request_with(&self.deliveries.key, Method::POST, path)
            .header("content-type", "application/json")
            .body(request.to_owned());
        request.send().await.unwrap().status().as_u16()
    }

    /// Creates or changes a user.
    async fn identify(&self, id: &str, traits: Value) {
        let identify = json!({"type": "identify", "userId": id, "traits": traits}).to_string();
        self.deliveries.endpoint.expect(identify, &["executed"]).await;
    }

    async fn trigger(&self, request: Value) {
        assert_eq!(self.call("/v1/workflows/order-paid/trigger", &request.to_string()).await, 200);
    }

    async fn cancel(&self, request: Value) {
        assert_eq!(self.call("/v1/workflows/order-paid/cancel", &request.to_string()).await, 204);
    }
}

fn settings() -> Value {
    json!({"enforce_idempotency": true, "handle_identifies": true})
}

/// The calls of requests: the last segment of their paths.
fn calls(requests: &[Value]) -> Vec<&str> {
    requests.iter().map(|request| request["path"].as_str().unwrap().rsplit('/').next().unwrap()).collect()
}

#[tokio::test]
async fn a_webhook_becomes_a_trigger_with_every_digit() {
    let Some(knock) = Knock::start(json!({})).await else { return };
    knock
        .map(json!([{
            "event_type": "Order Completed", "action_type": "workflows_trigger",
            "action_parameters": {
                "key": "order paid/ü", "recipients": "data.to", "actor": "data.seller", "tenant": "data.shop",
                "data": "data.order", "cancellation_key": "data.order.id",
            },
        }]))
        .await;
    let event = r#"{"type":"track","event":"Order Completed","userId":"u_1","messageId":"m-1","properties":{"to":[{"id":"u_1","name":"Ana","email":null,"credit":9007199254740993,"$trigger_data":{"discount":1.10}},{"collection":"teams","id":"t1","name":"T","budget":39.50}],"seller":{"collection":"shops","id":"s1","name":"S"},"shop":{"id":"acme","name":"Acme"},"order":{"id":"o-1","total":39.50,"number":9007199254740993}}}"#;
    knock.deliveries.endpoint.expect(event, &["executed"]).await;
    let delivery = knock.deliveries.wait("delivered", 1).await.remove(0);
    let request = knock.receiver.wait_for(1).await.remove(0);
    assert_eq!(
        (&request["method"], &request["path"]),
        (&json!("POST"), &json!("/v1/workflows/order%20paid%2F%C3%BC/trigger"))
    );
    assert_eq!(request["headers"]["idempotency-key"], delivery["key"]);
    let expected = r#"{"recipients":[{"id":"u_1","name":"Ana","email":null,"credit":9007199254740993,"$trigger_data":{"discount":1.10}},{"collection":"teams","id":"t1","name":"T","budget":39.50}],"data":{"id":"o-1","total":39.50,"number":9007199254740993},"actor":{"collection":"shops","id":"s1"},"tenant":"acme","cancellation_key":"o-1"}"#;
    assert_eq!(request["body"], expected);
    assert_eq!(delivery["downstream_id"], request["answer"]["body"]["workflow_run_id"]);
    knock.deliveries.endpoint.expect(event, &["replayed"]).await;

    // An API call gives settings to its run.
    knock.trigger(json!({"recipients": ["u_1"], "settings": {"sandbox_mode": true, "skip_delay": null}})).await;
    let request = knock.receiver.wait_for(2).await.remove(1);
    assert_eq!(body(&request)["settings"], json!({"sandbox_mode": true}));
    assert_eq!(knock.receiver.requests().await.len(), 2, "the event that came again is not sent again");
}

#[tokio::test]
async fn properties_of_a_type_that_knock_refuses_do_not_spoil_the_call() {
    let Some(knock) = Knock::start(json!({})).await else { return };
    let traits = json!({
        "name": "Ana", "phone": 351_900_000_000_u64, "createdAt": 1_767_323_045, "timezone": 1, "credit": 7,
        "preferences": {"newsletter": true}, "channel_data": "none",
    });
    knock.identify("u_1", traits).await;
    let good = json!({"preferences": {"default": {"workflows": {"order-paid": {"channel_types": {"email": false}}}}}});
    knock.identify("u_2", good).await;
    let to = json!(["u_1", "u_2", {"collection": "teams", "id": "t1", "name": 7, "preferences": [], "size": 3}]);
    knock
        .map(json!([{
            "event_type": "Order Completed", "action_type": "workflows_trigger",
            "action_parameters": {"key": "order-paid", "recipients": "data.to"},
        }]))
        .await;
    knock.deliveries.order("m-1", json!({"to": to})).await;
    knock.deliveries.wait("delivered", 1).await;
    let request = knock.receiver.wait_for(1).await.remove(0);
    let expected = json!([
        {
            "id": "u_1", "name": "Ana", "phone_number": "351900000000", "created_at": "2026-01-02T03:04:05.000Z", "timezone": "1",
            "credit": 7, "createdAt": 1_767_323_045,
        },
        {"id": "u_2", "preferences": {"default": {"workflows": {"order-paid": {"channel_types": {"email": false}}}}}},
        {"collection": "teams", "id": "t1", "name": "7", "size": 3},
    ]);
    assert_eq!(body(&request)["recipients"], expected);
}

#[tokio::test]
async fn thousands_of_recipients_come_in_calls_of_a_thousand() {
    const SUBSCRIBERS: usize = 2345;
    let Some(knock) = Knock::start(json!({})).await else { return };
    knock
        .map(json!([
            {"event_type": "Follow", "action_type": "objects_set", "action_parameters": {"collection": "projects", "id": "data.project", "properties": "data.none"}},
            {"event_type": "Follow", "action_type": "objects_subscribe", "action_parameters": {"collection": "projects", "id": "data.project", "recipients": "data.to"}},
            {"event_type": "Posted", "action_type": "workflows_trigger", "action_parameters": {
                "key": "order-paid", "recipients": {"collection": "projects", "id": "data.project"}, "cancellation_key": "data.project",
            }},
        ]))
        .await;
    let users: Vec<Value> =
        (0..SUBSCRIBERS).map(|number| json!({"id": format!("u_{number:04}"), "credit": 39.5})).collect();
    for (number, to) in users.chunks(1000).enumerate() {
        let follow = track("Follow", "u_0", &format!("f-{number}"), json!({"project": "p1", "to": to}));
        knock.deliveries.endpoint.expect(follow, &["executed"]).await;
    }
    let posted = track("Posted", "u_0", "p-1", json!({"project": "p1"}));
    knock.deliveries.endpoint.expect(posted, &["executed"]).await;
    let deadline = std::time::Instant::now() + super::PATIENCE;
    let requests = loop {
        let requests = knock.receiver.requests().await;
        let count: usize = requests.iter().map(|request| body(request)["recipients"].as_array().unwrap().len()).sum();
        if count >= SUBSCRIBERS {
            break requests;
        }
        assert!(std::time::Instant::now() < deadline, "{count} recipients came");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let mut ids = Vec::new();
    let mut keys = std::collections::HashSet::new();
    for request in &requests {
        let recipients = body(request)["recipients"].as_array().unwrap().clone();
        assert!(recipients.len() <= 1000);
        ids.extend(recipients.iter().filter_map(|user| user["id"].as_str().map(str::to_owned)).filter(|id| id != "p1"));
        assert!(
            keys.insert(request["headers"]["idempotency-key"].as_str().unwrap().to_owned()),
            "each has its own key"
        );
        assert_eq!(body(request)["cancellation_key"], "p1");
    }
    ids.sort();
    let expected: Vec<&str> = users.iter().map(|user| user["id"].as_str().unwrap()).collect();
    assert_eq!(ids, expected, "every recipient once");
    assert!(requests.len() >= 3, "{} calls", requests.len());
    knock.deliveries.run_in("delivered").await;
}

#[tokio::test]
async fn a_cancel_comes_after_its_trigger_and_before_the_next() {
    let Some(knock) = Knock::start(json!({})).await else { return };
    let trigger = |user: &str| json!({"recipients": [{"id": user}], "cancellation_key": "o-1"});
    // The trigger fails at first; neither the cancel nor what follows overtakes it.
    knock.receiver.answer_next(json!([{"status": 500, "body": {}}])).await;
    knock.trigger(trigger("u_1")).await;
    knock.deliveries.wait("delivered", 1).await;
    knock.cancel(json!({"cancellation_key": "o-1"})).await;
    knock.trigger(trigger("u_2")).await;
    let delivered = knock.deliveries.wait("delivered", 3).await;
    let requests = knock.receiver.wait_for(4).await;
    assert_eq!(calls(&requests), ["trigger", "trigger", "cancel", "trigger"]);
    assert_eq!(body(&requests[2]), json!({"recipients": ["u_1"], "cancellation_key": "o-1"}));
    assert_eq!(requests[2]["headers"]["idempotency-key"], Value::Null);
    assert_eq!(body(&requests[3])["recipients"], json!([{"id": "u_2"}]));

    let cancel = delivered.iter().find(|delivery| delivery["call"] == "cancel").unwrap();
    let canceled = delivered.iter().min_by_key(|delivery| delivery["id"].as_str().unwrap().to_owned()).unwrap();
    let sent_at = knock.deliveries.delivery(&cancel["id"]).await["attempt_log"][0]["attempted_at"].clone();
    let gap = milliseconds(&sent_at) - milliseconds(&canceled["finished_at"]);
    assert!(gap >= 5000, "the cancel was sent {gap} ms after its trigger ended");
}

#[tokio::test]
async fn a_recipient_that_is_canceled_after_the_call_is_canceled_there() {
    let Some(knock) = Knock::start(json!({})).await else { return };
    let recipients = json!(["u_1", {"collection": "teams", "id": "t1"}, "u_2"]);
    for id in ["u_1", "u_2"] {
        knock.identify(id, json!({})).await;
    }
    knock.trigger(json!({"recipients": [{"collection": "teams", "id": "t1", "name": "T"}, "u_1", "u_2"], "cancellation_key": "o-1"})).await;
    knock.deliveries.wait("delivered", 1).await;
    knock.cancel(json!({"cancellation_key": "o-1", "recipients": [recipients[0], recipients[1]]})).await;
    knock.deliveries.wait("delivered", 2).await;
    let requests = knock.receiver.wait_for(2).await;
    let mut canceled = body(&requests[1])["recipients"].as_array().unwrap().clone();
    canceled.sort_by_key(Value::to_string);
    assert_eq!(canceled, [json!("u_1"), json!({"collection": "teams", "id": "t1"})]);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_with_the_same_key() {
    let Some(knock) = Knock::start(json!({})).await else { return };
    knock.receiver.answer_next(json!([{"hang_up": true}])).await;
    knock.trigger(json!({"recipients": [{"id": "u_1"}]})).await;
    let delivery = knock.deliveries.wait("delivered", 1).await.remove(0);
    let requests = knock.receiver.wait_for(2).await;
    assert_eq!(requests[0]["headers"]["idempotency-key"], requests[1]["headers"]["idempotency-key"]);
    assert_eq!(requests[1]["answer"]["headers"]["idempotent-replayed"], "true", "it ran once");
    assert_eq!(delivery["downstream_id"], requests[1]["answer"]["body"]["workflow_run_id"]);
}

#[tokio::test]
async fn a_part_that_knock_did_not_take_is_shown() {
    let Some(knock) = Knock::start(json!({})).await else { return };
    knock
        .receiver
        .answer_next(json!([
            {"status": 429, "headers": {"retry-after": "0"}, "body": {}},
            {"headers": {"x-ratelimited-recipients": "u_1"}},
        ]))
        .await;
    knock.trigger(json!({"recipients": [{"id": "u_1"}]})).await;
    let delivery = knock.deliveries.wait("delivered", 1).await.remove(0);
    let note = "a part of it was not taken: the answer has the header x-ratelimited-recipients";
    assert_eq!(delivery["last_error"], note, "{delivery}");
    let log = knock.deliveries.delivery(&delivery["id"]).await["attempt_log"].clone();
    assert_eq!((&log[0]["outcome"], &log[0]["counted"]), (&json!("throttled"), &json!(false)), "{log}");
    assert_eq!((&log[1]["outcome"], &log[1]["error"]), (&json!("delivered"), &json!(note)), "{log}");
    assert_eq!(log[1]["response_headers"]["x-ratelimited-recipients"], "u_1", "{log}");
    assert!(!log.to_string().contains("sk_right"), "{log}");
}

#[tokio::test]
async fn a_tier_limits_the_calls_of_a_second() {
    const CALLS: usize = 12;
    let Some(knock) = Knock::start(json!({"tier": 2})).await else { return };
    for number in 0..CALLS {
        knock.trigger(json!({"recipients": [{"id": format!("u_{number}")}]})).await;
    }
    let delivered = knock.deliveries.wait("delivered", CALLS).await;
    let first = delivered.iter().map(|delivery| milliseconds(&delivery["inserted_at"])).min().unwrap();
    let last = delivered.iter().map(|delivery| milliseconds(&delivery["finished_at"])).max().unwrap();
    // Five go out at once, and five in each second after.
    assert!(last - first >= 1400, "{CALLS} calls took {} ms", last - first);
    assert_eq!(knock.receiver.requests().await.len(), CALLS);
    for (options, field) in [(json!({"tier": 6}), "target.options.tier"), (json!({"tier": "5"}), "target.options.tier")]
    {
        let (status, answer) = knock.deliveries.put_target("knock", json!({"options": options})).await;
        assert_eq!((status, &answer["field"]), (422, &json!(field)), "{answer}");
    }
}

#[tokio::test]
async fn a_wrong_key_pauses_the_target_until_it_is_right() {
    let Some(knock) = Knock::start(json!({})).await else { return };
    let (status, _) = knock.deliveries.put_target("knock", json!({"api_key": "sk_wrong"})).await;
    assert_eq!(status, 200);
    knock.trigger(json!({"recipients": [{"id": "u_1"}]})).await;
    let target = knock.deliveries.target_in("knock", "paused").await;
    assert!(target["state_reason"].as_str().unwrap().contains("credentials"), "{target}");
    knock.trigger(json!({"recipients": [{"id": "u_2"}]})).await;
    assert_eq!(knock.deliveries.target("knock").await["open_deliveries"], 2);
    let status = knock.deliveries.server.get("/v1/sources/shop/status?environment=development").await;
    assert!(status["notes"][0].as_str().unwrap().contains("2 deliveries wait"), "{status}");

    let (status, target) = knock.deliveries.put_target("knock", json!({"api_key": "sk_right"})).await;
    assert_eq!((status, &target["state"]), (200, &json!("paused")), "{target}");
    let (status, target) = knock.deliveries.post("/v1/targets/knock/resume", json!({})).await;
    assert_eq!((status, &target["state"], &target["state_reason"]), (200, &json!("running"), &Value::Null));
    let delivered = knock.deliveries.wait("delivered", 2).await;
    let refused = knock.deliveries.delivery(&delivered[1]["id"]).await["attempt_log"][0].clone();
    assert_eq!((&refused["outcome"], &refused["counted"]), (&json!("wrong_credentials"), &json!(false)), "{refused}");
    assert_eq!(knock.receiver.requests().await.len(), 3, "one was refused, and each arrived once");
}

#[tokio::test]
async fn a_call_that_knock_refuses_is_given_up_at_once() {
    let Some(knock) = Knock::start(json!({})).await else { return };
    knock.receiver.answer_next(json!([{"status": 422, "body": {"code": "invalid_params"}}])).await;
    knock.trigger(json!({"recipients": [{"id": "u_1"}]})).await;
    let dead = knock.deliveries.wait("dead", 1).await.remove(0);
    assert_eq!((&dead["attempts"], &dead["last_response"]["status"]), (&json!(1), &json!(422)), "{dead}");
    assert_eq!(knock.receiver.requests().await.len(), 1);
}
