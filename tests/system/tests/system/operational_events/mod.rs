//! Operational events, raised by a real server and sent to a real receiver that verifies their signatures.

mod server;
mod sources;
mod targets;
mod webhook;

use std::time::{Duration, Instant};

use inlet_system_tests::{ReceivedRequest, Receiver, Server, ServerOptions};
use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::signatures::signature;

/// The secret that signs operational events.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The longest time that a test waits for something. A target that fails is probed after 5, 10, 20 and 40 s.
const PATIENCE: Duration = Duration::from_secs(120);

/// Settings of a server that sends operational events to a receiver.
fn options(receiver: &Receiver) -> ServerOptions {
    ServerOptions::default()
        .env("INLET_OPERATIONAL_EVENTS_URL", format!("{}/operations", receiver.url))
        .env("INLET_OPERATIONAL_EVENTS_SECRET", SECRET)
        .env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]")
        .env("INLET_DELIVERY_RETRY_SECONDS", "[0.05, 0.05]")
}

/// Returns the operational events that came so far, each after its signature was verified.
fn received(receiver: &Receiver) -> Vec<Value> {
    let requests = receiver.requests();
    let operational = requests.iter().filter(|request| request.path == "/operations");
    operational.map(verified).collect()
}

/// Verifies a request, and returns its body.
fn verified(request: &ReceivedRequest) -> Value {
    let (id, at) = (request.header("webhook-id"), request.header("webhook-timestamp").parse().unwrap());
    assert_eq!(request.header("webhook-signature"), signature(SECRET, id, at, &request.body));
    assert_eq!((request.method.as_str(), request.header("content-type")), ("POST", "application/json"));
    request.json()
}

/// Waits until an event of a type came, and returns it.
async fn wait_for(receiver: &Receiver, event_type: &str) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let events = received(receiver);
        if let Some(event) = events.iter().find(|event| event["type"] == event_type) {
            return event.clone();
        }
        assert!(Instant::now() < deadline, "no {event_type} came: {events:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Stops a server, changes its database by SQL statements, and starts another one on it.
async fn restart_changed(server: Server, options: ServerOptions, statements: &[String]) -> (Option<TempDir>, Server) {
    let mut server = server;
    server.terminate();
    assert!(server.wait_for_exit().await);
    let (directory, data_dir) = server.take_data_dir();
    let options_of = SqliteConnectOptions::new().filename(data_dir.join("inlet.db"));
    let mut connection = options_of.connect().await.unwrap();
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
    (directory, Server::start_with(ServerOptions { data_dir: Some(data_dir), ..options }).await)
}

/// Returns the operational events that the API lists, newest first.
async fn list(server: &Server, filter: &str) -> Vec<Value> {
    let page = server.get(&format!("/v1/operational_events?limit=100{filter}")).await;
    page["entries"].as_array().unwrap().clone()
}

/// Waits until the newest event of a type has a status, and returns it.
async fn listed_as(server: &Server, event_type: &str, status: &str) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let events = list(server, &format!("&type={event_type}")).await;
        if let Some(event) = events.first().filter(|event| event["status"] == status) {
            return event.clone();
        }
        assert!(Instant::now() < deadline, "{event_type} is not {status}: {events:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
