//! Starting, stopping and listening, and the messages that operators read when something is wrong.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::PermissionsExt as _,
    process::Command,
    time::Duration,
};

use inlet_system_tests::{Server, ServerOptions, binary, raw_http, test_plugin, track};
use serde_json::json;
use tempfile::TempDir;

/// Runs `inlet serve` until it fails, and returns the last line of stderr.
fn fails(configure: impl FnOnce(&mut Command)) -> String {
    let work = TempDir::new().unwrap();
    let mut command = Command::new(binary());
    command.arg("serve").current_dir(work.path()).env_remove("INLET_MANAGEMENT_TOKEN");
    configure(&mut command);
    if !command.get_args().any(|arg| arg == "--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr.lines().rfind(|line| line.starts_with("inlet: ")).unwrap_or_else(|| panic!("{stderr}")).to_owned()
}

#[tokio::test]
async fn a_port_in_use_a_data_directory_in_use_and_one_that_is_none() {
    let server = Server::start().await;
    let address = server.base.trim_start_matches("http://").to_owned();
    let error = fails(|command| {
        command.args(["--listen", &address]);
    });
    insta::assert_snapshot!(error.replace(&address, "ADDRESS"), @"inlet: cannot listen on ADDRESS; stop what uses it, or choose another address with --listen: Address already in use (os error 98)");
    let data_dir = server.data_dir().display().to_string();
    let error = fails(|command| {
        command.args(["--data-dir", &data_dir]);
    });
    insta::assert_snapshot!(error.replace(&data_dir, "DIR"), @"inlet: the data directory DIR is in use by another process; stop it, or give this one another --data-dir");
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display().to_string();
    let error = fails(|command| {
        command.args(["--data-dir", &path]);
    });
    assert!(error.contains("cannot be used") && error.contains("give a directory"), "{error}");
}

#[tokio::test]
async fn a_configuration_that_is_wrong_says_where() {
    let with_file = |text: &str| {
        let text = text.to_owned();
        fails(move |command| {
            let dir = command.get_current_dir().unwrap().to_owned();
            fs::write(dir.join("inlet.toml"), text).unwrap();
        })
    };
    let error = with_file("listn = \"127.0.0.1:0\"");
    assert!(error.contains("listn") && error.contains("not valid"), "{error}");
    let error = with_file("header_timeout_seconds = \"soon\"");
    assert!(error.contains("header_timeout_seconds"), "{error}");
    let error = with_file("public_url = \"hooks.example.com\"");
    assert!(error.contains("https://"), "{error}");
    let error = fails(|command| {
        command.env("INLET_MANAGEMENT_TOKEN", "short");
    });
    assert!(error.contains("at least 16") && !error.contains("short"), "{error}");
    let error = fails(|command| {
        command.args(["--plugins-dir", "nowhere"]);
    });
    assert!(error.contains("nowhere") && error.contains("--plugins-dir"), "{error}");
}

#[tokio::test]
async fn flags_variables_and_the_file_in_that_order() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("my.toml");
    fs::write(&file, "public_url = \"https://file.example\"\nbody_timeout_seconds = 7\n").unwrap();
    let config = |server_args: ServerOptions| server_args.arg("--config").arg(file.display().to_string());
    let endpoint = async |server: &Server| {
        server.source("http", "http", json!({}), json!([])).await;
        let source = server.get("/v1/sources/http?environment=development").await;
        source["environment_settings"]["development"]["settings"]["endpoint"].as_str().unwrap().to_owned()
    };
    let server = Server::start_with(config(ServerOptions::default())).await;
    assert!(endpoint(&server).await.starts_with("https://file.example/integrations/receive/"));
    let options = config(ServerOptions::default()).env("INLET_PUBLIC_URL", "https://env.example/");
    let server = Server::start_with(options).await;
    assert!(endpoint(&server).await.starts_with("https://env.example/integrations"));
    let options = config(ServerOptions::default())
        .env("INLET_PUBLIC_URL", "https://env.example")
        .arg("--public-url")
        .arg("https://flag.example");
    let server = Server::start_with(options).await;
    assert!(endpoint(&server).await.starts_with("https://flag.example/integrations"));
}

