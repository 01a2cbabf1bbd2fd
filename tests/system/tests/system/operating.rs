//! The server as its operator sees it from outside: log, metrics, health, limits, and the files of the data directory.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use inlet_system_tests::{Server, ServerOptions, binary, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::toolchains;

async fn text(server: &Server, path: &str) -> String {
    server.client.get(format!("{}{path}", server.admin)).send().await.unwrap().text().await.unwrap()
}

/// Returns the fields of the log lines with this message.
fn lines(server: &Server, message: &str) -> Vec<Value> {
    let log = server.log();
    let parsed = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed.map(|line| line["fields"].clone()).filter(|fields| fields["message"].as_str() == Some(message)).collect()
}

/// Returns a program that starts the server after this line of shell.
fn wrapped(dir: &TempDir, line: &str) -> std::path::PathBuf {
    let wrapper = dir.path().join("wrapped");
    fs::write(&wrapper, format!("#!/bin/sh\n{line}\nexec '{}' \"$@\"\n", binary().display())).unwrap();
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o700)).unwrap();
    wrapper
}

#[tokio::test]
async fn the_log_says_at_once_what_is_refused_rejected_and_failed_and_counts_the_rest() {
    let server = Server::start().await;
    let settings = json!({"signing_secret": "a-secret-of-the-source"});
    let refusing = server.source("census", "census", settings, json!([])).await;
    for _ in 0..5 {
        assert_eq!(refusing.try_send("{}").await.0, 401);
    }
    let refused = lines(&server, "webhooks were refused; the source's status and refused requests say more");
    assert_eq!(refused.len(), 1, "{}", server.log());
    assert_eq!(
        (&refused[0]["source"], &refused[0]["environment"], &refused[0]["cause"], &refused[0]["count"]),
        (&json!("census"), &json!("development"), &json!("missing"), &json!(1))
    );
    let rejecting = server.source("segment", "segment", json!({}), json!([])).await;
    for _ in 0..3 {
        rejecting.try_send(r#"{"userId":"u"}"#).await;
    }
    let rejected = lines(&server, "items of webhooks were rejected; the source's log says why");
    assert_eq!(rejected.len(), 1, "{}", server.log());
    assert!(!rejected[0]["cause"].as_str().unwrap().is_empty());
    let mappings = json!([{"event_type": "Order", "action_type": "workflows_trigger",
        "action_parameters": {"key": "order", "recipients": "data.nobody"}}]);
    let failing = server.source("http", "http", json!({}), mappings).await;
    failing.try_send(r#"{"type":"track","event":"Order","userId":"u"}"#).await;
    let failed = lines(&server, "items of webhooks failed; the source's log says why");
    assert_eq!((failed.len(), &failed[0]["cause"]), (1, &json!("action_failed")), "{}", server.log());
    assert!(text(&server, "/metrics").await.contains(
        r#"inlet_unverified_total{source="census",environment="development",plugin="census",cause="missing"} 5"#
    ));
}

#[tokio::test]
async fn one_line_at_the_start_says_what_runs_and_where() {
    let server = Server::start_with(ServerOptions::default().arg("--admin-listen").arg("127.0.0.1:0")).await;
    let ready = lines(&server, "ready").remove(0);
    assert_eq!(ready["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(ready["database"], "sqlite");
    assert!(ready["schema"].as_i64().unwrap() >= 9, "{ready}");
    assert_eq!(format!("http://{}", ready["listen"].as_str().unwrap()), server.base);
    assert_eq!(format!("http://{}", ready["admin_listen"].as_str().unwrap()), server.admin);
}

#[tokio::test]
async fn metrics_have_help_and_pass_the_check_of_prometheus() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"enforce_idempotency": true}), json!([])).await;
    endpoint.expect(track("E", "u", "m", json!({})), &["logged"]).await;
    endpoint.try_send("{").await;
    server.client.post(format!("{}/integrations/receive/nobody", server.base)).send().await.unwrap();
    let refusing = server.source("census", "census", json!({"signing_secret": "a-secret-of-it"}), json!([])).await;
    refusing.try_send("{}").await;
    let metrics = text(&server, "/metrics").await;
    let help: Vec<_> = metrics.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    for name in metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()) {
        assert!(help.contains(&name), "{name} has no help");
    }
    for name in [
        &format!(r#"inlet_build_info{{version="{}",schema=""#, env!("CARGO_PKG_VERSION")),
        "process_resident_memory_bytes ",
        "process_open_fds ",
        "process_start_time_seconds ",
        "inlet_database_bytes ",
        "inlet_database_log_bytes ",
        "inlet_store_time_behind_seconds ",
    ] {
        assert!(metrics.contains(&format!("\n{name}")), "{name} is not in\n{metrics}");
    }
    let promtool = toolchains::promtool();
    let Some(promtool) = promtool else {
        return toolchains::skipped("promtool check metrics", "promtool is not installed");
    };
    let mut check = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let checked = check.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[checked.stdout, checked.stderr].concat()).into_owned();
    assert!(checked.status.success(), "{said}");
}

