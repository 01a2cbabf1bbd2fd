//! Secrets at rest, the master key that seals them, and their rotation.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use inlet_system_tests::{Endpoint, Server, ServerOptions, all_files, binary, hmac_sha1, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

const KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";
const OTHER_KEY: &str = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";

fn in_dir(data_dir: &Path) -> ServerOptions {
    ServerOptions { data_dir: Some(data_dir.to_owned()), ..ServerOptions::default() }
}

fn write_key(file: &Path, text: &str) {
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Returns the reason why a server does not start, without directory names.
async fn refusal(options: ServerOptions) -> String {
    let data_dir = options.data_dir.clone().unwrap().display().to_string();
    let log = Server::try_start(options).await.err().expect("the server should refuse to start");
    assert!(!log.contains("panicked"), "{log}");
    let line = log.lines().rfind(|line| line.starts_with("inlet: ")).unwrap_or_else(|| panic!("{log}"));
    line.replace(&data_dir, "DIR")
}

/// Runs `inlet secrets rotate-key`, and returns its output or its error.
fn rotate_key(data_dir: &Path, args: &[&str], env: &[(&str, &str)]) -> Result<String, String> {
    let work = TempDir::new().unwrap();
    let output = Command::new(binary())
        .args(["secrets", "rotate-key", "--data-dir"])
        .arg(data_dir)
        .args(args)
        .envs(env.iter().copied())
        .current_dir(work.path())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&data_dir.display().to_string(), "DIR");
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(text(output.stderr).trim().to_owned()),
    }
}

/// Starts a server with one source that enforces verification.
async fn with_source(options: ServerOptions) -> (Server, Endpoint) {
    let server = Server::start_with(options).await;
    let endpoint = server.source("segment", "segment", json!({"signing_secret": "first-secret"}), json!([])).await;
    (server, endpoint)
}

/// Kills a server and returns its data directory.
fn kill(mut server: Server) -> (Option<TempDir>, PathBuf) {
    server.kill();
    server.take_data_dir()
}

async fn endpoint_in(server: &Server, environment: &str) -> Endpoint {
    let source = server.get(&format!("/v1/sources/segment?environment={environment}")).await;
    server.endpoint_of(&source, environment)
}

fn token(endpoint: &Endpoint) -> &str {
    endpoint.url.rsplit('/').next().unwrap()
}

/// Sends an event signed with this secret, and returns the status.
async fn send_signed(endpoint: &Endpoint, secret: &str) -> u16 {
    let body = track("E", "u", "", json!({}));
    let signature = hmac_sha1(secret, body.as_bytes());
    endpoint.post(body).header("x-signature", signature).send().await.unwrap().status().as_u16()
}

async fn send(endpoint: &Endpoint) -> u16 {
    endpoint.post(track("E", "u", "", json!({}))).send().await.unwrap().status().as_u16()
}

/// Asserts that the server still has its endpoint and its secret.
async fn works(server: &Server, before: &Endpoint) {
    let endpoint = endpoint_in(server, "development").await;
    assert_eq!(token(&endpoint), token(before));
    assert_eq!(send_signed(&endpoint, "first-secret").await, 200);
    assert_eq!(send_signed(&endpoint, "another-secret").await, 401);
}

#[tokio::test]
async fn a_key_is_generated_once_into_a_file_of_its_owner_and_needed_from_then_on() {
    let (server, endpoint) = with_source(ServerOptions::default()).await;
    let key_file = server.data_dir().join("master-key");
    let key = fs::read_to_string(&key_file).unwrap();
    assert_eq!(fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(server.log().contains("a master key was generated") && !server.log().contains(key.trim()));
    let (_dir, data_dir) = kill(server);

    let server = Server::start_with(in_dir(&data_dir)).await;
    works(&server, &endpoint).await;
    assert_eq!(fs::read_to_string(&key_file).unwrap(), key);
    kill(server);

    fs::remove_file(&key_file).unwrap();
    insta::assert_snapshot!(refusal(in_dir(&data_dir)).await, @"inlet: there is no master key file DIR/master-key, and the secrets in DIR are sealed with a key; put the file back, name it with master_key_file, or give the key as INLET_MASTER_KEY; nothing was changed");
    assert!(!key_file.exists(), "a second key is never made");
    write_key(&key_file, KEY);
    insta::assert_snapshot!(refusal(in_dir(&data_dir)).await, @"inlet: the master key in DIR/master-key is not the one that the secrets in DIR are sealed with; give that one; nothing was changed");
    write_key(&key_file, &key[..40]);
    insta::assert_snapshot!(refusal(in_dir(&data_dir)).await, @"inlet: the master key in DIR/master-key is not one: it has 20 bytes; expected 32 bytes as 64 hexadecimal digits or in base64 (`openssl rand -hex 32` makes some)");
    write_key(&key_file, &key);
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&key_file, fs::Permissions::from_mode(mode)).unwrap();
        let error = refusal(in_dir(&data_dir)).await;
        assert!(error.contains("`chmod 600 DIR/master-key`") && error.contains(&format!("{mode:04o}")), "{error}");
    }
    fs::set_permissions(&key_file, fs::Permissions::from_mode(0o400)).unwrap();
    works(&Server::start_with(in_dir(&data_dir)).await, &endpoint).await;
}

