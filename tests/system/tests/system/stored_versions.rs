//! Plugin versions in the store: versions that no longer load, versions added again, and concurrent additions.

use std::{
    io::Write as _,
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use inlet_system_tests::{
    Endpoint, MANAGEMENT_TOKEN, Server, ServerOptions, digest, http_changed, http_version, raw_http, read_json, track,
};
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::author_tool::Tool;

const LONG: Duration = Duration::from_secs(30);

/// Runs a statement on the database behind the server's back.
async fn sql(data_dir: &Path, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(data_dir.join("inlet.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

const DAMAGE: &str = "UPDATE plugin_versions SET wasm = x'0061736d0d00010000'";

async fn restarted(mut server: Server, statement: &'static str, options: ServerOptions) -> (impl Sized, Server) {
    server.kill();
    let (dir, data_dir) = server.take_data_dir();
    sql(&data_dir, statement).await;
    (dir, Server::start_with(ServerOptions { data_dir: Some(data_dir), ..options }).await)
}

async fn add(server: &Server, wasm: &[u8]) -> u16 {
    let (status, answer) = server.add_version("acme/http", "", wasm).await;
    assert!([200, 201].contains(&status), "{answer}");
    status
}

async fn endpoint(server: &Server) -> Endpoint {
    let source = server.get("/v1/sources/crm?environment=development").await;
    server.endpoint_of(&source, "development")
}

/// Returns the plugin version that currently translates.
async fn translator(server: &Server) -> Value {
    endpoint(server).await.expect(track("Order", "u", "", json!({})), &["logged"]).await;
    server.last_log("crm").await["plugin"]["version"].clone()
}

/// Returns each version with its state and its error.
async fn versions(server: &Server) -> Vec<[Value; 3]> {
    let shown = server.get("/v1/source_providers/acme%2Fhttp").await;
    let versions = shown["versions"].as_array().unwrap();
    versions.iter().map(|one| ["version", "loaded", "load_error"].map(|name| one[name].clone())).collect()
}

#[tokio::test]
async fn what_does_not_load_any_more_says_so_and_is_put_right_by_adding_it_again() {
    let server = Server::start().await;
    let (first, second) = (http_version("acme/http", "1.0.0"), http_version("acme/http", "1.1.0"));
    assert_eq!(add(&server, &first).await, 201);
    server.source("crm", "acme/http", json!({}), json!([])).await;
    server.source("late", "acme/http", json!({}), json!([])).await;
    assert_eq!(server.use_version("late", "latest", false).await.0, 200);
    assert_eq!(add(&server, &second).await, 201);
    let (_dir, server) = restarted(server, DAMAGE, ServerOptions::default()).await;

    server.wait_for_log("a plugin of the store does not load; it was left out").await;
    let (status, _) = endpoint(&server).await.try_send(track("Order", "u", "", json!({}))).await;
    assert_eq!(status, 503);
    insta::assert_snapshot!(server.notes("crm").await, @r#"in development the source has the version 1.0.0 of "acme/http", which does not load: the file is a damaged component: unexpected end-of-file (at offset 0x9); build or download it again; requests get 503 until it is added again (inlet plugin add) or the source uses another version (inlet plugin use)"#);
    insta::assert_snapshot!(server.notes("late").await, @r#"in development the source has the version 1.1.0 of "acme/http", which does not load: the file is a damaged component: unexpected end-of-file (at offset 0x9); build or download it again; requests get 503 until it is added again (inlet plugin add) or the source uses another version (inlet plugin use)"#);
    let shown = server.get("/v1/source_providers/acme%2Fhttp").await;
    insta::assert_snapshot!(format!("{} {} {}", shown["key"], shown["version"], shown["provider"]["description"]), @r#""acme/http" "1.1.0" "No version of it loads, and what it says about itself cannot be read.""#);
    let found = versions(&server).await;
    assert_eq!(
        [&found[0][0], &found[0][1], &found[1][0], &found[1][1]],
        [&json!("1.0.0"), &json!(false), &json!("1.1.0"), &json!(false)]
    );
    insta::assert_snapshot!(found[0][2].as_str().unwrap(), @"the file is a damaged component: unexpected end-of-file (at offset 0x9); build or download it again");
    let tool = Tool::of(&server);
    assert!(tool.printed(&["show", "acme/http"]).contains("does not load any more: "));

    // Another component is not the same version.
    let other = http_changed("acme/http", "1.0.0", |manifest| manifest["description"] = json!("Another."));
    let (status, answer) = server.add_version("acme/http", "", &other).await;
    assert_eq!(status, 409);
    assert!(answer["message"].as_str().unwrap().contains(&digest(&first)), "{answer}");

    // The later one is added first; the order of addition is kept.
    assert_eq!(add(&server, &second).await, 200);
    assert_eq!(add(&server, &first).await, 200);
    assert_eq!(translator(&server).await, "1.0.0");
    assert_eq!(server.notes("crm").await + &server.notes("late").await, "");
    assert_eq!(server.get("/v1/source_providers/acme%2Fhttp").await["version"], "1.1.0");
    let good = [json!("1.0.0"), json!(true), json!(null)];
    assert_eq!(versions(&server).await[0], good);
    let (_dir, server) = restarted(server, "SELECT 1", ServerOptions::default()).await;
    assert_eq!(versions(&server).await[0], good, "what is kept was written again");
    assert_eq!(translator(&server).await, "1.0.0");
}

#[tokio::test]
async fn a_source_whose_version_does_not_load_gets_another_and_who_sees_another_environment_hears_nothing() {
    let server = Server::start().await;
    add(&server, &http_version("acme/http", "1.0.0")).await;
    server.source("crm", "acme/http", json!({}), json!([])).await;
    add(&server, &http_version("acme/http", "1.1.0")).await;
    let production = json!({"version": "1.1.0"});
    let used = server
        .manage(Method::POST, "/v1/sources/crm/plugin?environment=production")
        .json(&production)
        .send()
        .await
        .unwrap();
    assert_eq!(used.status(), 200);
    const DAMAGE_ONE: &str = "UPDATE plugin_versions SET wasm = x'0061736d0d00010000' WHERE version = '1.0.0'";
    let (_dir, server) = restarted(server, DAMAGE_ONE, ServerOptions::default()).await;

    let token = json!({"name": "p", "scopes": ["read"], "environments": ["production"]});
    let token = server.management_token(token).await;
    let status = server.request_with(&token, Method::GET, "/v1/sources/crm/status").send().await.unwrap();
    let status = read_json(status).await;
    assert_eq!((&status["notes"], &status["plugin"]["version"]), (&json!([]), &json!("1.1.0")), "{status}");
    assert!(server.notes("crm").await.starts_with("in development the source has the version 1.0.0"));

    // A missing version cannot be compared.
    let output = Tool::of(&server).run(&["use", "crm@development", "1.1.0"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    insta::assert_snapshot!(said.trim_end(), @"note: nothing was compared: this server does not have the source's plugin; name the old version");
    assert_eq!(translator(&server).await, "1.1.0");
}

#[tokio::test]
async fn a_pinned_digest_is_found_in_the_plugin_directory_too() {
    let server = Server::start().await;
    let wasm = http_version("acme/http", "1.0.0");
    add(&server, &wasm).await;
    server.source("crm", "acme/http", json!({}), json!([])).await;
    let plugins = tempfile::tempdir().unwrap();
    std::fs::write(plugins.path().join("http.wasm"), &wasm).unwrap();
    let options = ServerOptions::default().arg("--plugins-dir").arg(plugins.path().display().to_string());
    let (_dir, server) = restarted(server, DAMAGE, options).await;
    assert_eq!(translator(&server).await, "1.0.0");
    assert_eq!(server.notes("crm").await, "");
    assert!(versions(&server).await.iter().all(|version| version[1] == true));
}

#[tokio::test]
async fn who_adds_again_what_was_stored_and_not_read_gets_it_in_force() {
    let server = Server::start().await;
    add(&server, &http_version("acme/http", "1.0.0")).await;
    server.source("crm", "acme/http", json!({}), json!([])).await;
    assert_eq!(server.use_version("crm", "latest", false).await.0, 200);
    // The write succeeds, and the following read fails.
    sql(server.data_dir(), "ALTER TABLE api_keys RENAME TO api_keys_away").await;
    let second = http_version("acme/http", "1.1.0");
    let (status, answer) = server.add_version("acme/http", "", &second).await;
    assert_eq!(status, 503, "{answer}");
    assert_eq!(translator(&server).await, "1.0.0");
    assert_eq!(server.add_version("acme/http", "", &second).await.0, 503, "as long as it is so");
    sql(server.data_dir(), "ALTER TABLE api_keys_away RENAME TO api_keys").await;
    assert_eq!(add(&server, &second).await, 200);
    assert_eq!(translator(&server).await, "1.1.0");
}

/// Begins to add a component and stalls.
fn begin(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.admin.trim_start_matches("http://")).unwrap();
    stream.write_all(&head()).unwrap();
    stream
}

fn head() -> Vec<u8> {
    format!(
        "PUT /v1/source_providers/acme%2Fhttp?digest={} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {MANAGEMENT_TOKEN}\r\n\
         content-type: application/wasm\r\ncontent-length: 1000\r\nconnection: close\r\n\r\n\0asm",
        digest(b"")
    )
    .into_bytes()
}

#[tokio::test]
async fn two_components_are_taken_at_once() {
    let server = Server::start_with(ServerOptions::default().env("INLET_BODY_TIMEOUT_SECONDS", "600")).await;
    let wasm = http_version("acme/http", "1.0.0");
    let path = format!("/v1/source_providers/acme%2Fhttp?digest={}", digest(&wasm));
    let send = async || {
        let request = server.manage(Method::PUT, &path).header(CONTENT_TYPE, "application/wasm").body(wasm.clone());
        request.send().await.unwrap()
    };
    let (start, mut stalled) = (Instant::now(), Vec::new());
    let refused = loop {
        // An addition is refused while another is in progress, so more than two attempts may be needed.
        stalled.push(begin(&server));
        let response = send().await;
        if response.status() == 503 {
            break response;
        }
        assert!(start.elapsed() < LONG, "{} components came, and each was taken", stalled.len());
    };
    assert!(refused.headers().contains_key("retry-after"));
    insta::assert_snapshot!(read_json(refused).await["message"].as_str().unwrap(), @"2 components are being added already; send it again when they are in");
    drop(stalled);
    while !send().await.status().is_success() {
        assert!(start.elapsed() < LONG, "the room was not given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_component_that_does_not_come_is_given_up() {
    let server = Server::start_with(ServerOptions::default().env("INLET_BODY_TIMEOUT_SECONDS", "1")).await;
    let answer = raw_http::exchange(&server.admin, &head()).await;
    assert_eq!(raw_http::status(&answer), 408, "{answer}");
    assert!(answer.contains("the body paused for more than 1 s; send it again"), "{answer}");
}
