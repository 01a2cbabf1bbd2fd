//! Disks that become full while a backup is made or written.

use std::{fs, path::Path, process::Command};

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, ServerOptions, binary, build_shim, track};
use serde_json::json;

use super::{backup, temporary_files, text};

/// A library by which a server's disk is full for its backups: a file with `backup` in its name takes no byte beyond
/// `INLET_BACKUP_ROOM`.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int is_full(int fd, off_t end) {
    const char *room = getenv("INLET_BACKUP_ROOM");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!room || length < 0) return 0;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    return name && strstr(name, "backup") && end > atoll(room);
}

#define FULL(fd, end) if (is_full(fd, end)) { errno = ENOSPC; return -1; }
#define REAL(type, name) static __typeof__(type) real; if (!real) real = (__typeof__(type))dlsym(RTLD_NEXT, name);

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t (*)(int, const void *, size_t), "write")
    FULL(fd, lseek(fd, 0, SEEK_CUR) + (off_t)size)
    return real(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    REAL(ssize_t (*)(int, const void *, size_t, off_t), "pwrite")
    FULL(fd, at + (off_t)size)
    return real(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) {
    REAL(ssize_t (*)(int, const void *, size_t, off_t), "pwrite64")
    FULL(fd, at + (off_t)size)
    return real(fd, data, size, at);
}
"#;

fn files(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_disk_of_the_server_that_becomes_full_is_told_with_its_cure_and_the_server_goes_on() {
    let (shims, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options =
        ServerOptions::default().env("LD_PRELOAD", build_shim(shims.path(), SHIM)).env("INLET_BACKUP_ROOM", "100000");
    let server = Server::start_with(options).await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Before", "ana", "", json!({})), &["logged"]).await;
    // The second one is not refused because of the first.
    for _ in 0..2 {
        let output = backup(&server, &target.path().join("a.db")).await;
        let said = text(&output.stderr);
        assert!(!output.status.success());
        assert!(said.contains("the disk, or the size limit of the database, is full; make room"), "{said}");
        assert_eq!(files(target.path()), [""; 0], "{said}");
        assert_eq!(temporary_files(server.data_dir()), Vec::<String>::new());
    }
    server.wait_for_log("no backup was made").await;
    endpoint.expect(track("After", "ana", "", json!({})), &["logged"]).await;
    let ready = server.client.get(format!("{}/readyz", server.admin)).send().await.unwrap();
    assert_eq!(ready.status(), 200);
}

#[tokio::test]
async fn a_disk_of_the_client_that_becomes_full_keeps_the_backup_of_before_and_says_what_to_do() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Before", "ana", "", json!({})), &["logged"]).await;
    let target = tempfile::tempdir().unwrap();
    let file = target.path().join("a.db");
    assert!(backup(&server, &file).await.status.success());
    let whole = fs::read(&file).unwrap();
    // No file may exceed 100 KiB, like on a full disk. The shell's trap turns the signal into an error.
    let limited = |arguments: &str, program: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("trap '' XFSZ; ulimit -f 200; exec '{program}' {arguments}")]);
        command.current_dir(target.path()).env("INLET_TOKEN", MANAGEMENT_TOKEN);
        command
    };
    let program = binary().display().to_string();
    for arguments in ["backup a.db --replace", "backup b.db"] {
        let line = format!("{arguments} --server '{}'", server.admin);
        let mut command = limited(&line, &program);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("the backup could not be written; make room, or name a file on another disk"), "{said}");
        assert_eq!(files(target.path()), ["a.db"], "{said}");
        assert_eq!(fs::read(&file).unwrap(), whole, "the backup of before");
    }
    endpoint.expect(track("After", "ana", "", json!({})), &["logged"]).await;
    // The server's copy is gone with the connection, so that another one is made.
    for attempt in 0.. {
        let output = backup(&server, &target.path().join("b.db")).await;
        if output.status.success() {
            break;
        }
        let said = text(&output.stderr);
        assert!(said.contains("a backup is being made or downloaded already") && attempt < 600, "{said}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(temporary_files(server.data_dir()), Vec::<String>::new());
}
