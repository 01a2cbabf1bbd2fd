//! The recipes of OPERATING.md, from which the tests take their targets.

use std::{fs, path::Path, process::Command};

use inlet_system_tests::{MANAGEMENT_TOKEN, Server};
use serde_json::Value;

/// Returns the section on engines.
fn section() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../host/OPERATING.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, section) = text.split_once("### Workflow engines\n").unwrap();
    section.split_once("\n### ").unwrap().0.to_owned()
}

/// Returns the target of a recipe, with another host and port.
pub(super) fn recipe(key: &str, port: u16) -> Value {
    let section = section();
    let line = section.lines().find_map(|line| line.strip_prefix(&format!("put {key} "))).unwrap();
    let mut target: Value = serde_json::from_str(line.trim_matches('\'')).unwrap();
    let (scheme, rest) = target["url"].as_str().unwrap().split_once("://").unwrap();
    let path = rest.find('/').map_or("", |start| &rest[start..]);
    target["url"] = format!("{scheme}://127.0.0.1:{port}{path}").into();
    target
}

#[tokio::test]
async fn every_recipe_makes_a_target_as_it_is_printed() {
    let server = Server::start().await;
    let section = section();
    let blocks = section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let script = blocks.collect::<String>().replace("http://127.0.0.1:8080", &server.admin);
    let script = script.replace("$(cat inlet-data/management-token)", MANAGEMENT_TOKEN);
    let output = Command::new("sh").args(["-euc", &script]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let targets = server.get("/v1/targets?environment=development").await;
    let mut keys: Vec<&str> =
        targets["entries"].as_array().unwrap().iter().map(|target| target["key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    let expected = ["hatchet", "inngest", "n8n", "nats", "node_red", "restate", "temporal", "trigger_dev", "windmill"];
    assert_eq!(keys, expected, "{}", String::from_utf8_lossy(&output.stdout));
}