#[tokio::test]
async fn a_key_from_the_environment_or_another_file() {
    let with_key = |options: ServerOptions, key: &str| options.env("INLET_MASTER_KEY", key);
    let (server, endpoint) = with_source(with_key(ServerOptions::default(), KEY)).await;
    assert!(!server.data_dir().join("master-key").exists());
    let (_dir, data_dir) = kill(server);
    insta::assert_snapshot!(refusal(with_key(in_dir(&data_dir), OTHER_KEY)).await, @"inlet: the master key in INLET_MASTER_KEY is not the one that the secrets in DIR are sealed with; give that one; nothing was changed");
    insta::assert_snapshot!(refusal(with_key(in_dir(&data_dir), "")).await, @"inlet: the master key in INLET_MASTER_KEY is not one: it is empty; expected 32 bytes as 64 hexadecimal digits or in base64 (`openssl rand -hex 32` makes some)");
    insta::assert_snapshot!(refusal(with_key(in_dir(&data_dir), "hunter2")).await, @"inlet: the master key in INLET_MASTER_KEY is not one: its 7 characters are neither hexadecimal nor base64; expected 32 bytes as 64 hexadecimal digits or in base64 (`openssl rand -hex 32` makes some)");
    assert!(refusal(in_dir(&data_dir)).await.contains("there is no master key file"));

    let elsewhere = TempDir::new().unwrap();
    let file = elsewhere.path().join("key");
    write_key(&file, KEY);
    let name = file.display().to_string();
    let server = Server::start_with(in_dir(&data_dir).arg("--master-key-file").arg(&name)).await;
    works(&server, &endpoint).await;
    assert!(!server.log().contains(KEY));
    kill(server);
    let server = Server::start_with(in_dir(&data_dir).env("INLET_MASTER_KEY_FILE", &name)).await;
    works(&server, &endpoint).await;
    kill(server);
    // The variable takes precedence over the file.
    assert!(
        refusal(with_key(in_dir(&data_dir), OTHER_KEY).env("INLET_MASTER_KEY_FILE", &name))
            .await
            .contains("not the one")
    );
}

#[tokio::test]
async fn a_key_that_was_made_and_never_used_is_used() {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    fs::create_dir(&data_dir).unwrap();
    // Killed after the key was written, and while it was being written.
    write_key(&data_dir.join("master-key"), KEY);
    write_key(&data_dir.join("master-key.new"), "07");
    let (server, endpoint) = with_source(in_dir(&data_dir)).await;
    kill(server);
    assert_eq!(fs::read_to_string(data_dir.join("master-key")).unwrap(), KEY);
    works(&Server::start_with(in_dir(&data_dir).env("INLET_MASTER_KEY", KEY)).await, &endpoint).await;
    let dir = TempDir::new().unwrap();
    write_key(&dir.path().join("master-key.new"), "07");
    let (server, _) = with_source(in_dir(dir.path())).await;
    assert!(server.data_dir().join("master-key").exists());
}

