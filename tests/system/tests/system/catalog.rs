//! The catalogue: the plugins that ship with the server and are installed on demand, by the API and by the command line.

use std::fs;

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, ServerOptions, binary, digest, platform_plugin, read_json, repack};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::author_tool::Tool;

/// Installs a plugin, and returns the status and the answer.
async fn install(server: &Server, key: &str) -> (u16, Value) {
    let path = format!("/v1/catalog/{key}/install");
    let response = server.manage(Method::POST, &path).send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

/// Returns what the catalogue says of a plugin.
async fn entry(server: &Server, key: &str) -> Value {
    let listed = server.get("/v1/catalog").await;
    listed["entries"].as_array().unwrap().iter().find(|entry| entry["key"] == key).cloned().unwrap()
}

fn stripe() -> Vec<u8> {
    fs::read(platform_plugin("inlet__stripe.wasm")).unwrap()
}

fn message(answer: &Value) -> &str {
    answer["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn every_plugin_of_the_repository_is_in_the_catalogue() {
    let server = Server::start().await;
    let folders = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/platforms")).unwrap();
    let mut names: Vec<String> = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let listed = server.get("/v1/catalog").await;
    let entries = listed["entries"].as_array().unwrap();
    let keys: Vec<&str> = entries.iter().map(|entry| entry["key"].as_str().unwrap()).collect();
    assert_eq!(keys, names.iter().map(|name| format!("inlet/{name}")).collect::<Vec<_>>());
    for (entry, name) in entries.iter().zip(&names) {
        let component = fs::read(platform_plugin(&format!("inlet__{name}.wasm"))).unwrap();
        assert_eq!((&entry["digest"], &entry["size"]), (&json!(digest(&component)), &json!(component.len())), "{name}");
        assert!(["full", "partly"].contains(&entry["support"]["level"].as_str().unwrap()), "{entry}");
        assert_eq!(entry["installed"], Value::Null);
    }
}

#[tokio::test]
async fn a_plugin_is_installed_and_sources_are_created_with_it() {
    let server = Server::start().await;
    let (status, answer) = install(&server, "inlet/stripe").await;
    assert_eq!(
        (status, &answer["key"], &answer["digest"]),
        (201, &json!("inlet/stripe"), &json!(digest(&stripe()))),
        "{answer}"
    );
    assert_eq!(answer["versions"][0]["origin"], "added");
    let installed = entry(&server, "inlet/stripe").await["installed"].clone();
    assert_eq!(installed["digest"], json!(digest(&stripe())), "{installed}");
    server.source("billing", "inlet/stripe", json!({}), json!([])).await;

    let changes = async || server.get("/v1/changes").await["entries"].as_array().unwrap().len();
    let log = server.get("/v1/changes").await["entries"].clone();
    assert!(log.as_array().unwrap().iter().any(|change| change["operation"] == "addSourceProvider"), "{log}");
    let before = changes().await;
    assert_eq!(install(&server, "inlet%2Fstripe").await.0, 200, "the same component changes nothing");
    assert_eq!(changes().await, before);
}

#[tokio::test]
async fn what_is_not_in_the_catalogue_is_not_installed() {
    let server = Server::start().await;
    let (status, answer) = install(&server, "inlet/strpe").await;
    assert_eq!(status, 404);
    let expected = "there is no plugin \"inlet/strpe\" in the catalogue, did you mean \"inlet/stripe\"?; GET /v1/catalog lists those there are";
    assert_eq!(message(&answer), expected);
    for key in ["segment", "..%2F..%2Fetc", "%FF"] {
        let status = install(&server, key).await.0;
        assert!((400..500).contains(&status), "{key}: {status}");
    }
}

#[tokio::test]
async fn a_file_of_the_plugin_directory_keeps_its_version() {
    let directory = TempDir::new().unwrap();
    let own = repack(&stripe(), |manifest| manifest["description"] = json!("The operator's own."));
    fs::write(directory.path().join("stripe.wasm"), &own).unwrap();
    let options = ServerOptions::default().arg("--plugins-dir").arg(directory.path().display().to_string());
    let server = Server::start_with(options).await;
    assert_eq!(entry(&server, "inlet/stripe").await["installed"]["digest"], json!(digest(&own)));
    let (status, answer) = install(&server, "inlet/stripe").await;
    assert_eq!(status, 409, "{answer}");
    assert!(message(&answer).contains("already, with the digest"), "{answer}");
}

#[tokio::test]
async fn the_command_line_adds_from_its_own_catalogue() {
    let server = Server::start().await;
    let tool = Tool::of(&server);
    let listed = tool.printed(&["catalog"]);
    let line = |listed: &str| listed.lines().find(|line| line.starts_with("inlet/stripe ")).unwrap().to_owned();
    assert!(listed.starts_with("KEY") && line(&listed).contains(" - "), "{listed}");
    let added = tool.printed(&["add", "--from-catalog", "stripe"]);
    let version = entry(&server, "inlet/stripe").await["version"].as_str().unwrap().to_owned();
    assert!(
        added.starts_with(&format!("inlet/stripe {version} is in the server.\n{}\n", digest(&stripe()))),
        "{added}"
    );
    assert!(!line(&tool.printed(&["catalog"])).contains(" - "));
    let json: Value = serde_json::from_str(&tool.printed(&["catalog", "--json"])).unwrap();
    assert_eq!(json, server.get("/v1/catalog").await);

    let unknown = tool.refused(&["add", "--from-catalog", "strpe"]);
    assert!(unknown.contains("did you mean \"stripe\"?") && unknown.contains("inlet plugin catalog"), "{unknown}");
    for both in [&["add"][..], &["add", "x.wasm", "--from-catalog", "stripe"]] {
        assert_eq!(tool.run(both).status.code(), Some(2), "{both:?}");
    }
}

/// Without a server, the list is that of the program.
#[test]
fn the_catalogue_is_listed_without_a_server() {
    let home = TempDir::new().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(binary());
        command.args(["plugin", "catalog"]).args(arguments).current_dir(home.path());
        command
            .env("HOME", home.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("INLET_SERVER")
            .env_remove("INLET_PROFILE");
        let output = command.env_remove("INLET_DATA_DIR").env("INLET_TOKEN", MANAGEMENT_TOKEN).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let listed = run(&[]);
    assert!(listed.lines().any(|line| line.starts_with("inlet/stripe ")) && !listed.contains("INSTALLED"), "{listed}");
    let json: Value = serde_json::from_str(&run(&["--json"])).unwrap();
    let stripe_entry = json["entries"].as_array().unwrap().iter().find(|entry| entry["key"] == "inlet/stripe").unwrap();
    assert_eq!(stripe_entry["digest"], json!(digest(&stripe())));
}
