//! The disk of the database becomes full, and has room again.

use std::fs;

use inlet_system_tests::{Postgres, Server, build_shim};
use tempfile::TempDir;

use super::{joining, load::Load};

/// A library by which no table and no index of PostgreSQL grows while there is a file `INLET_FULL_DISK`.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_full(int fd, off_t end) {
    const char *full = getenv("INLET_FULL_DISK");
    char link[64], path[4096];
    struct stat file;
    if (!full || access(full, F_OK) || fstat(fd, &file) || end <= file.st_size) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, "/base/") != NULL;
}

#define FULL(fd, end) if (is_full(fd, end)) { errno = ENOSPC; return -1; }
#define REAL(type, name) static __typeof__(type) real; if (!real) real = (__typeof__(type))dlsym(RTLD_NEXT, name);

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

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    REAL(ssize_t (*)(int, const struct iovec *, int, off_t), "pwritev")
    FULL(fd, at + 1)
    return real(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) {
    REAL(ssize_t (*)(int, const struct iovec *, int, off_t), "pwritev64")
    FULL(fd, at + 1)
    return real(fd, parts, count, at);
}

int posix_fallocate(int fd, off_t at, off_t size) {
    REAL(int (*)(int, off_t, off_t), "posix_fallocate")
    return is_full(fd, at + size) ? ENOSPC : real(fd, at, size);
}

int posix_fallocate64(int fd, off_t at, off_t size) {
    REAL(int (*)(int, off_t, off_t), "posix_fallocate64")
    return is_full(fd, at + size) ? ENOSPC : real(fd, at, size);
}
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_503_until_there_is_room_and_loses_nothing() {
    let work = TempDir::new().unwrap();
    let full = work.path().join("full");
    // The user that PostgreSQL runs as reads both.
    fs::set_permissions(work.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let env = [("LD_PRELOAD", &*build_shim(work.path(), SHIM)), ("INLET_FULL_DISK", full.to_str().unwrap())];
    let postgres = Postgres::start_with_env(&env);
    let nodes = [Server::start_with(joining(&postgres.url(), "a")).await];
    let load = Load::begin(&nodes).await;
    for _ in 0..2 {
        load.answers(150).await;
        fs::write(&full, "").unwrap();
        load.refusals(30).await;
        let alive = nodes[0].client.get(format!("{}/healthz", nodes[0].admin)).send().await.unwrap();
        assert_eq!(alive.status(), 200);
        nodes[0].wait_for_log("No space left on device").await;
        fs::remove_file(&full).unwrap();
        load.answers(150).await;
    }
    load.reconcile(&nodes[0]).await;
    assert!(!nodes[0].log().contains("panicked"), "{}", nodes[0].log());
}