#[tokio::test]
async fn rotate_key_seals_everything_with_a_new_key() {
    let (server, endpoint) = with_source(ServerOptions::default()).await;
    let data_dir = server.data_dir().to_owned();
    let key_file = data_dir.join("master-key");
    let first = fs::read_to_string(&key_file).unwrap();
    insta::assert_snapshot!(rotate_key(&data_dir, &[], &[]).unwrap_err(), @"inlet: the data directory DIR is in use by another process; stop it, or give this one another --data-dir");
    let (_dir, data_dir) = kill(server);

    let printed = rotate_key(&data_dir, &[], &[]).unwrap();
    assert!(
        printed.contains("3 secrets are sealed with the new master key") && printed.contains("DIR/master-key."),
        "{printed}"
    );
    let second = fs::read_to_string(&key_file).unwrap();
    assert_ne!(first, second);
    assert!(!printed.contains(second.trim()) && !data_dir.join("master-key.new").exists());
    assert_eq!(fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);
    let server = Server::start_with(in_dir(&data_dir)).await;
    works(&server, &endpoint).await;
    kill(server);
    assert!(refusal(in_dir(&data_dir).env("INLET_MASTER_KEY", first.trim())).await.contains("not the one"));

    // With a key from the operator.
    rotate_key(&data_dir, &[], &[("INLET_NEW_MASTER_KEY", KEY)]).unwrap();
    assert_eq!(fs::read_to_string(&key_file).unwrap().trim(), KEY);
    let new = data_dir.parent().unwrap().join("new-key");
    write_key(&new, OTHER_KEY);
    let new = new.display().to_string();
    let args = ["--new-key-file", &new];
    insta::assert_snapshot!(rotate_key(&data_dir, &args, &[("INLET_NEW_MASTER_KEY", KEY)]).unwrap_err(), @"inlet: there are two new master keys, --new-key-file and INLET_NEW_MASTER_KEY; give one");
    rotate_key(&data_dir, &args, &[]).unwrap();
    insta::assert_snapshot!(rotate_key(&data_dir, &args, &[]).unwrap_err(), @"inlet: the new master key is the one in use; give another");
    works(&Server::start_with(in_dir(&data_dir)).await, &endpoint).await;
}

#[tokio::test]
async fn rotate_key_with_the_key_in_the_environment() {
    let variable = [("INLET_MASTER_KEY", KEY)];
    let (server, endpoint) = with_source(ServerOptions::default().env("INLET_MASTER_KEY", KEY)).await;
    let (_dir, data_dir) = kill(server);
    insta::assert_snapshot!(rotate_key(&data_dir, &[], &variable).unwrap_err(), @"inlet: the master key is in INLET_MASTER_KEY, where a new one cannot be put; give the new one as INLET_NEW_MASTER_KEY or with --new-key-file (`openssl rand -hex 32` makes one)");
    assert!(rotate_key(&data_dir, &[], &[("INLET_MASTER_KEY", OTHER_KEY)]).unwrap_err().contains("is not the one"));
    let both = [("INLET_MASTER_KEY", KEY), ("INLET_NEW_MASTER_KEY", OTHER_KEY)];
    let printed = rotate_key(&data_dir, &[], &both).unwrap();
    assert!(printed.contains("Set INLET_MASTER_KEY to it") && !printed.contains(OTHER_KEY), "{printed}");
    assert!(refusal(in_dir(&data_dir).env("INLET_MASTER_KEY", KEY)).await.contains("not the one"));
    works(&Server::start_with(in_dir(&data_dir).env("INLET_MASTER_KEY", OTHER_KEY)).await, &endpoint).await;
    let nowhere = rotate_key(Path::new("/nowhere/data"), &[], &[]).unwrap_err();
    insta::assert_snapshot!(nowhere, @"inlet: there is no data directory DIR; name the server's with --data-dir");
    let empty = TempDir::new().unwrap();
    insta::assert_snapshot!(rotate_key(empty.path(), &[], &[]).unwrap_err(), @"inlet: nothing is sealed in DIR yet; the first start of `inlet serve` does it");
}

#[tokio::test]
async fn a_rotation_of_the_key_that_was_killed_at_any_moment_leaves_a_key_that_opens_it() {
    let (server, endpoint) = with_source(ServerOptions::default()).await;
    let (_dir, data_dir) = kill(server);
    let (file, staged) = (data_dir.join("master-key"), data_dir.join("master-key.new"));
    let old = fs::read_to_string(&file).unwrap();
    // Killed while the new key was written, before the change was committed: the old key is valid.
    for before in ["", KEY] {
        write_key(&staged, before);
        let server = Server::start_with(in_dir(&data_dir)).await;
        works(&server, &endpoint).await;
        kill(server);
        assert!(!staged.exists());
        assert_eq!(fs::read_to_string(&file).unwrap(), old);
    }
    // Killed after the change was committed, before the new key replaced the old file.
    rotate_key(&data_dir, &[], &[]).unwrap();
    let new = fs::read_to_string(&file).unwrap();
    let undo = || {
        write_key(&staged, &new);
        write_key(&file, &old);
    };
    undo();
    let server = Server::start_with(in_dir(&data_dir)).await;
    works(&server, &endpoint).await;
    server.wait_for_log("a change of the master key was interrupted").await;
    kill(server);
    assert_eq!((fs::read_to_string(&file).unwrap(), staged.exists()), (new.clone(), false));
    // A second rotation on top of the interrupted one.
    undo();
    rotate_key(&data_dir, &[], &[]).unwrap();
    let third = fs::read_to_string(&file).unwrap();
    assert!(third != new && third != old && !staged.exists());
    works(&Server::start_with(in_dir(&data_dir)).await, &endpoint).await;
}