#[tokio::test]
async fn a_token_is_generated_into_a_file_of_its_owner_and_its_place_named_once() {
    let options = || ServerOptions::default().env("INLET_MANAGEMENT_TOKEN", "");
    let refused = Server::try_start(options()).await;
    assert!(refused.is_err(), "an empty token is no token");
    let dir = TempDir::new().unwrap();
    let start = || {
        let mut command = Command::new(binary());
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(dir.path().join("data"))
            .current_dir(dir.path())
            .env_remove("INLET_MANAGEMENT_TOKEN")
            .stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.lines().any(|line| line.contains(" ready ")) {
            assert!(stderr.read_line(&mut said).unwrap() > 0, "the server ended: {said}");
        }
        let _ = Command::new("kill").arg(child.id().to_string()).status();
        stderr.read_to_string(&mut said).unwrap();
        child.wait().unwrap();
        said
    };
    let first = start();
    let file = dir.path().join("data/management-token");
    let token = fs::read_to_string(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(first.contains("data/management-token") && !first.contains(token.trim()), "{first}");
    let second = start();
    assert!(!second.contains("data/management-token"), "{second}");
    assert_eq!(fs::read_to_string(&file).unwrap(), token);
}

#[tokio::test]
async fn with_an_admin_listener_the_public_one_receives_and_nothing_else() {
    let server = Server::start_with(ServerOptions::default().arg("--admin-listen").arg("127.0.0.1:0")).await;
    assert_ne!(server.base, server.admin);
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    endpoint.expect(r#"{"event":"E"}"#, &["logged"]).await;
    let status = async |base: &str, path: &str| server.manage_at(base, path).send().await.unwrap().status().as_u16();
    for path in ["/v1/sources", "/v1/users", "/metrics", "/openapi.json", "/v1/environments"] {
        assert_eq!(status(&server.base, path).await, 404, "{path}");
    }
    assert_eq!(status(&server.base, "/healthz").await, 200);
    assert_eq!(status(&server.base, "/readyz").await, 200);
    assert_eq!(status(&server.admin, "/healthz").await, 200);
    for path in ["/v1/sources", "/metrics", "/readyz", "/openapi.json"] {
        assert_eq!(status(&server.admin, path).await, 200, "{path}");
    }
    let receive = endpoint.url.replace(&server.base, &server.admin);
    assert_eq!(server.client.post(receive).body("{}").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn listening_beyond_loopback_without_an_admin_listener_warns_at_every_start() {
    let server = Server::start_with(ServerOptions::default().arg("--listen").arg("0.0.0.0:0")).await;
    server.wait_for_log("--admin-listen").await;
    let server = Server::start().await;
    assert!(!server.log().contains("--admin-listen"));
}

#[tokio::test]
async fn a_graceful_stop_finishes_what_was_accepted() {
    let mut server = Server::start().await;
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    let path = endpoint.url.trim_start_matches(&server.base).to_owned();
    let body = r#"{"event":"Slow"}"#;
    // The head arrives before the server stops, the body after.
    let address = server.base.trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.terminate();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(tokio::net::TcpStream::connect(&address).await.is_err(), "nothing new is taken");
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(raw_http::status(&answer), 200, "{answer}");
    assert!(server.wait_for_exit().await, "{}", server.log());
    let (_dir, data_dir) = server.take_data_dir();
    let server = Server::start_with(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await;
    assert_eq!(server.last_log("http").await["event_type"], "track/Slow");
}

#[tokio::test]
async fn health_readiness_and_metrics() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    endpoint.expect(track("E", "u", "m", json!({})), &["logged"]).await;
    let text = async |path: &str| {
        server.client.get(format!("{}{path}", server.admin)).send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(text("/healthz").await, "ok\n");
    assert_eq!(text("/readyz").await, "ready\n");
    let metrics = text("/metrics").await;
    for name in [
        r#"inlet_requests_total{source="segment",environment="development",plugin="segment",status="200"} 1"#,
        r#"inlet_events_total{source="segment",environment="development",plugin="segment",outcome="logged"} 1"#,
        "inlet_stage_seconds_bucket",
        "inlet_sandbox_seconds_sum",
        "inlet_writer_batch_size_count",
        "inlet_writer_queue 0",
        "inlet_in_flight_bytes 0",
    ] {
        assert!(metrics.contains(name), "{name} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn a_bundled_plugin_that_needs_more_memory_than_a_sandbox_has_is_left_out() {
    let server =
        Server::start_with(ServerOptions::default().env("INLET_MAX_SANDBOX_MEMORY", (2 << 20).to_string())).await;
    let providers = server.get("/v1/source_providers").await;
    let keys: Vec<_> = providers["entries"].as_array().unwrap().iter().map(|entry| entry["key"].clone()).collect();
    assert_eq!(keys, ["census", "hightouch", "http", "rudderstack", "segment"]);
    let log = server.log();
    assert!(log.contains("left out; raise max_sandbox_memory") && log.contains(r#""plugin":"script""#), "{log}");
}

#[tokio::test]
async fn further_plugins_are_loaded_at_start_and_bad_files_are_named_and_left_out() {
    let dir = TempDir::new().unwrap();
    fs::copy(test_plugin("inlet__hostile.wasm"), dir.path().join("a.wasm")).unwrap();
    fs::write(dir.path().join("b.wasm"), "no wasm").unwrap();
    // A core module, the output of a compiler without `inlet plugin pack`.
    fs::write(dir.path().join("c.wasm"), b"\0asm\x01\0\0\0").unwrap();
    fs::write(dir.path().join("readme.txt"), "ignored").unwrap();
    std::os::unix::fs::symlink("/etc/hostname", dir.path().join("d.wasm")).unwrap();
    let options = ServerOptions::default().arg("--plugins-dir").arg(dir.path().display().to_string());
    let server = Server::start_with(options).await;
    let providers = server.get("/v1/source_providers").await;
    let keys: Vec<_> = providers["entries"].as_array().unwrap().iter().map(|entry| entry["key"].clone()).collect();
    assert_eq!(keys, ["census", "hightouch", "http", "inlet/hostile", "rudderstack", "script", "segment"]);
    for name in ["b.wasm", "c.wasm", "d.wasm"] {
        assert!(server.log().contains(name), "{name} is not named in\n{}", server.log());
    }
    let endpoint = server.source("hostile", "inlet/hostile", json!({}), json!([])).await;
    let answer = server.client.post(format!("{}/ok", endpoint.url)).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 200);
}
