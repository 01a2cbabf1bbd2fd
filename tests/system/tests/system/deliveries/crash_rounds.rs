//! SIGKILL of the server, and of the receiver, while deliveries are under way.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use inlet_system_tests::{Endpoint, Server, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    PATIENCE,
    crash_records::{Call, Record, RecordingReceiver, arrivals, check_order},
    options,
};

const CLIENTS: usize = 4;
/// The events of a round, each with a delivery to each target.
const EVENTS: usize = 60;
/// The targets with their order.
const TARGETS: [(&str, Option<&str>); 3] =
    [("unordered", None), ("by-user", Some("user")), ("by-order", Some("cancellation_key"))];
/// What failed is tried again at once and as often as needed. The last delay is never reached; without it, deliveries that
/// could not be sent would be given up soon.
const MANY_RETRIES: usize = 200;
/// The longest time until everything is delivered. A target that failed for a moment rests for seconds.
const DRAIN: Duration = Duration::from_secs(180);

#[derive(Clone, Copy, PartialEq)]
enum Victim {
    Server,
    Receiver,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_server_lose_no_delivery_and_no_order() {
    kill_in_rounds(Victim::Server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_the_receiver_lose_no_delivery_and_no_order() {
    kill_in_rounds(Victim::Receiver).await;
}

/// Returns the number of kills: few, unless `INLET_CRASH_ROUNDS` says otherwise.
fn rounds() -> usize {
    std::env::var("INLET_CRASH_ROUNDS").map_or(5, |rounds| rounds.parse().unwrap())
}

fn retries() -> String {
    format!("[{}3600]", "0.05,".repeat(MANY_RETRIES))
}

async fn kill_in_rounds(victim: Victim) {
    let mut receiver = RecordingReceiver::start();
    let mut server = Server::start_with(options(&retries())).await;
    set_up(&server, &receiver).await;
    let answered: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let next = Arc::new(AtomicUsize::new(0));
    let mut dirs: Vec<TempDir> = Vec::new();
    for round in 0..rounds() {
        let source = server.get("/v1/sources/shop?environment=development").await;
        let endpoint = server.endpoint_of(&source, "development");
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| tokio::spawn(client(endpoint.clone(), next.clone(), answered.clone(), stop.clone())))
            .collect();
        // Each kill comes at another moment of the round.
        let wanted = receiver.records().len() + 20 + 14 * (round % 10);
        let deadline = Instant::now() + PATIENCE;
        while receiver.records().len() < wanted {
            assert!(Instant::now() < deadline, "deliveries do not arrive in round {round}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        match victim {
            Victim::Server => server.kill(),
            Victim::Receiver => receiver.kill_and_restart(),
        }
        stop.store(victim == Victim::Server, Ordering::Relaxed);
        for client in clients {
            client.await.unwrap();
        }
        if victim == Victim::Server {
            // What the killed server had sent arrives before what the next one sends.
            receiver.wait_until_idle().await;
            let (dir, data_dir) = server.take_data_dir();
            dirs.extend(dir);
            let mut options = options(&retries());
            options.data_dir = Some(data_dir);
            server = Server::start_with(options).await;
        }
    }
    let deliveries = drain(&server).await;
    let answered = answered.lock().unwrap().clone();
    check_runs(&server, &answered, &deliveries).await;
    check_arrivals(&server, &deliveries, &receiver.records()).await;
}

async fn set_up(server: &Server, receiver: &RecordingReceiver) {
    let mappings = json!([{"event_type": "E", "action_type": "workflows_trigger", "action_parameters":
        {"key": "k", "recipients": {"id": "user_id"}, "data": {"n": "data.n"}, "cancellation_key": "data.order"}}]);
    server.source("shop", "segment", json!({"enforce_idempotency": true}), mappings).await;
    for (key, order) in TARGETS {
        let options = order.map_or(json!({}), |order| json!({"order": order}));
        let target = json!({"kind": "webhook", "url": format!("{}/{key}", receiver.url), "options": options});
        let path = format!("/v1/targets/{key}?environment=development");
        let response = server.manage(Method::PUT, &path).json(&json!({"target": target})).send().await.unwrap();
        let (status, answer) = (response.status(), read_json(response).await);
        assert_eq!(status, 200, "{answer}");
    }
}

/// Sends its share of the events of a round, or until the server is gone.
async fn client(
    endpoint: Endpoint,
    next: Arc<AtomicUsize>,
    answered: Arc<Mutex<BTreeSet<String>>>,
    stop: Arc<AtomicBool>,
) {
    for _ in 0..EVENTS / CLIENTS {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let n = next.fetch_add(1, Ordering::Relaxed);
        let properties = json!({"n": n, "order": format!("o-{}", n % 7)});
        let body = track("E", &format!("u_{}", n % 12), &format!("m-{n}"), properties);
        let Ok(response) = endpoint.post(body).send().await else { return };
        if response.status() != 200 {
            continue;
        }
        // Only an answer that was read completely counts as a promise.
        let Ok(text) = response.text().await else { return };
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["events"][0]["outcome"], "executed", "{answer}");
        answered.lock().unwrap().insert(answer["events"][0]["id"].as_str().unwrap().to_owned());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until no delivery is open, and returns all, oldest first.
async fn drain(server: &Server) -> Vec<Value> {
    let deadline = Instant::now() + DRAIN;
    loop {
        let mut open = Vec::new();
        for status in ["pending", "retrying"] {
            let page = server.get(&format!("/v1/deliveries?environment=development&limit=5&status={status}")).await;
            open.extend(page["entries"].as_array().unwrap().iter().cloned());
        }
        if open.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "deliveries stay open: {open:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (mut deliveries, mut after) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/v1/deliveries?environment=development&limit=100{after}")).await;
        deliveries.extend(page["entries"].as_array().unwrap().iter().cloned());
        match page["page_info"]["after"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => break,
        }
    }
    deliveries.sort_unstable_by_key(|delivery| delivery["id"].as_str().unwrap().to_owned());
    deliveries
}

/// Every event that was answered has its run, and every run one delivered delivery to each target.
async fn check_runs(server: &Server, answered: &BTreeSet<String>, deliveries: &[Value]) {
    let key = server.api_key("development").await;
    let runs = server.all_runs(&key).await;
    let of_events: BTreeSet<&str> = runs.iter().map(|run| run["source_event_id"].as_str().unwrap()).collect();
    assert_eq!(of_events.len(), runs.len(), "an event has two runs");
    for event in answered {
        assert!(of_events.contains(event.as_str()), "{event} was answered and has no run");
    }
    let mut of_run: HashMap<&str, Vec<&str>> = HashMap::new();
    for delivery in deliveries {
        assert_eq!(delivery["status"], "delivered", "{delivery}");
        let run = delivery["workflow_run_id"].as_str().unwrap();
        of_run.entry(run).or_default().push(delivery["target"].as_str().unwrap());
    }
    let mut wanted = TARGETS.map(|(key, _)| key);
    wanted.sort_unstable();
    assert_eq!(of_run.len(), runs.len());
    for run in &runs {
        assert_eq!(run["status"], "delivered", "{run}");
        let targets = of_run.get_mut(run["id"].as_str().unwrap()).unwrap();
        targets.sort_unstable();
        assert_eq!(*targets, wanted, "{run}");
    }
}

/// Everything arrived, in order where it is promised, and the store agrees with what the receiver saw.
async fn check_arrivals(server: &Server, deliveries: &[Value], records: &[Record]) {
    let arrivals = arrivals(records);
    assert_eq!(arrivals.len(), deliveries.len(), "a key arrived that no delivery has, or one did not arrive");
    let mut again = 0;
    for delivery in deliveries {
        let id = delivery["id"].as_str().unwrap();
        let whole = server.get(&format!("/v1/deliveries/{id}?environment=development")).await;
        let log = whole["attempt_log"].as_array().unwrap();
        let is_delivered = |attempt: &&Value| attempt["outcome"] == "delivered";
        assert_eq!(log.iter().filter(is_delivered).count(), 1, "recorded as delivered twice or never: {whole}");
        assert_eq!(log.last().unwrap()["outcome"], "delivered", "an attempt followed: {whole}");
        let numbers: Vec<u64> = log.iter().map(|attempt| attempt["number"].as_u64().unwrap()).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{whole}");
        let answers = log.iter().filter(|attempt| !attempt["status"].is_null()).count();
        let arrived = arrivals.get(&Call::of_delivery(delivery)).copied().unwrap_or(0);
        // An attempt that a crash cut off is a try without an entry.
        let tries = usize::try_from(whole["tries"].as_u64().unwrap()).unwrap();
        assert!((answers.max(1)..=tries).contains(&arrived), "it arrived {arrived} times: {whole}");
        again += arrived - 1;
    }
    let of = |target: &str| -> Vec<&Value> { deliveries.iter().filter(|one| one["target"] == target).collect() };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    check_order(&of("by-user"), records, |body| text(&body["data"]["recipients"][0]["id"]));
    check_order(&of("by-order"), records, |body| text(&body["data"]["cancellation_key"]));
    println!("{} kills: {} deliveries arrived, {again} arrivals more than once", rounds(), deliveries.len());
}
