//! Commits really are synced: counted under a shim that stands between the server and the C library.

use std::{fs, path::Path, process::Command};

use inlet_system_tests::{Server, ServerOptions, find_cc, track};
use serde_json::json;
use tempfile::TempDir;

/// Counts what syncs a file, and writes each as one byte to `INLET_SYNC_LOG`.
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

fn build_shim(dir: &Path) -> std::path::PathBuf {
    let (source, library) = (dir.join("shim.c"), dir.join("shim.so"));
    fs::write(&source, SHIM).unwrap();
    let status = Command::new(find_cc())
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status()
        .expect("the C compiler that the README asks for");
    assert!(status.success());
    library
}

#[tokio::test]
async fn every_answer_waits_for_a_sync_of_its_commit() {
    let dir = TempDir::new().unwrap();
    let log = dir.path().join("syncs");
    let options = ServerOptions::default()
        .env("LD_PRELOAD", build_shim(dir.path()).display().to_string())
        .env("INLET_SYNC_LOG", log.display().to_string());
    let server = Server::start_with(options).await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let syncs = || fs::metadata(&log).unwrap().len();
    for n in 0..50 {
        let before = syncs();
        // One client, one request at a time: every request is a commit of its own.
        endpoint.expect(track("E", "u", &format!("m{n}"), json!({})), &["logged"]).await;
        assert!(syncs() > before, "request {n} was answered 200 before anything was synced");
    }
}