/// PUTs settings of the source in `development`, and returns the status and the answer.
async fn put(server: &Server, settings: Value) -> (u16, Value) {
    let source = json!({"name": "segment", "environment_settings": {"development": {"settings": settings}}});
    server.try_put_source("segment", "development", source).await
}

/// PUTs settings, expects success, and returns the settings of the response.
async fn set(server: &Server, settings: Value) -> Value {
    let (status, answer) = put(server, settings).await;
    assert_eq!(status, 200, "{answer}");
    answer["source"]["environment_settings"]["development"]["settings"].clone()
}

/// Waits until the time in a member of the source's settings has passed.
async fn wait_until_over(server: &Server, member: &str) {
    for _ in 0..200 {
        let source = server.get("/v1/sources/segment?environment=development").await;
        if source["environment_settings"]["development"]["settings"][member].is_null() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{member} is not over");
}

#[tokio::test]
async fn a_replaced_signing_secret_is_good_inside_its_overlap_and_not_after() {
    let (server, endpoint) = with_source(ServerOptions::default()).await;
    let shown = set(&server, json!({"signing_secret": "second-secret", "signing_secret_overlap_seconds": 4})).await;
    assert!(shown["previous_signing_secret_until"].is_string() && shown["signing_secret_set"] == true, "{shown}");
    for secret in ["second-secret", "first-secret"] {
        assert_eq!(send_signed(&endpoint, secret).await, 200, "{secret}");
        assert_eq!(server.last_log("segment").await["verification_status"], "enforced:verified");
    }
    assert_eq!(send_signed(&endpoint, "third-secret").await, 401);
    assert_eq!(send(&endpoint).await, 401, "no signature at all");
    let body = track("E", "u", "", json!({}));
    let [new, old] = ["second-secret", "first-secret"].map(|secret| hmac_sha1(secret, body.as_bytes()));
    let twice = endpoint.post(body).header("x-signature", new).header("x-signature", old).send().await.unwrap();
    assert_eq!(twice.status(), 401, "a header that is sent twice fails, whatever it holds");
    wait_until_over(&server, "previous_signing_secret_until").await;
    assert_eq!(send_signed(&endpoint, "first-secret").await, 401);
    assert_eq!(send_signed(&endpoint, "second-secret").await, 200);
}

#[tokio::test]
async fn an_overlap_is_a_day_survives_a_restart_and_ends_when_it_is_told() {
    let (server, endpoint) = with_source(ServerOptions::default()).await;
    let shown = set(&server, json!({"signing_secret": "second-secret"})).await;
    let until = shown["previous_signing_secret_until"].clone();
    let (status, answer) = put(&server, shown.clone()).await;
    assert_eq!(status, 200, "what is shown may be sent back: {answer}");
    let again = set(&server, json!({"signing_secret": "second-secret", "signing_secret_overlap_seconds": 60})).await;
    assert_eq!(again["previous_signing_secret_until"], until, "setting the same again replaces nothing");
    let (_dir, data_dir) = kill(server);
    rotate_key(&data_dir, &[], &[]).unwrap();
    let server = Server::start_with(in_dir(&data_dir)).await;
    let old = endpoint;
    let endpoint = endpoint_in(&server, "development").await;
    assert_eq!(token(&endpoint), token(&old));
    for secret in ["second-secret", "first-secret"] {
        assert_eq!(send_signed(&endpoint, secret).await, 200, "{secret}");
    }
    let shown = set(&server, json!({"signing_secret_overlap_seconds": 0})).await;
    assert_eq!(shown["previous_signing_secret_until"], json!(null));
    assert_eq!(send_signed(&endpoint, "first-secret").await, 401);
    let shown = set(&server, json!({"signing_secret": "third-secret", "signing_secret_overlap_seconds": 0})).await;
    assert_eq!(shown["previous_signing_secret_until"], json!(null));
    assert_eq!(send_signed(&endpoint, "second-secret").await, 401);
    set(&server, json!({"signing_secret": "fourth-secret"})).await;
    let shown = set(&server, json!({"signing_secret": null, "enforce_verification": false})).await;
    assert_eq!((&shown["signing_secret_set"], &shown["previous_signing_secret_until"]), (&json!(false), &json!(null)));
    assert_eq!(send_signed(&endpoint, "third-secret").await, 200);
    assert_eq!(server.last_log("segment").await["verification_status"], "not_configured", "clearing ends both");
    let bad = json!({"signing_secret": "x", "signing_secret_overlap_seconds": 2_592_001});
    let (status, answer) = put(&server, bad).await;
    assert_eq!(
        (status, answer["field"].as_str()),
        (422, Some("source.environment_settings.development.settings.signing_secret_overlap_seconds"))
    );
}

/// Rotates the endpoint of the source, and returns the status and the answer.
async fn try_rotate(server: &Server, key: &str, body: Value) -> (u16, Value) {
    try_rotate_in(server, key, "?environment=development", body).await
}

async fn try_rotate_in(server: &Server, key: &str, query: &str, body: Value) -> (u16, Value) {
    let path = format!("/v1/sources/{key}/rotate_endpoint{query}");
    let response = server.manage(Method::POST, &path).json(&body).send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

async fn rotate(server: &Server, overlap_seconds: u64) -> (Endpoint, Value) {
    let body = json!({"overlap_seconds": overlap_seconds});
    let (status, answer) = try_rotate(server, "segment", body).await;
    assert_eq!(status, 200, "{answer}");
    let endpoint = endpoint_in(server, "development").await;
    assert_eq!(answer["endpoint"].as_str().unwrap().rsplit('/').next().unwrap(), token(&endpoint));
    (endpoint, answer)
}

#[tokio::test]
async fn a_replaced_endpoint_is_good_inside_its_overlap_and_unknown_after() {
    let server = Server::start().await;
    let first = server.source("segment", "segment", json!({}), json!([])).await;
    let production = endpoint_in(&server, "production").await;
    let (second, answer) = rotate(&server, 4).await;
    assert_ne!(token(&first), token(&second));
    assert!(answer["previous_endpoint_until"].is_string(), "{answer}");
    let note = async || server.get("/v1/sources/segment/status").await["notes"].to_string();
    assert!(note().await.contains("no request came to it"), "{}", note().await);
    assert_eq!((send(&first).await, send(&second).await), (200, 200));
    assert!(note().await.contains("a request came to an earlier endpoint at"), "{}", note().await);
    set(&server, json!({"handle_identifies": true})).await;
    assert!(note().await.contains("a request came to an earlier endpoint at"), "a change forgets nothing");
    wait_until_over(&server, "previous_endpoint_until").await;
    assert_eq!((send(&first).await, send(&second).await), (404, 200));
    assert_eq!(note().await, "[]");
    assert_eq!(send(&production).await, 200, "the other environment keeps its own");
    let metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
    for endpoint in [&first, &second] {
        assert!(!server.log().contains(token(endpoint)) && !metrics.contains(token(endpoint)));
    }
    server.wait_for_log("an endpoint was rotated").await;
}

#[tokio::test]
async fn earlier_endpoints_keep_their_own_ends_over_a_restart_and_0_revokes_all() {
    let server = Server::start().await;
    let first = server.source("segment", "segment", json!({}), json!([])).await;
    let (status, answer) = try_rotate(&server, "segment", json!({})).await;
    assert_eq!(status, 200, "{answer}");
    let second = endpoint_in(&server, "development").await;
    let (third, _) = rotate(&server, 3600).await;
    for endpoint in [&first, &second, &third] {
        assert_eq!(send(endpoint).await, 200);
    }
    let (_dir, data_dir) = kill(server);
    let server = Server::start_with(in_dir(&data_dir)).await;
    let here = |endpoint: &Endpoint| format!("{}/integrations/receive/{}", server.base, token(endpoint));
    let send_to = async |endpoint: &Endpoint| {
        server.client.post(here(endpoint)).body(track("E", "u", "", json!({}))).send().await.unwrap().status().as_u16()
    };
    for endpoint in [&first, &second, &third] {
        assert_eq!(send_to(endpoint).await, 200);
    }
    let shown = server.get("/v1/sources/segment?environment=development").await;
    let until = &shown["environment_settings"]["development"]["settings"]["previous_endpoint_until"];
    assert_eq!(until, &answer["previous_endpoint_until"], "a day is later than an hour");
    let (fourth, answer) = rotate(&server, 0).await;
    assert_eq!(answer["previous_endpoint_until"], json!(null));
    for endpoint in [&first, &second, &third] {
        assert_eq!(send_to(endpoint).await, 404);
    }
    assert_eq!(send_to(&fourth).await, 200);
}

#[tokio::test]
async fn an_endpoint_is_not_rotated_by_what_is_not_understood() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let error_in = async |query: &str, body: Value| {
        let (status, answer) = try_rotate_in(&server, "segment", query, body).await;
        format!("{status} {}: {}", answer["field"], answer["message"].as_str().unwrap())
    };
    let error = async |body: Value| error_in("?environment=development", body).await;
    insta::assert_snapshot!(error_in("", json!({})).await, @r#"422 "environment": this query parameter is missing; expected development or production"#);
    insta::assert_snapshot!(error_in("?environment=staging", json!({})).await, @r#"422 "environment": there is no environment "staging"; expected development or production"#);
    insta::assert_snapshot!(error(json!({"environment": "development"})).await, @r#"422 "environment": there is no such member; it is a query parameter here: send it as ?environment=…"#);
    for overlap in [json!(-1), json!(2_592_001), json!(1.5), json!("60"), json!([])] {
        let error = error(json!({"overlap_seconds": overlap})).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @r#"422 "overlap_seconds": expected a whole number of seconds from 0 to 2592000"#);
        }
    }
    insta::assert_snapshot!(error(json!({"overlap": 1})).await, @r#"422 "overlap": there is no such member; the nearest is "overlap_seconds""#);
    let (status, _) = try_rotate(&server, "nothing", json!({})).await;
    assert_eq!(status, 404);
    let url = format!("{}/v1/sources/segment/rotate_endpoint?environment=development", server.admin);
    let nobody = server.client.post(url).json(&json!({})).send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    let same = endpoint_in(&server, "development").await;
    assert_eq!(token(&same), token(&endpoint));
    for _ in 0..16 {
        rotate(&server, 3600).await;
    }
    let (status, answer) = try_rotate(&server, "segment", json!({})).await;
    assert_eq!(status, 409, "{answer}");
    assert_eq!(send(&endpoint).await, 200, "nothing that is promised is cut short");
}

#[tokio::test]
async fn no_secret_and_no_token_is_in_any_file_answer_metric_or_log() {
    let (server, first) = with_source(ServerOptions::default()).await;
    let mut answers = Vec::new();
    answers.push(set(&server, json!({"signing_secret": "canary-second"})).await.to_string());
    answers.push(set(&server, json!({"signing_secret": "canary-third"})).await.to_string());
    let (second, _) = rotate(&server, 3600).await;
    let production = endpoint_in(&server, "production").await;
    for (endpoint, secret) in [(&first, "canary-second"), (&second, "canary-third")] {
        assert_eq!(send_signed(endpoint, secret).await, 200);
    }
    assert_eq!(send_signed(&second, "canary-wrong").await, 401);
    for path in ["/v1/sources?include=environment_settings", "/v1/sources/segment/status", "/openapi.json"] {
        answers.push(server.get(path).await.to_string());
    }
    answers.extend(server.logs("segment").await.iter().map(Value::to_string));
    answers.push(server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap());
    answers.push(server.log());
    let secrets = ["first-secret", "canary-"];
    for (answer, secret) in answers.iter().flat_map(|answer| secrets.map(|secret| (answer, secret))) {
        assert!(!answer.contains(secret), "{secret} is in {answer}");
    }
    let tokens = [&first, &second, &production].map(|endpoint| token(endpoint).to_owned());
    assert!(tokens.iter().all(|token| !server.log().contains(token)));
    let key = fs::read_to_string(server.data_dir().join("master-key")).unwrap();
    let check = |data_dir: &Path| {
        let needles =
            secrets.iter().map(|secret| secret.to_string()).chain(tokens.clone()).chain([key.trim().to_owned()]);
        let needles: Vec<String> = needles.collect();
        let files = all_files(data_dir);
        assert!(files.iter().any(|(path, _)| path.ends_with("inlet.db")));
        for (path, bytes) in files.iter().filter(|(path, _)| !path.ends_with("master-key")) {
            for needle in &needles {
                let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
                assert!(!found, "{needle} is in {}", path.display());
            }
        }
    };
    check(server.data_dir());
    let (_dir, data_dir) = kill(server);
    check(&data_dir);
    rotate_key(&data_dir, &[], &[]).unwrap();
    check(&data_dir);
}
