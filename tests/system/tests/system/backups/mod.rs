//! `inlet backup` and `inlet restore`: backups under load, restores, and both when they are cut off.

mod cut_off;
mod full_disk;
mod refusals;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use inlet_system_tests::{Endpoint, MANAGEMENT_TOKEN, Server, ServerOptions, digest, hmac_sha1, http_version, track};
use reqwest::Method;
use serde_json::json;

/// The signing secret, which stands nowhere else, such as in a plugin.
const SECRET: &str = "s3cr3t-of-the-shop-that-is-backed-up";

/// Runs `inlet backup` of a server, while other tasks go on.
async fn backup(server: &Server, file: &Path) -> Output {
    let mut command = Command::new(inlet_system_tests::binary());
    command.args(["backup", "--json", "--server", &server.admin]).arg(file).env("INLET_TOKEN", MANAGEMENT_TOKEN);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// Returns the command `inlet restore`.
fn restore(file: &Path, data_dir: &Path, further: &[&str]) -> Command {
    let mut command = Command::new(inlet_system_tests::binary());
    command.arg("restore").arg(file).arg("--data-dir").arg(data_dir).args(further);
    // The checkout may contain an inlet.toml.
    command.current_dir(data_dir.parent().unwrap());
    command
}

/// Creates a directory with the master key of another, and returns its path.
fn directory_with_key(parent: &Path, name: &str, of: &Path) -> PathBuf {
    let directory = parent.join(name);
    fs::create_dir(&directory).unwrap();
    fs::copy(of.join("master-key"), directory.join("master-key")).unwrap();
    directory
}

async fn server_at(data_dir: PathBuf) -> Server {
    Server::start_with(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

async fn send_signed(endpoint: &Endpoint, body: String) -> reqwest::Response {
    let signature = hmac_sha1(SECRET, body.as_bytes());
    endpoint.post(body).header("x-signature", signature).send().await.unwrap()
}

/// Sends events one after the other until it is stopped, and notes each that was answered 200.
fn load(endpoint: &Endpoint, worker: usize, answered: &Arc<Mutex<Vec<String>>>, stop: &Arc<AtomicBool>) -> Load {
    let (endpoint, answered, stop) = (endpoint.clone(), answered.clone(), stop.clone());
    tokio::spawn(async move {
        for number in 0.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let id = format!("m-{worker}-{number}");
            let response = send_signed(&endpoint, track("Order", "ana", &id, json!({"number": number}))).await;
            assert_eq!(response.status(), 200, "{id}");
            answered.lock().unwrap().push(id);
        }
    })
}

type Load = tokio::task::JoinHandle<()>;

/// Waits until so many events were answered.
async fn wait_for(answered: &Mutex<Vec<String>>, count: usize) {
    for _ in 0..3000 {
        if answered.lock().unwrap().len() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{count} events were not answered within 30 s");
}

#[tokio::test]
async fn what_was_answered_before_a_backup_is_in_it_and_the_restored_server_serves() {
    let server = Server::start().await;
    let plugin = http_version("acme/http", "1.0.0");
    assert_eq!(server.add_version("acme/http", "", &plugin).await.0, 201);
    let crm = server.source("crm", "acme/http", json!({}), json!([])).await;
    crm.expect(track("Order", "u", "", json!({})), &["logged"]).await;
    let mappings = json!([{"event_type": "track/Order", "action_type": "users_identify"}]);
    let settings = json!({"enforce_idempotency": true, "signing_secret": SECRET});
    let shop = server.source("shop", "segment", settings, mappings).await;
    let token = server.management_token(json!({"name": "reader", "scopes": ["read"]})).await;
    let directory = tempfile::tempdir().unwrap();

    let (answered, stop) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
    let workers: Vec<Load> = (0..4).map(|worker| load(&shop, worker, &answered, &stop)).collect();
    wait_for(&answered, 200).await;
    let before = answered.lock().unwrap().clone();
    let file = directory.path().join("inlet.db");
    let output = backup(&server, &file).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    // Events went on meanwhile, and go on.
    wait_for(&answered, before.len() + 50).await;
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap();
    }
    let written: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let bytes = fs::read(&file).unwrap();
    assert_eq!(written["bytes"], bytes.len());
    assert_eq!(format!("sha256:{}", written["sha256"].as_str().unwrap()), digest(&bytes));
    assert!(text(&output.stderr).contains("Keep the master key apart from it"), "{}", text(&output.stderr));
    // The key is not in it, and nothing of it is left on the server.
    let key = fs::read_to_string(server.data_dir().join("master-key")).unwrap();
    let raw_key = hex::decode(key.trim()).unwrap();
    for secret in [key.trim().as_bytes(), &raw_key, SECRET.as_bytes()] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
    assert_eq!(temporary_files(server.data_dir()), Vec::<String>::new());

    let data_dir = directory_with_key(directory.path(), "restored", server.data_dir());
    let output = restore(&file, &data_dir, &[]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let restored = server_at(data_dir).await;
    let at = |endpoint: &Endpoint| Endpoint::at(&restored, format!("{}{}", restored.base, endpoint.path()));
    for id in &before {
        // Other bytes, so that only the idempotency key tells it.
        let response = send_signed(&at(&shop), track("Order", "ana", id, json!({"again": true}))).await;
        assert_eq!(response.status(), 200);
        let answer = inlet_system_tests::read_json(response).await;
        assert_eq!(answer["events"][0]["outcome"], "replayed", "{id}: {answer}");
    }
    let kept = restored.all_logs("shop").await;
    for id in &before {
        let entries = kept.iter().filter(|entry| entry["idempotency_key"] == **id);
        assert_eq!(entries.count(), 2, "{id}: the first one of before, and the duplicate");
    }
    let unsigned = at(&shop).post(track("Order", "ana", "m", json!({}))).send().await.unwrap();
    assert_eq!(unsigned.status(), 401, "the secret is in force");
    at(&crm).expect(track("Order", "u", "", json!({})), &["logged"]).await;
    assert_eq!(restored.last_log("crm").await["plugin"]["digest"], digest(&plugin), "the added plugin is in it");
    assert_eq!(restored.request_with(&token, Method::GET, "/v1/sources").send().await.unwrap().status(), 200);
}

/// Returns the names of files that a backup or a restore left in a data directory.
fn temporary_files(data_dir: &Path) -> Vec<String> {
    let names = fs::read_dir(data_dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| ["backup", "restore"].iter().any(|start| name.starts_with(start))).collect()
}