#[tokio::test]
async fn metrics_beyond_loopback_need_a_token_unless_they_are_opened() {
    let anywhere = || ServerOptions::default().arg("--listen").arg("0.0.0.0:0");
    let server = Server::start_with(anywhere()).await;
    let status = async |server: &Server, token: Option<&str>| {
        let request = server.client.get(format!("{}/metrics", server.admin));
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(&server, None).await, 401);
    let everywhere = server.management_token(json!({"name": "prometheus", "scopes": ["read"]})).await;
    assert_eq!(status(&server, Some(&everywhere)).await, 200);
    let limited = json!({"name": "limited", "scopes": ["read"], "environments": ["development"]});
    let limited = server.management_token(limited).await;
    assert_eq!(status(&server, Some(&limited)).await, 403, "metrics name every environment");
    let opened = Server::start_with(anywhere().env("INLET_OPEN_METRICS", "true")).await;
    assert_eq!(status(&opened, None).await, 200);
    assert_eq!(status(&Server::start().await, None).await, 200, "on loopback");
}

#[tokio::test]
async fn the_management_api_is_answered_for_known_hosts_only() {
    let options = ServerOptions::default()
        .arg("--public-url")
        .arg("https://hooks.example.com/base")
        .env("INLET_ALLOWED_HOSTS", r#"["inlet.internal"]"#);
    let server = Server::start_with(options).await;
    let status = async |host: &str, path: &str| {
        let request = server.manage(Method::GET, path).header("host", host);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    for path in ["/v1/sources", "/metrics", "/openapi.json", "/"] {
        let (refused, body) = status("evil.example", path).await;
        assert_eq!(refused, 421, "{path}");
        assert!(body.contains("evil.example") && body.contains("allowed_hosts"), "{body}");
        for host in ["localhost:8080", "127.0.0.1", "hooks.example.com", "inlet.internal:1"] {
            assert_eq!(status(host, path).await.0, 200, "{host} {path}");
        }
    }
    // Probes and senders name any host.
    assert_eq!(status("evil.example", "/healthz").await.0, 200);
    assert_eq!(status("evil.example", "/readyz").await.0, 200);
    let source = json!({"name": "http", "preconfigured_provider": "http"});
    let (_, created) = server.try_put_source("http", "development", source).await;
    let url = created["source"]["environment_settings"]["development"]["settings"]["endpoint"].as_str().unwrap();
    let token = url.rsplit('/').next().unwrap();
    let webhook = server.client.post(format!("{}/integrations/receive/{token}", server.base));
    let answer = webhook.header("host", "proxy.example").body(r#"{"event":"E"}"#).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn the_first_page_says_what_this_is_and_json_ends_with_a_newline() {
    let server = Server::start_with(ServerOptions::default().arg("--admin-listen").arg("127.0.0.1:0")).await;
    let page = text(&server, "/").await;
    assert!(page.contains("Inlet") && page.contains("/openapi.json") && page.ends_with('\n'), "{page}");
    let public = server.client.get(format!("{}/", server.base)).send().await.unwrap().text().await.unwrap();
    assert!(public.contains("/integrations/receive/") && !public.contains("/v1"), "{public}");
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    for response in [
        endpoint.post(r#"{"event":"E"}"#).send().await.unwrap(),
        endpoint.post("{").send().await.unwrap(),
        server.client.post(format!("{}/nowhere", server.base)).send().await.unwrap(),
        server.manage(Method::GET, "/v1/sources").send().await.unwrap(),
        server.manage(Method::GET, "/v1/nothing").send().await.unwrap(),
        server.client.get(format!("{}/v1/sources", server.admin)).send().await.unwrap(),
        server.client.get(format!("{}/openapi.json", server.admin)).send().await.unwrap(),
    ] {
        let url = response.url().clone();
        let length = response.content_length();
        let body = response.bytes().await.unwrap();
        assert!(body.ends_with(b"}\n"), "{url}");
        assert_eq!(length, Some(body.len() as u64), "{url}");
    }
}

#[tokio::test]
async fn settings_that_mean_nothing_are_refused_or_named() {
    let refused =
        async |name: &str, value: &str| match Server::try_start(ServerOptions::default().env(name, value)).await {
            Ok(_) => panic!("{name}={value} was taken"),
            Err(log) => log,
        };
    let error = refused("INLET_MAX_CONNECTIONS", "0").await;
    assert!(error.contains("max_connections is 0; expected a number from 1 to"), "{error}");
    let error = refused("INLET_MAX_SANDBOX_MEMORY", "1").await;
    assert!(error.contains("max_sandbox_memory is 1; expected"), "{error}");
    let options = ServerOptions::default().env("INLET_MAX_CONECTIONS", "5").env("INLET_ADMIN_LISTEN", "127.0.0.1:0");
    let server = Server::start_with(options).await;
    let warned = lines(&server, "a variable of this name means nothing; is the nearest one meant?");
    assert_eq!(warned.len(), 1, "{}", server.log());
    assert_eq!(
        (&warned[0]["name"], &warned[0]["nearest"]),
        (&json!("INLET_MAX_CONECTIONS"), &json!("INLET_MAX_CONNECTIONS"))
    );
}

#[tokio::test]
async fn files_are_of_their_owner_whatever_the_umask_and_the_folder() {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    fs::create_dir(&data_dir).unwrap();
    fs::set_permissions(&data_dir, fs::Permissions::from_mode(0o755)).unwrap();
    // The database of an earlier version.
    fs::write(data_dir.join("inlet.db"), "").unwrap();
    fs::set_permissions(data_dir.join("inlet.db"), fs::Permissions::from_mode(0o644)).unwrap();
    let options = ServerOptions {
        binary: Some(wrapped(&dir, "umask 000")),
        data_dir: Some(data_dir.clone()),
        ..ServerOptions::default()
    };
    let server = Server::start_with(options.env("INLET_MANAGEMENT_TOKEN", "a-token-of-the-test")).await;
    for name in ["inlet.db", "inlet.db-wal", "inlet.db-shm", "inlet.lock", "master-key"] {
        let mode = fs::metadata(data_dir.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name} has {mode:o}");
    }
    for entry in fs::read_dir(data_dir.join("compiled")).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
    }
    server.wait_for_log("chmod 700 it").await;
}

#[tokio::test]
async fn the_limit_of_open_files_is_raised_as_far_as_it_goes() {
    let dir = TempDir::new().unwrap();
    let options = |line: &str| ServerOptions { binary: Some(wrapped(&dir, line)), ..ServerOptions::default() };
    let soft_limit = |server: &Server| {
        let limits = fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap().to_owned();
        line.split_whitespace().nth(3).unwrap().parse::<u64>().unwrap()
    };
    let server = Server::start_with(options("ulimit -Sn 256").env("INLET_MAX_CONNECTIONS", "300")).await;
    assert!(soft_limit(&server) >= 300, "{}", soft_limit(&server));
    assert!(!server.log().contains("too low for max_connections"));
    let server = Server::start_with(options("ulimit -n 400").env("INLET_MAX_CONNECTIONS", "300")).await;
    assert_eq!(soft_limit(&server), 400);
    server.wait_for_log("too low for max_connections").await;
}

#[tokio::test]
async fn a_disk_that_takes_no_webhook_is_not_ready_and_fills_no_log() {
    let dir = TempDir::new().unwrap();
    // No file may exceed 3 MiB, like on a full disk. The shell's trap turns the signal into an error.
    let options = ServerOptions {
        binary: Some(wrapped(&dir, "trap '' XFSZ\nulimit -f 6144")),
        ..ServerOptions::default().arg("--admin-listen").arg("127.0.0.1:0")
    };
    let server = Server::start_with(options).await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let ready = async |base: &str| server.client.get(format!("{base}/readyz")).send().await.unwrap();
    assert_eq!(ready(&server.base).await.status(), 200);
    assert_eq!(ready(&server.admin).await.status(), 200);
    let mut refused = 0;
    for number in 0..2000 {
        let event = track("E", "u", &format!("m{number}"), json!({"pad": "p".repeat(20_000)}));
        let response = endpoint.post(event).send().await.unwrap();
        if response.status() == 503 {
            assert_eq!(read_json(response).await["code"], "storage_unavailable");
            refused += 1;
        }
        if refused == 10 {
            break;
        }
    }
    assert_eq!(refused, 10, "the disk never filled");
    for base in [&server.base, &server.admin] {
        let mut answer = ready(base).await;
        // An answer is good for a second.
        for _ in 0..10 {
            if answer.status() == 503 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            answer = ready(base).await;
        }
        assert_eq!(answer.status(), 503);
        let said = answer.text().await.unwrap();
        assert!(said.starts_with("not ready: the storage is unavailable"), "{said}");
    }
    let stored = "events cannot be stored; they are answered 503 until the storage works";
    assert_eq!(lines(&server, stored).len(), 1, "{}", server.log());
    assert_eq!(lines(&server, "webhooks could not be stored and were answered 503").len(), 1);
}
