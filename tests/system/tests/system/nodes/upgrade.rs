//! Servers of the version before are replaced one by one by those of this version, while events come.

use std::{
    fs,
    path::{Path, PathBuf},
};

use inlet_system_tests::{Postgres, Server, ServerOptions, repack, track};
use reqwest::Method;
use serde_json::json;

use super::{
    configuration::{at, change_and_delete_a_source},
    joining,
    load::Load,
    until,
};

/// Plugins that read calls of Segment, each for a source of its own.
const PLUGINS: [&str; 2] = ["segment", "rudderstack"];

/// An event for the plugin `http`.
const EVENT: &str = r#"{"type":"track","event":"E","userId":"u"}"#;

/// Returns the program of the version before, which `make upgrade-rounds` builds.
fn old_program() -> PathBuf {
    let named = std::env::var_os("INLET_OLD_PROGRAM");
    named.expect("INLET_OLD_PROGRAM names no program of an earlier version; run `make upgrade-rounds`").into()
}

/// Returns the plugin `http` that was built with the program of the version before.
fn old_http_plugin(program: &Path) -> Vec<u8> {
    // target/debug/inlet is beside target/plugins.
    let file = program.ancestors().nth(2).unwrap().join("plugins/http.wasm");
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Returns how a server of the version before joins those of a database.
fn joining_as_old(url: &str, name: &str) -> ServerOptions {
    ServerOptions { binary: Some(old_program()), ..joining(url, name) }
}

/// Returns the newest version of the database's schema.
fn schema(postgres: &Postgres) -> String {
    postgres.sql("inlet", "SELECT max(version) FROM _sqlx_migrations WHERE success")
}

/// Stops a server as a load balancer does that sends nothing new to it.
async fn stop(load: &Load, nodes: &mut Vec<Server>, index: usize) {
    let mut leaving = nodes.remove(index);
    load.sends_to(nodes);
    leaving.terminate();
    assert!(leaving.wait_for_exit().await, "{}", leaving.log());
}

/// Adds a server that started in the place of another one.
fn join(load: &Load, nodes: &mut Vec<Server>, index: usize, server: Server) {
    nodes.insert(index, server);
    load.sends_to(nodes);
}

/// Changes the configuration at each of two servers, and waits until the change is in force at the other one.
async fn configuration_crosses(one: &Server, other: &Server, round: usize) {
    for (from, to, direction) in [(one, other, "there"), (other, one, "back")] {
        change_and_delete_a_source(from, to, &format!("{direction}-{round}")).await;
    }
}

/// Adds a version of a plugin at one server, and sends to a source of it at the other.
async fn plugin_crosses(from: &Server, to: &Server, key: &str, version: &str, old_http: &[u8]) {
    let wasm = repack(old_http, |manifest| {
        manifest["key"] = json!(key);
        manifest["version"] = json!(version);
    });
    let (status, answer) = from.add_version(key, "", &wasm).await;
    assert_eq!(status, 201, "{answer}");
    let endpoint = from.source(&key.replace('/', "-"), key, json!({}), json!([])).await;
    let there = at(to, &endpoint);
    until("the plugin is there", async || there.post(EVENT).send().await.unwrap().status() == 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a program of the version before; run `make upgrade-rounds`"]
async fn servers_are_replaced_one_by_one_by_those_of_this_version() {
    let old_program = old_program();
    let old_http = old_http_plugin(&old_program);
    let postgres = Postgres::start();
    let url = postgres.url();
    let mut nodes = Vec::new();
    for name in ["a", "b", "c"] {
        nodes.push(Server::start_with(joining_as_old(&url, name)).await);
    }
    let load = Load::begin_with(&nodes, &PLUGINS).await;
    plugin_crosses(&nodes[0], &nodes[2], "inlet/before", "1.0.0", &old_http).await;
    let old_schema = schema(&postgres);
    for (index, name) in ["a", "b", "c"].into_iter().enumerate() {
        load.answers(150).await;
        stop(&load, &mut nodes, index).await;
        let new = Server::start_with(joining(&url, name)).await;
        join(&load, &mut nodes, index, new);
        load.answers(150).await;
        // While both versions run; at the end, between servers of this version.
        configuration_crosses(&nodes[0], nodes.last().unwrap(), index).await;
        if index < 2 {
            let (key, version) = (format!("inlet/during-{index}"), format!("1.0.{index}"));
            plugin_crosses(&nodes[0], nodes.last().unwrap(), &key, &version, &old_http).await;
        }
        // What was there before the upgrade works on.
        let source = nodes[index].get("/v1/sources/inlet-before?environment=development").await;
        let endpoint = nodes[index].endpoint_of(&source, "development");
        endpoint.expect(EVENT, &["logged"]).await;
        println!("{} of 3 servers are of this version; schema {}", index + 1, schema(&postgres));
    }
    // Servers before schema 5 know no generations of idempotency records; the first one begins when none of them is left.
    let generations = "SELECT count(*) FROM idempotency_generations";
    until("a generation has begun", async || postgres.sql("inlet", generations) != "0").await;
    load.answers(150).await;
    go_back(&load, &mut nodes, &postgres, &old_schema).await;
    load.answers(150).await;
    load.reconcile(&nodes[0]).await;
}

/// Tries to replace a server by one of the version before: it starts if the schema is the same, and else says why not and
/// changes nothing.
async fn go_back(load: &Load, nodes: &mut Vec<Server>, postgres: &Postgres, old_schema: &str) {
    let url = postgres.url();
    let new_schema = schema(postgres);
    stop(load, nodes, 0).await;
    let back = Server::try_start(joining_as_old(&url, "a")).await;
    if new_schema == old_schema {
        let back = back.unwrap_or_else(|log| panic!("the schema is the same, and yet:\n{log}"));
        join(load, nodes, 0, back);
        load.answers(150).await;
        configuration_crosses(&nodes[0], &nodes[1], 3).await;
        stop(load, nodes, 0).await;
        println!("a server went back to the version before, with schema {old_schema}");
    } else {
        let log = back.err().expect("an older server opened a newer database");
        // Versions that are older than this test name the first one that they do not know, later ones the newest.
        let sentence = format!(", and this server knows versions up to {old_schema};");
        assert!(log.contains("has schema version ") && log.contains(&sentence), "{log}");
        println!("a server of the version before was refused: {old_schema} and {new_schema} are the schemas");
    }
    assert_eq!(schema(postgres), new_schema);
    let again = Server::start_with(joining(&url, "a")).await;
    join(load, nodes, 0, again);
}

/// The targets, the deliveries and the leases of background jobs of one version are those of the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a program of the version before; run `make upgrade-rounds`"]
async fn deliveries_go_on_while_both_versions_run() {
    const EVENTS: usize = 60;
    let postgres = Postgres::start();
    let url = postgres.url();
    let receiver = inlet_system_tests::Receiver::start();
    let old = Server::start_with(joining_as_old(&url, "a")).await;
    let mappings = json!([{"event_type": "E", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "user_id"}}}]);
    let endpoint = old.source("segment", "segment", json!({"enforce_idempotency": true}), mappings).await;
    let target = json!({"target": {"kind": "webhook", "url": receiver.url}});
    let put = old.manage(Method::PUT, "/v1/targets/crm?environment=development").json(&target).send().await.unwrap();
    assert_eq!(put.status(), 200, "{}", put.text().await.unwrap());
    let new = Server::start_with(joining(&url, "b")).await;
    let there = at(&new, &endpoint);
    for n in 0..EVENTS {
        let to = if n % 2 == 0 { &endpoint } else { &there };
        to.expect(track("E", &format!("u{n}"), &format!("key-{n}"), json!({})), &["executed"]).await;
    }
    let (old_key, new_key) = (old.api_key("development").await, new.api_key("development").await);
    until("all is delivered", async || receiver.requests().len() >= EVENTS).await;
    for (server, key) in [(&old, &new_key), (&new, &old_key)] {
        until("the other version's key is in force", async || {
            server.get_with_key(key, "/v1/workflow_runs").await.0 == 200
        })
        .await;
        assert_eq!(server.all_runs(key).await.len(), EVENTS);
    }
    // Nothing comes twice: the servers take deliveries from each other by leases that both know.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(receiver.requests().len(), EVENTS);
    let alive = async |server: &Server| {
        let list = server.get("/v1/nodes").await;
        list["entries"].as_array().unwrap().iter().filter(|node| node["state"] == "alive").count()
    };
    for server in [&old, &new] {
        until("each lists both", async || alive(server).await == 2).await;
    }
}
