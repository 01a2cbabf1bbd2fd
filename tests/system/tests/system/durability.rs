//! Commits are durable: a shim between the server and the C library counts sync calls.

use std::{fs, os::unix::fs::PermissionsExt as _};

use inlet_system_tests::{Server, ServerOptions, binary, build_shim, read_json, track};
use serde_json::json;
use tempfile::TempDir;

/// A library that counts sync calls by appending a byte to `INLET_SYNC_LOG` for each.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void note(void) {
    static int log = -1;
    if (log < 0) {
        const char *path = getenv("INLET_SYNC_LOG");
        if (path) log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    }
    if (log >= 0 && write(log, "s", 1) < 0) _exit(97);
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    note();
    return real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    note();
    return real(fd);
}
"#;

#[tokio::test]
async fn every_answer_waits_for_a_sync_of_its_commit() {
    let dir = TempDir::new().unwrap();
    let log = dir.path().join("syncs");
    let options = ServerOptions::default()
        .env("LD_PRELOAD", build_shim(dir.path(), SHIM))
        .env("INLET_SYNC_LOG", log.display().to_string());
    let server = Server::start_with(options).await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let syncs = || fs::metadata(&log).unwrap().len();
    for n in 0..50 {
        let before = syncs();
        // One client sends one request at a time, so every request is a commit of its own.
        endpoint.expect(track("E", "u", &format!("m{n}"), json!({})), &["logged"]).await;
        assert!(syncs() > before, "request {n} was answered 200 before anything was synced");
    }
}

#[tokio::test]
async fn a_full_disk_is_503_and_nothing_that_was_answered_200_is_gone() {
    let dir = TempDir::new().unwrap();
    let data_dir = dir.path().join("data");
    // No file may exceed 8 MiB, like on a full disk. The shell's trap turns the signal into an error.
    let wrapper = dir.path().join("limited");
    let script = format!("#!/bin/sh\ntrap '' XFSZ\nulimit -f 16384\nexec '{}' \"$@\"\n", binary().display());
    fs::write(&wrapper, script).unwrap();
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o700)).unwrap();
    let options = || ServerOptions { data_dir: Some(data_dir.clone()), ..ServerOptions::default() };
    let mut server = Server::start_with(ServerOptions { binary: Some(wrapper), ..options() }).await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let mut stored = Vec::new();
    let refused = loop {
        let n = stored.len();
        let response =
            endpoint.post(track("E", "u", &format!("m{n}"), json!({"pad": "p".repeat(20_000)}))).send().await.unwrap();
        match response.status().as_u16() {
            200 => stored.push(read_json(response).await["events"][0]["id"].as_str().unwrap().to_owned()),
            _ => break response,
        }
        assert!(n < 2000, "the disk never filled");
    };
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(read_json(refused).await["code"], "storage_unavailable");
    let alive = server.client.get(format!("{}/healthz", server.admin)).send().await.unwrap();
    assert_eq!(alive.status(), 200);
    server.kill();
    let server = Server::start_with(options()).await;
    let found: std::collections::HashSet<_> =
        server.all_logs("segment").await.iter().map(|log| log["id"].as_str().unwrap().to_owned()).collect();
    assert!(stored.len() > 20);
    assert!(stored.iter().all(|id| found.contains(id)), "answered 200 and gone");
    let endpoint = server.endpoint_of(&server.get("/v1/sources/segment?environment=development").await, "development");
    endpoint.expect(track("E", "u", "next", json!({})), &["logged"]).await;
}
