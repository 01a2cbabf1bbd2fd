//! What is changed at one server is in force at the others, and their events are seen there.

use std::time::Duration;

use inlet_system_tests::{Endpoint, MANAGEMENT_TOKEN, Postgres, Receiver, Server, http_version, track};
use reqwest::Method;
use serde_json::json;
use tokio::time::timeout;

use super::{cluster, joining, until};

/// Waits until the last change is in force, and says how long it took.
async fn in_force(what: &str, is_so: impl AsyncFnMut() -> bool) {
    println!("{what}: in force at the other server after {:?}", until(what, is_so).await);
}

/// Returns an endpoint at another server.
pub(super) fn at(server: &Server, endpoint: &Endpoint) -> Endpoint {
    Endpoint::at(server, format!("{}{}", server.base, endpoint.path()))
}

/// Creates a source, a mapping, an API key and a management token at one server, and deletes the source; each is in force at the
/// other.
pub(super) async fn change_and_delete_a_source(a: &Server, b: &Server, source: &str) {
    let endpoint = a.source(source, "segment", json!({}), json!([])).await;
    let there = at(b, &endpoint);
    in_force("a source", async || there.post(track("E", "u", "", json!({}))).send().await.unwrap().status() == 200)
        .await;

    let mapping = json!([{"event_type": "E", "action_type": "users_identify", "action_parameters": {}}]);
    a.source(source, "segment", json!({}), mapping).await;
    let outcome = async || there.try_send(track("E", "u", "", json!({}))).await.1["events"][0]["outcome"].clone();
    in_force("a mapping", async || outcome().await == "executed").await;

    let key = a.api_key("development").await;
    in_force("an API key", async || b.get_with_key(&key, "/v1/users").await.0 == 200).await;
    let token = a.management_token(json!({"name": "ops", "scopes": ["read"]})).await;
    let may = async || b.request_with(&token, Method::GET, "/v1/sources").send().await.unwrap().status() == 200;
    in_force("a management token", may).await;

    let deleted = a.manage(Method::DELETE, &format!("/v1/sources/{source}")).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    in_force("a deletion", async || there.post("{}").send().await.unwrap().status() == 404).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_at_one_server_is_in_force_at_the_other() {
    let (_postgres, nodes) = cluster(&["a", "b"]).await;
    let [a, b] = &nodes[..] else { panic!() };
    change_and_delete_a_source(a, b, "first").await;
    let mapping = json!([{"event_type": "E", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "user_id"}}}]);
    let there = at(b, &a.source("crm", "segment", json!({}), mapping).await);

    // A version of a plugin comes with its bytes from the database.
    let (status, answer) = a.add_version("inlet/other", "", &http_version("inlet/other", "1.0.0")).await;
    assert_eq!(status, 201, "{answer}");
    let listed =
        async || b.manage(Method::GET, "/v1/source_providers/inlet%2Fother").send().await.unwrap().status() == 200;
    in_force("a plugin", listed).await;
    let other = b.source("other", "inlet/other", json!({}), json!([])).await;
    other.send(r#"{"event":"E","userId":"u"}"#).await;
    let back = at(a, &other);
    in_force("a source of the other server", async || {
        back.post(r#"{"event":"E"}"#).send().await.unwrap().status() == 200
    })
    .await;

    // A target that one creates gets the deliveries of events that the other receives.
    let receiver = Receiver::start();
    let target = json!({"target": {"kind": "webhook", "url": receiver.url}});
    let put = a.manage(Method::PUT, "/v1/targets/crm?environment=development").json(&target);
    let response = put.send().await.unwrap();
    assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    in_force("a source and a target", async || {
        there.post(track("E", "u", "", json!({}))).send().await.unwrap().status() == 200
    })
    .await;
    until("the delivery came", async || !receiver.requests().is_empty()).await;
}

/// The servers look for changes once an hour: what is in force before was announced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_announced_to_the_other_server() {
    let postgres = Postgres::start();
    let rarely = |name| joining(&postgres.url(), name).env("INLET_DATABASE_POLL_MS", "3600000");
    let (a, b) = (Server::start_with(rarely("a")).await, Server::start_with(rarely("b")).await);
    for source in ["first", "second", "third"] {
        let endpoint = a.source(source, "segment", json!({}), json!([])).await;
        let there = at(&b, &endpoint);
        in_force(source, async || there.post(track("E", "u", "", json!({}))).send().await.unwrap().status() == 200)
            .await;
        // Both listen again, and look for what they may have missed.
        let listening = "query LIKE 'LISTEN%' OR query LIKE '%pg_notify%'";
        let end = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND ({listening})"
        );
        assert_eq!(postgres.sql("inlet", &end), "2");
    }
    // A change while nobody listens.
    let endpoint = a.source("fourth", "segment", json!({}), json!([])).await;
    let there = at(&b, &endpoint);
    in_force("fourth", async || there.post(track("E", "u", "", json!({}))).send().await.unwrap().status() == 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_change_the_configuration_at_once_and_nothing_is_lost() {
    let (_postgres, nodes) = cluster(&["a", "b"]).await;
    let create = async |server: usize| {
        for number in 0..10 {
            nodes[server].source(&format!("source-{server}-{number}"), "segment", json!({}), json!([])).await;
        }
    };
    tokio::join!(create(0), create(1));
    for node in &nodes {
        let count = async || node.get("/v1/sources").await["entries"].as_array().unwrap().len();
        until("all sources are there", async || count().await == 20).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_view_shows_the_events_of_every_server() {
    let (_postgres, nodes) = cluster(&["a", "b"]).await;
    let [a, b] = &nodes[..] else { panic!() };
    let endpoint = a.source("crm", "segment", json!({}), json!([])).await;
    let there = at(b, &endpoint);
    until("the other server knows the source", async || there.post("{}").send().await.unwrap().status() != 404).await;
    let mut stream = b.manage(Method::GET, "/v1/logs/stream?environment=development").send().await.unwrap();
    for number in 0..10 {
        let to = if number % 2 == 0 { &endpoint } else { &there };
        to.send(track(&format!("Number{number}"), "u", "", json!({}))).await;
    }
    let mut text = String::new();
    while !(0..10).all(|number| text.contains(&format!("Number{number}"))) {
        let chunk = timeout(Duration::from_secs(60), stream.chunk()).await.expect("nothing came within a minute");
        text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_are_listed_and_one_that_stops_is_not() {
    let (_postgres, mut nodes) = cluster(&["a", "b"]).await;
    let names = async |server: &Server| {
        let list = server.get("/v1/nodes").await;
        let names = list["entries"].as_array().unwrap().iter();
        names.map(|node| (node["name"].as_str().unwrap().to_owned(), node["is_this"] == true)).collect::<Vec<_>>()
    };
    let both = [("a".to_owned(), false), ("b".to_owned(), true)];
    until("both are listed", async || names(&nodes[1]).await == both).await;
    let mut b = nodes.remove(1);
    b.terminate();
    assert!(b.wait_for_exit().await);
    until("one is listed", async || names(&nodes[0]).await == [("a".to_owned(), true)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_the_dashboard_is_good_at_every_server() {
    let (_postgres, nodes) = cluster(&["a", "b"]).await;
    let b = &nodes[1];
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let signed_in = client
        .post(format!("{}/sign-in", b.admin))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("token={MANAGEMENT_TOKEN}"));
    let answer = signed_in.send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    for node in &nodes {
        let page = client.get(format!("{}/system", node.admin)).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(page.status(), 200);
    }
}
