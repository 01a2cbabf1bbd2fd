//! A server that nobody sends anything to.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use inlet_system_tests::{Server, all_files};
use serde_json::json;

/// Returns all files except SQLite's shared index.
fn files(server: &Server) -> BTreeMap<PathBuf, Vec<u8>> {
    all_files(server.data_dir()).into_iter().filter(|(path, _)| !path.to_string_lossy().ends_with("-shm")).collect()
}

#[tokio::test]
async fn an_idle_server_writes_nothing_and_is_alone_among_the_servers() {
    let server = Server::start().await;
    server.source("shop", "http", json!({}), json!([])).await;
    // What came of the change is written within seconds.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let before = files(&server);
    let list = server.get("/v1/nodes").await;
    let alone = &list["entries"].as_array().unwrap()[..];
    assert!(matches!(alone, [_]), "{list}");
    assert_eq!((&alone[0]["is_this"], &alone[0]["state"]), (&json!(true), &json!("alive")));
    // Longer than the pause between two runs of every job that is not looked up by the minute.
    tokio::time::sleep(Duration::from_secs(24)).await;
    let after = files(&server);
    for (path, bytes) in &after {
        assert!(before.get(path) == Some(bytes), "{} was written", path.display());
    }
    assert_eq!(before.len(), after.len());
    // The comparison can fail.
    server.source("other", "http", json!({}), json!([])).await;
    assert!(files(&server) != before);
}
