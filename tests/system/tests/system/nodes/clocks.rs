//! Servers whose clocks differ by twenty minutes follow the database's.

use inlet_system_tests::{Endpoint, Postgres, Server, ServerOptions, track};
use serde_json::{Value, json};

use super::{joining, until};
use crate::{signatures, toolchains};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_with_wrong_clocks_agree() {
    let Some(library) = toolchains::libfaketime() else {
        return toolchains::skipped("clocks that differ", "libfaketime is not installed");
    };
    let postgres = Postgres::start();
    let wrong = |name: &str, offset: &str| -> ServerOptions {
        joining(&postgres.url(), name)
            .env("LD_PRELOAD", library.display().to_string())
            .env("FAKETIME", offset)
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1")
    };
    let (ahead, signed, _plugins) = signatures::signed_source(wrong("ahead", "+10m")).await;
    let behind = Server::start_with(wrong("behind", "-10m")).await;
    let first = ahead.source("crm", "segment", json!({}), json!([])).await;
    let second = Endpoint::at(&behind, format!("{}{}", behind.base, first.path()));
    until("the other server knows the source", async || second.post("{}").send().await.unwrap().status() != 404).await;
    for number in 0..10 {
        let endpoint = if number % 2 == 0 { &first } else { &second };
        endpoint.send(track(&format!("Number{number}"), "u", "", json!({}))).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // What was signed just now is fresh, and ten minutes are more than is allowed.
    for (id, at, status) in [("msg_1", signatures::now(), 200), ("msg_2", signatures::now() + 600, 401)] {
        let genuine = signatures::signature(signatures::SECRET, id, at, "{}");
        assert_eq!(signatures::send(&signed, id, at, &genuine, "{}").await, status, "{id}");
    }
    let logs = behind.all_logs("crm").await;
    let names: Vec<&str> =
        logs.iter().filter_map(|log| log["event"].as_str()).filter(|name| name.contains("Number")).collect();
    let expected: Vec<String> = (0..10).rev().map(|number| format!("track/Number{number}")).collect();
    assert_eq!(names, expected, "newest first, whichever server received it");
    let times: Vec<i64> = logs.iter().map(|log| ms(&log["inserted_at"])).collect();
    let span = times.iter().max().unwrap() - times.iter().min().unwrap();
    assert!(span < 60_000, "{span} ms between the first and the last");
    let clocks = async || {
        let list = ahead.get("/v1/nodes").await;
        let of = |name: &str| {
            let nodes = list["entries"].as_array().unwrap();
            nodes
                .iter()
                .find(|node| node["name"] == name)
                .map_or(0, |node| node["clock_behind_ms"].as_i64().unwrap() / 60_000)
        };
        (of("ahead"), of("behind"))
    };
    let is_told = async || {
        let (ahead, behind) = clocks().await;
        (-10..=-9).contains(&ahead) && (9..=10).contains(&behind)
    };
    until("the list tells how far the clocks are off", is_told).await;
}

fn ms(time: &Value) -> i64 {
    let time: jiff::Timestamp = time.as_str().unwrap().parse().unwrap();
    time.as_millisecond()
}
