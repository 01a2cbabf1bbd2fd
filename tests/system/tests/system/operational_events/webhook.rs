//! The webhook itself: its test event, retries, restarts, and what is kept without it.

use inlet_system_tests::{Receiver, ReceiverAnswer, Server, ServerOptions, read_json};
use reqwest::Method;
use serde_json::{Value, json};

use super::{list, listed_as, options, received, verified};

async fn test(server: &Server) -> (u16, Value) {
    let response = server.manage(Method::POST, "/v1/operational_events/test").send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

#[tokio::test]
async fn an_operator_tries_the_webhook() {
    let receiver = Receiver::start();
    let server = Server::start_with(options(&receiver)).await;
    let (status, event) = test(&server).await;
    assert_eq!(status, 201, "{event}");
    assert_eq!((&event["type"], &event["environment"]), (&json!("test"), &Value::Null));
    let delivered = listed_as(&server, "test", "delivered").await;
    assert_eq!((&delivered["id"], &delivered["attempts"]), (&event["id"], &json!(1)));
    let request = receiver.wait_for(1).await.remove(0);
    assert_eq!(request.header("webhook-id"), event["id"]);
    let body = verified(&request);
    assert_eq!(
        body,
        json!({"type": "test", "timestamp": event["timestamp"], "data": {
            "environment": null, "reason": "\"bootstrap\" asked for a test", "what_to_do": "nothing: the webhook works",
        }})
    );
    assert_eq!(body["data"], event["data"]);
    let (status, again) = test(&server).await;
    assert_eq!(status, 201, "a test is not too soon: {again}");
    receiver.wait_for(2).await;
}

#[tokio::test]
async fn an_event_is_sent_after_failures_and_after_a_crash_with_the_same_id_and_body() {
    let receiver = Receiver::start();
    // A long schedule: the event waits for its retry when the server is killed.
    let schedule = || options(&receiver).env("INLET_DELIVERY_RETRY_SECONDS", "[2, 2, 2, 2, 2, 2]");
    receiver.answer_always(ReceiverAnswer::new(500, "out of order"));
    let mut server = Server::start_with(schedule()).await;
    let (_, event) = test(&server).await;
    receiver.wait_for(1).await;
    server.kill();
    receiver.answer_always(ReceiverAnswer::new(204, ""));
    let (_directory, data_dir) = server.take_data_dir();
    let server = Server::start_with(ServerOptions { data_dir: Some(data_dir), ..schedule() }).await;
    let delivered = listed_as(&server, "test", "delivered").await;
    assert_eq!(delivered["id"], event["id"]);
    let requests = receiver.requests();
    assert!(requests.len() >= 2);
    for request in &requests {
        assert_eq!((request.header("webhook-id"), &request.body), (event["id"].as_str().unwrap(), &requests[0].body));
        verified(request);
    }
}

#[tokio::test]
async fn an_event_that_was_raised_and_not_sent_before_a_crash_is_sent_after_it() {
    let receiver = Receiver::start();
    let mut server = Server::start_with(options(&receiver)).await;
    // Nobody waits for the sending: the kill comes before, during or after it.
    let (_, event) = test(&server).await;
    server.kill();
    let (_directory, data_dir) = server.take_data_dir();
    let server = Server::start_with(ServerOptions { data_dir: Some(data_dir), ..options(&receiver) }).await;
    let delivered = listed_as(&server, "test", "delivered").await;
    assert_eq!(delivered["id"], event["id"]);
    assert!(receiver.requests().iter().all(|request| request.header("webhook-id") == event["id"]));
    assert!(!received(&receiver).is_empty());
}

#[tokio::test]
async fn what_the_webhook_never_takes_is_given_up_and_seen() {
    let receiver = Receiver::start();
    receiver.answer_always(ReceiverAnswer::new(302, "").header("location", "http://127.0.0.1/"));
    let server = Server::start_with(options(&receiver)).await;
    test(&server).await;
    let dead = listed_as(&server, "test", "dead").await;
    assert_eq!(dead["attempts"], 3);
    let error = dead["last_error"].as_str().unwrap();
    assert_eq!(error, "the target answered 302 Found: redirects are not followed; correct the target's URL");
    let metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("inlet_operational_event_attempts_total{outcome=\"failed\"} 3"), "{metrics}");
}

#[tokio::test]
async fn without_a_webhook_events_are_only_listed() {
    let server = Server::start().await;
    let (status, refused) = test(&server).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("operational_events_url"), "{refused}");
    assert_eq!(list(&server, "").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_url_without_a_secret_refuses_to_start() {
    let half = ServerOptions::default().env("INLET_OPERATIONAL_EVENTS_URL", "https://ops.example.com");
    let log = Server::try_start(half).await.err().unwrap();
    assert!(log.contains("operational_events_url is set and operational_events_secret is not"), "{log}");
}
