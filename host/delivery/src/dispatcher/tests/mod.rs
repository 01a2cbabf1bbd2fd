//! The dispatcher with a store and receivers on real sockets.

mod cancellations;
mod crashes;
mod fixture;
mod health;

use std::time::Duration;

use inlet_core::{delivery::DeliveryStatus, json};
use inlet_store::{AttemptNext, ClaimWanted, DeliveryTurn, FinishedAttempt, TargetState};
use serde_json::{Value, json};
use uuid::Uuid;

use self::fixture::{Fixture, Reply, bounded, scripted};
use super::*;
use crate::way_out::ClientOptions;

const GRACE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_run_is_delivered_once_and_its_attempt_is_recorded() {
    let fixture = Fixture::new().await;
    let (address, mut received) = scripted(|_| Reply::Status(200)).await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let secrets = json!({"signing_secret": secret, "secret_headers": {"authorization": "Bearer t0ken"}});
    fixture.target("hook", "webhook", json!({"url": format!("http://{address}/hook")}), secrets).await;
    let dispatcher = fixture.dispatcher(&[10]);
    fixture.trigger("u_1").await;
    let delivered = fixture.until(1, DeliveryStatus::Delivered).await.remove(0);
    let request = bounded(received.recv()).await.unwrap();
    assert_eq!(request.header("webhook-id"), delivered.delivery.key.to_string());
    assert_eq!(request.header("authorization"), "Bearer t0ken");
    assert!(request.header("webhook-signature").starts_with("v1,"));
    let at = |pointer: &str| json::point(&request.body, pointer).unwrap_or_default();
    assert_eq!(
        (at("/type"), at("/data/data/order"), at("/data/data/total")),
        (r#""workflow_run.created""#, "9007199254740993", "39.50")
    );
    assert_eq!(
        (at("/data/recipients/0/credit"), at("/data/recipients/0/trigger_data/rate")),
        ("9007199254740993", "39.50")
    );

    let attempts = fixture.attempts(&delivered).await;
    assert_eq!(attempts.len(), 1);
    let attempt = &attempts[0].attempt;
    assert_eq!(
        (attempt.status, attempt.outcome.as_str(), &*attempt.response_body),
        (Some(200), "delivered", &b"ok"[..])
    );
    assert!(attempt.request_headers.contains(r#""authorization":"[secret]""#), "{}", attempt.request_headers);
    assert!(attempt.response_headers.contains("x-receiver") && !attempt.response_headers.contains("cookie"));
    dispatcher.stop(GRACE).await;
    assert!(received.try_recv().is_err());
}

#[tokio::test]
async fn a_retry_sends_the_same_body_and_key_although_the_user_changed() {
    let fixture = Fixture::new().await;
    let (address, mut received) = scripted(|number| Reply::Status(if number < 2 { 500 } else { 204 })).await;
    fixture.webhook("hook", address).await;
    let dispatcher = fixture.dispatcher(&[1, 1, 1, 1]);
    fixture.trigger("u_1").await;
    let first = bounded(received.recv()).await.unwrap();
    fixture.rename("u_1", "Another").await;
    for _ in 0..2 {
        let again = bounded(received.recv()).await.unwrap();
        assert_eq!(
            (again.body.as_str(), again.header("webhook-id")),
            (first.body.as_str(), first.header("webhook-id"))
        );
    }
    let delivered = fixture.until(1, DeliveryStatus::Delivered).await.remove(0);
    let outcomes: Vec<_> =
        fixture.attempts(&delivered).await.into_iter().map(|stored| stored.attempt.outcome).collect();
    assert_eq!(outcomes, ["failed", "failed", "delivered"]);
    dispatcher.stop(GRACE).await;
}

#[tokio::test]
async fn a_delivery_is_dead_after_its_schedule() {
    let fixture = Fixture::new().await;
    let (address, mut received) = scripted(|_| Reply::Status(503)).await;
    fixture.webhook("hook", address).await;
    let dispatcher = fixture.dispatcher(&[1, 1]);
    fixture.trigger("u_1").await;
    let dead = fixture.until(1, DeliveryStatus::Dead).await.remove(0);
    assert_eq!((dead.delivery.attempts, dead.delivery.last_status), (3, Some(503)));
    dispatcher.stop(GRACE).await;
    let mut requests = 0;
    while received.try_recv().is_ok() {
        requests += 1;
    }
    assert_eq!(requests, 3);
}

#[tokio::test]
async fn a_410_disables_the_target_and_keeps_its_deliveries() {
    let fixture = Fixture::new().await;
    let (address, mut received) = scripted(|number| Reply::Status(if number == 0 { 410 } else { 200 })).await;
    let id = fixture.webhook("hook", address).await;
    let dispatcher = fixture.dispatcher(&[1]);
    fixture.trigger("u_1").await;
    let target = fixture.target_in(id, TargetState::Disabled).await;
    assert!(target.state_reason.unwrap().contains("410"));
    fixture.trigger("u_2").await;
    let waiting = fixture.wait(|all| all.len() == 2 && all.iter().all(|listed| listed.delivery.status.is_open())).await;
    assert_eq!(waiting.iter().map(|listed| listed.delivery.attempts).sum::<u32>(), 0);
    fixture.resume(id).await;
    fixture.until(2, DeliveryStatus::Delivered).await;
    dispatcher.stop(GRACE).await;
    let mut requests = 0;
    while received.try_recv().is_ok() {
        requests += 1;
    }
    assert_eq!(requests, 3);
}

#[tokio::test]
async fn wrong_credentials_and_settings_that_do_not_work_pause_a_target() {
    let fixture = Fixture::new().await;
    let (address, _received) = scripted(|_| Reply::Status(401)).await;
    let url = json!({"url": format!("http://{address}")});
    let wrong = fixture.target("knock", "knock", url.clone(), json!({"api_key": "sk_wrong"})).await;
    let without = fixture.target("novu", "novu", url, Value::Null).await;
    let dispatcher = fixture.dispatcher(&[1]);
    fixture.trigger("u_1").await;
    let wrong = fixture.target_in(wrong, TargetState::Paused).await.state_reason.unwrap();
    assert!(wrong.contains("credentials") && !wrong.contains("sk_wrong"), "{wrong}");
    let without = fixture.target_in(without, TargetState::Paused).await.state_reason.unwrap();
    assert!(without.contains("/api_key: it is missing"), "{without}");
    fixture.wait(|all| all.len() == 2 && all.iter().all(|listed| listed.delivery.status.is_open())).await;
    dispatcher.stop(GRACE).await;
}

#[tokio::test]
async fn an_address_that_is_refused_is_not_sent_to_and_uses_up_no_attempt() {
    let fixture = Fixture::new().await;
    let (address, mut received) = scripted(|_| Reply::Status(200)).await;
    fixture.webhook("hook", address).await;
    let dispatcher = fixture.dispatcher_of(ClientOptions::default(), &[100_000], DispatcherOptions::default());
    fixture.trigger("u_1").await;
    let waiting = fixture.wait(|all| all.iter().any(|listed| listed.last_attempt.is_some())).await.remove(0);
    let attempt = waiting.last_attempt.unwrap();
    assert_eq!(
        (attempt.attempt.outcome.as_str(), attempt.is_counted, waiting.delivery.attempts),
        ("not_sent", false, 0)
    );
    assert!(attempt.attempt.error.unwrap().contains("127.0.0.1 is loopback"));
    dispatcher.stop(GRACE).await;
    assert!(received.try_recv().is_err());
}

#[tokio::test]
async fn the_order_of_a_user_is_kept_over_retries() {
    let fixture = Fixture::new().await;
    let (address, mut received) = scripted(|number| Reply::Status(if number < 2 { 500 } else { 200 })).await;
    let settings = json!({"url": format!("http://{address}"), "options": {"order": "user"}});
    fixture.target("hook", "webhook", settings, Value::Null).await;
    for _ in 0..3 {
        fixture.trigger("u_1").await;
    }
    let dispatcher = fixture.dispatcher(&[1, 1, 1]);
    let delivered = fixture.until(3, DeliveryStatus::Delivered).await;
    let [first, second, third] = [0, 1, 2].map(|index| delivered[index].delivery.key.to_string());
    let mut keys = Vec::new();
    while let Ok(request) = received.try_recv() {
        keys.push(request.header("webhook-id").to_owned());
    }
    assert_eq!(keys, [&first, &first, &first, &second, &third].map(String::clone));
    dispatcher.stop(GRACE).await;
}

#[tokio::test]
async fn a_cancel_names_the_trigger_that_it_cancels() {
    let fixture = Fixture::new().await;
    let (address, mut received) = scripted(|_| Reply::Status(200)).await;
    fixture.target("temporal", "temporal", json!({"url": format!("http://{address}")}), Value::Null).await;
    let dispatcher = fixture.dispatcher(&[1]);
    fixture.trigger("u_1").await;
    let triggered = fixture.until(1, DeliveryStatus::Delivered).await.remove(0).delivery;
    fixture.cancel().await;
    fixture.until(2, DeliveryStatus::Delivered).await;
    let (trigger, cancel) = (bounded(received.recv()).await.unwrap(), bounded(received.recv()).await.unwrap());
    let path = format!("POST /api/v1/namespaces/default/workflows/inlet-{}", triggered.key);
    assert!(trigger.head.starts_with(&format!("{path} HTTP/1.1")), "{}", trigger.head);
    assert!(cancel.head.starts_with(&format!("{path}/cancel HTTP/1.1")), "{}", cancel.head);
    dispatcher.stop(GRACE).await;
}

#[tokio::test]
async fn a_key_that_is_remembered_with_its_error_is_sent_once() {
    let fixture = Fixture::new().await;
    let (address, mut received) = scripted(|_| Reply::Status(500)).await;
    let settings = json!({"url": format!("http://{address}")});
    fixture.target("novu", "novu", settings, json!({"api_key": "n-1"})).await;
    let dispatcher = fixture.dispatcher(&[1, 1]);
    fixture.trigger("u_1").await;
    let dead = fixture.until(1, DeliveryStatus::Dead).await.remove(0).delivery;
    let mut keys = Vec::new();
    let mut bodies = Vec::new();
    while let Ok(request) = received.try_recv() {
        keys.push(request.header("idempotency-key").to_owned());
        bodies.push(request.body);
    }
    assert_eq!(keys, [dead.key.to_string(), format!("{}-1", dead.key), format!("{}-2", dead.key)]);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    dispatcher.stop(GRACE).await;
}

#[tokio::test]
async fn another_dispatcher_goes_on_after_a_crash() {
    let fixture = Fixture::new().await;
    let (address, mut received) =
        scripted(|number| if number == 0 { Reply::Nothing } else { Reply::Status(200) }).await;
    fixture.webhook("hook", address).await;
    let options = DispatcherOptions { lease: Duration::from_secs(2), ..DispatcherOptions::default() };
    let first = fixture.dispatcher_with(&[1], options.clone());
    fixture.trigger("u_1").await;
    let before = bounded(received.recv()).await.unwrap();
    first.kill().await;
    let second = fixture.dispatcher_with(&[1], options);
    let after = bounded(received.recv()).await.unwrap();
    assert_eq!((before.body.as_str(), before.header("webhook-id")), (after.body.as_str(), after.header("webhook-id")));
    fixture.until(1, DeliveryStatus::Delivered).await;
    second.stop(GRACE).await;
}

#[tokio::test]
async fn a_worker_that_comes_late_writes_nothing() {
    let fixture = Fixture::new().await;
    let (address, _received) = scripted(|_| Reply::Status(200)).await;
    let target = fixture.webhook("hook", address).await;
    fixture.trigger("u_1").await;
    let late = Uuid::now_v7();
    let mut turn = DeliveryTurn::new(late, Duration::from_millis(1));
    turn.wanted = vec![ClaimWanted { target, first_attempts: 1, retries: 1, late: 1 }];
    let claim = fixture.store.delivery_turn(turn).await.unwrap().claimed.remove(0).claim;
    let dispatcher = fixture.dispatcher(&[1]);
    let delivered = fixture.until(1, DeliveryStatus::Delivered).await;
    let mut turn = DeliveryTurn::new(late, Duration::from_secs(60));
    turn.finished = vec![FinishedAttempt { claim, attempt: None, next: AttemptNext::Dead { is_counted: true } }];
    assert_eq!(fixture.store.delivery_turn(turn).await.unwrap().lost, [claim]);
    assert_eq!(fixture.deliveries().await, delivered);
    dispatcher.stop(GRACE).await;
}

#[tokio::test]
async fn a_target_that_hangs_delays_no_other() {
    let fixture = Fixture::new().await;
    let (hanging, _hangs) = scripted(|_| Reply::Nothing).await;
    let (quick, _received) = scripted(|_| Reply::Status(200)).await;
    let slow = fixture.webhook("slow", hanging).await;
    let fast = fixture.webhook("fast", quick).await;
    for number in 0..50 {
        fixture.trigger(&format!("u_{number}")).await;
    }
    let dispatcher = fixture.dispatcher(&[1000]);
    let all = fixture
        .wait(|all| {
            let mut of_fast = all.iter().filter(|listed| listed.delivery.target_id == fast);
            all.len() == 100 && of_fast.all(|listed| listed.delivery.status == DeliveryStatus::Delivered)
        })
        .await;
    let mut of_slow = all.iter().filter(|listed| listed.delivery.target_id == slow);
    assert!(of_slow.all(|listed| listed.delivery.status == DeliveryStatus::Pending));
    dispatcher.stop(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stop_ends_what_is_under_way_and_gives_the_rest_back() {
    let fixture = Fixture::new().await;
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let (address, mut received) = scripted(move |number| {
        if number == 0 {
            // Holds the first answer back until the dispatcher stops.
            let wait = wait.lock().unwrap();
            tokio::task::block_in_place(|| wait.recv().unwrap());
        }
        Reply::Status(200)
    })
    .await;
    let settings = json!({"url": format!("http://{address}"), "options": {"concurrency": 1}});
    fixture.target("hook", "webhook", settings, Value::Null).await;
    fixture.trigger("u_1").await;
    fixture.trigger("u_2").await;
    let dispatcher = fixture.dispatcher(&[1]);
    fixture
        .wait(|all| all.iter().all(|listed| listed.delivery.is_under_way && listed.delivery.body_bytes.is_some()))
        .await;
    let stopping = tokio::spawn(dispatcher.stop(GRACE));
    fixture.wait(|all| all.iter().filter(|listed| listed.delivery.is_under_way).count() == 1).await;
    go.send(()).unwrap();
    bounded(stopping).await.unwrap();
    let all = fixture.deliveries().await;
    let count = |status| all.iter().filter(|listed| listed.delivery.status == status).count();
    assert_eq!((count(DeliveryStatus::Delivered), count(DeliveryStatus::Pending)), (1, 1));
    assert!(all.iter().all(|listed| !listed.delivery.is_under_way));
    bounded(received.recv()).await.unwrap();
    assert!(received.try_recv().is_err());
}
