//! Downloads that break off, clients that hang up, and restores that are killed.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, TcpListener},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_system_tests::{MANAGEMENT_TOKEN, Server, binary, track};
use reqwest::Method;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{backup, directory_with_key, restore, server_at, temporary_files, text};

/// Answers one request with so many bytes of a body, under the size and the digest of another.
fn answer_once(announced: &[u8], sent: &[u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (length, digest) = (announced.len(), STANDARD.encode(Sha256::digest(announced)));
    let sent = sent.to_vec();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nrepr-digest: sha-256=:{digest}:\r\nconnection: close\r\n\r\n"
        );
        // The client hangs up when it has seen enough. A socket that closes with unread bytes would take sent ones back.
        _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&sent));
        _ = stream.shutdown(Shutdown::Write).and_then(|()| stream.read_to_end(&mut Vec::new()));
    });
    url
}

fn backup_from(url: &str, directory: &Path) -> Output {
    let mut command = Command::new(binary());
    command.args(["backup", "a.db", "--server", url]).current_dir(directory).env("INLET_TOKEN", MANAGEMENT_TOKEN);
    command.output().unwrap()
}

#[test]
fn a_download_that_is_not_whole_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let body: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let mut changed = body.clone();
    changed[700_000] ^= 1;
    for (announced, sent, sentence) in [
        (&body, &body[..700_000], "the download broke off after"),
        (&body, &changed, "another SHA-256 than what the server sent"),
        (&body, &body, "a.db.part is no whole backup of Inlet"),
    ] {
        let output = backup_from(&answer_once(announced, sent), directory.path());
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(sentence), "{said}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "{said}");
    }
}

/// Returns a server whose database is larger than what a connection buffers.
async fn large_server() -> Server {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    for number in 0..8_u8 {
        let text: String =
            (0..30_000_u32).map(|n| hex::encode(Sha256::digest([[number; 4], n.to_le_bytes()].concat()))).collect();
        endpoint.expect(track("Large", "ana", "", json!({"text": text})), &["logged"]).await;
    }
    server
}

#[tokio::test]
async fn one_backup_is_made_at_a_time_and_one_whose_client_hangs_up_leaves_nothing() {
    let server = large_server().await;
    let host = server.admin.trim_start_matches("http://");
    let mut slow = tokio::net::TcpStream::connect(host).await.unwrap();
    let request =
        format!("POST /v1/backups HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {MANAGEMENT_TOKEN}\r\n\r\n");
    slow.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    slow.read_exact(&mut first).await.unwrap();
    assert_eq!(text(&first), "HTTP/1.1 200");
    // While it is sent, no other one is made.
    let refused = wait_for_status(&server, 503).await;
    assert!(refused.contains("a backup is being made or downloaded already"), "{refused}");
    drop(slow);
    wait_for_status(&server, 200).await;
    assert_eq!(temporary_files(server.data_dir()), Vec::<String>::new());
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Later", "ana", "", json!({})), &["logged"]).await;
}

/// Asks for backups until one is answered so; returns its text, if it is an error.
async fn wait_for_status(server: &Server, wanted: u16) -> String {
    for _ in 0..600 {
        let response = server.manage(Method::POST, "/v1/backups").send().await.unwrap();
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap();
        if status == wanted {
            return if status == 200 { String::new() } else { text(&body) };
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no backup was answered {wanted} within 30 s");
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy_directory(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}

#[tokio::test]
async fn a_restore_that_is_killed_leaves_the_old_database_or_the_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let server = large_server().await;
    let file = directory.path().join("a.db");
    assert!(backup(&server, &file).await.status.success());
    // The old server was killed, so that its log holds what the database does not.
    let data_dir = directory_with_key(directory.path(), "old", server.data_dir());
    let mut old = server_at(data_dir.clone()).await;
    let endpoint = old.source("old", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Old", "ana", "", json!({})), &["logged"]).await;
    old.kill();
    let mut found = Vec::new();
    // Spread over the time that a restore takes, and one to its end.
    for milliseconds in [0, 5, 10, 20, 40, 80, 160, 30_000] {
        let target = directory.path().join(format!("killed-{milliseconds}"));
        copy_directory(&data_dir, &target);
        let mut child = restore(&file, &target, &["--replace"]).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_millis(milliseconds);
        while child.try_wait().unwrap().is_none() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        // One that has ended is not killed.
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(status.success() || status.signal() == Some(9), "{status}");
        found.push(content(target).await);
    }
    assert_eq!(found.last().unwrap(), "shop");
    // The first one is killed before it can begin.
    assert_eq!(found.first().unwrap(), "old");
}

/// Starts a server, which must find one of the two databases whole. Returns the key of its source.
async fn content(data_dir: PathBuf) -> String {
    let server = server_at(data_dir.clone()).await;
    assert_eq!(temporary_files(&data_dir), Vec::<String>::new());
    let sources = server.get("/v1/sources").await;
    let key = sources["entries"][0]["key"].as_str().unwrap().to_owned();
    assert_eq!(sources["entries"].as_array().unwrap().len(), 1);
    assert_eq!(server.logs(&key).await.len(), if key == "old" { 1 } else { 8 });
    key
}
