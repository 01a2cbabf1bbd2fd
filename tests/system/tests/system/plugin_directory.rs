//! Changes in `--plugins-dir` while the server runs.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use inlet_system_tests::{Endpoint, Server, ServerOptions, build_shim, digest, http_changed, http_version, track};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Watched {
    dir: TempDir,
    server: Server,
}

impl Watched {
    /// Starts a server whose plugin directory holds these files.
    async fn start(files: &[(&str, &[u8])]) -> Watched {
        let dir = TempDir::new().unwrap();
        for (name, content) in files {
            fs::write(dir.path().join(name), content).unwrap();
        }
        let server = Server::start_with(options(dir.path())).await;
        Watched { dir, server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file in steps, like `cp`.
    fn put(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Waits until exactly these files have problems, and returns them.
    async fn problems(&self, files: &[&str]) -> Vec<String> {
        let start = Instant::now();
        loop {
            let listed = self.server.get("/v1/source_providers").await["problems"].clone();
            let problems = listed.as_array().unwrap();
            let found: Vec<&str> = problems.iter().map(|problem| problem["file"].as_str().unwrap()).collect();
            if found == files {
                return problems.iter().map(|problem| problem["message"].as_str().unwrap().to_owned()).collect();
            }
            assert!(start.elapsed() < LONG, "{found:?} have problems, expected {files:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until new sources get this component, or none with this key.
    async fn offers(&self, key: &str, wasm: Option<&[u8]>) {
        let expected = wasm.map_or(Value::Null, |wasm| json!(digest(wasm)));
        let start = Instant::now();
        loop {
            let listed = self.server.get("/v1/source_providers").await["entries"].clone();
            let found = listed.as_array().unwrap().iter().find(|entry| entry["key"] == key).cloned();
            let found = found.map_or(Value::Null, |entry| entry["digest"].clone());
            if found == expected {
                return;
            }
            assert!(start.elapsed() < LONG, "found {found}, expected {expected}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns the digest of the plugin that currently translates the source's requests.
    async fn translator(&self, endpoint: &Endpoint) -> String {
        endpoint.expect(track("Order", "u", "", json!({})), &["logged"]).await;
        self.server.last_log("crm").await["plugin"]["digest"].as_str().unwrap().to_owned()
    }

    /// Restarts the server on the same data and plugin directory.
    async fn restarted(self) -> (Watched, Endpoint, Option<TempDir>) {
        let Watched { dir, mut server } = self;
        server.kill();
        let (data, data_dir) = server.take_data_dir();
        let server = Server::start_with(ServerOptions { data_dir: Some(data_dir), ..options(dir.path()) }).await;
        let source = server.get("/v1/sources/crm?environment=development").await;
        let endpoint = server.endpoint_of(&source, "development");
        (Watched { dir, server }, endpoint, data)
    }
}

const LONG: Duration = Duration::from_secs(30);

fn options(directory: &Path) -> ServerOptions {
    ServerOptions::default().arg("--plugins-dir").arg(directory.display().to_string())
}

/// Returns a version with another verification.
fn with_secret(version: &str) -> Vec<u8> {
    http_changed("acme/http", version, |manifest| {
        manifest["verification"] = json!({
            "scheme": "shared_secret", "header": "x-other-secret",
            "vectors": [{
                "name": "the secret", "secret": "s3cr3t", "headers": {"x-other-secret": "s3cr3t"}, "body": "{}",
                "verified": true,
            }],
        });
    })
}

#[tokio::test]
async fn a_file_that_comes_or_changes_is_in_force_without_a_restart() {
    let watched = Watched::start(&[]).await;
    let (first, second) = (http_version("acme/http", "1.0.0"), http_version("acme/http", "1.1.0"));
    watched.put("http.wasm", &first);
    watched.offers("acme/http", Some(&first)).await;
    let endpoint = watched.server.source("crm", "acme/http", json!({}), json!([])).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&first));
    watched.put("http.wasm", &second);
    watched.offers("acme/http", Some(&second)).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&second), "who has what the directory holds follows it");
    watched.server.wait_for_log("a plugin came into the plugin directory").await;
    assert_eq!(watched.server.notes("crm").await, "");
    // An atomic rename, from a name that is not a plugin's.
    watched.put("new.tmp", &first);
    fs::rename(watched.path("new.tmp"), watched.path("http.wasm")).unwrap();
    watched.offers("acme/http", Some(&first)).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&first));
}

#[tokio::test]
async fn a_file_that_does_not_load_leaves_what_was_and_says_why() {
    let first = http_version("acme/http", "1.0.0");
    let watched = Watched::start(&[("http.wasm", &first), ("page.wasm", b"<html>")]).await;
    let problems = watched.problems(&["page.wasm"]).await;
    assert!(problems[0].contains("is not WebAssembly"), "{problems:?}");
    let endpoint = watched.server.source("crm", "acme/http", json!({}), json!([])).await;
    watched.put("http.wasm", &first[..first.len() / 2]);
    let problems = watched.problems(&["http.wasm", "page.wasm"]).await;
    assert!(problems[0].contains("damaged component"), "{problems:?}");
    assert!(problems[0].ends_with("the version 1.0.0 that it held goes on until a restart"), "{problems:?}");
    assert_eq!(watched.translator(&endpoint).await, digest(&first));
    watched.offers("acme/http", Some(&first)).await;
    watched.server.wait_for_log("a file of the plugin directory is not used").await;
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("secret.wasm"), http_version("acme/secret", "1.0.0")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.wasm"), watched.path("a.wasm")).unwrap();
    let problems = watched.problems(&["a.wasm", "http.wasm", "page.wasm"]).await;
    assert!(problems[0].contains("led outside"), "{problems:?}");
    watched.offers("acme/secret", None).await;
    // After a fix there are no problems.
    fs::remove_file(watched.path("a.wasm")).unwrap();
    fs::remove_file(watched.path("page.wasm")).unwrap();
    let second = http_version("acme/http", "1.1.0");
    watched.put("http.wasm", &second);
    watched.problems(&[]).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&second));
}

#[tokio::test]
async fn what_is_removed_goes_on_for_who_has_it() {
    let first = http_version("acme/http", "1.0.0");
    let watched = Watched::start(&[("http.wasm", &first)]).await;
    let endpoint = watched.server.source("crm", "acme/http", json!({}), json!([])).await;
    fs::remove_file(watched.path("http.wasm")).unwrap();
    watched.offers("acme/http", None).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&first));
    let notes = watched.server.notes("crm").await;
    assert!(notes.contains("\"http.wasm\" is gone from --plugins-dir"), "{notes}");
    // A change of its settings does not remove it either.
    let endpoint = watched.server.source("crm", "acme/http", json!({"handle_identifies": true}), json!([])).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&first));
    watched.put("again.wasm", &first);
    watched.offers("acme/http", Some(&first)).await;
    assert_eq!(watched.server.notes("crm").await, "");
    fs::remove_file(watched.path("again.wasm")).unwrap();
    watched.offers("acme/http", None).await;
    let (watched, endpoint, _data) = watched.restarted().await;
    assert_eq!(endpoint.try_send(track("Order", "u", "", json!({}))).await.0, 503, "until a restart");
    watched.put("http.wasm", &first);
    watched.offers("acme/http", Some(&first)).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&first));
}

#[tokio::test]
async fn a_removed_file_over_a_bundled_plugin_goes_on_until_another_is_used() {
    let own = http_version("http", "9.0.0");
    let watched = Watched::start(&[("http.wasm", &own)]).await;
    let endpoint = watched.server.source("crm", "http", json!({}), json!([])).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&own));
    fs::remove_file(watched.path("http.wasm")).unwrap();
    let bundled = fs::read(inlet_system_tests::bundled_plugin("http.wasm")).unwrap();
    watched.offers("http", Some(&bundled)).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&own));
    let versions = watched.server.get("/v1/source_providers/http").await["versions"].clone();
    assert_eq!(versions.as_array().unwrap().len(), 2, "{versions}");
    let version = versions[0]["version"].as_str().unwrap();
    assert_eq!(watched.server.use_version("crm", version, false).await.0, 200);
    assert_eq!(watched.translator(&endpoint).await, digest(&bundled));
    assert_eq!(watched.server.notes("crm").await, "");
}

#[tokio::test]
async fn another_verification_in_place_changes_no_source_until_it_is_confirmed() {
    let (first, second) = (http_version("acme/http", "1.0.0"), with_secret("2.0.0"));
    let watched = Watched::start(&[("http.wasm", &first)]).await;
    let endpoint = watched.server.source("crm", "acme/http", json!({}), json!([])).await;
    watched.put("http.wasm", &second);
    watched.offers("acme/http", Some(&second)).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&first));
    let notes = watched.server.notes("crm").await;
    assert!(notes.contains("because of 2.0.0, which the server has by now: it verifies in another way"), "{notes}");
    assert_eq!(watched.server.use_version("crm", "2.0.0", false).await.0, 409);
    assert_eq!(watched.translator(&endpoint).await, digest(&first));
    // A version with the same verification takes effect at once, with another one in between.
    let third = http_version("acme/http", "1.1.0");
    watched.put("http.wasm", &third);
    watched.offers("acme/http", Some(&third)).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&third));
    watched.put("http.wasm", &second);
    watched.offers("acme/http", Some(&second)).await;
    assert_eq!(watched.server.use_version("crm", "2.0.0", true).await.0, 200);
    assert_eq!(watched.translator(&endpoint).await, digest(&second));
}

#[tokio::test]
async fn the_store_goes_before_the_directory_and_that_before_what_is_bundled() {
    let (early, late) = (http_version("http", "8.0.0"), http_version("http", "8.1.0"));
    let watched = Watched::start(&[("a.wasm", &late), ("b.wasm", &early)]).await;
    let problems = watched.problems(&["a.wasm"]).await;
    insta::assert_snapshot!(problems[0], @r#""a.wasm" holds http, and so does "b.wasm", which is used because its name comes later; keep one of them"#);
    let endpoint = watched.server.source("crm", "http", json!({}), json!([])).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&early), "over what is bundled; the later name");
    let added = http_version("http", "9.0.0");
    let (status, answer) = watched.server.add_version("http", "&replace=true", &added).await;
    assert_eq!(status, 201, "{answer}");
    watched.offers("http", Some(&added)).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&early), "until it is used");
    assert_eq!(watched.server.use_version("crm", "9.0.0", false).await.0, 200);
    assert_eq!(watched.translator(&endpoint).await, digest(&added));
    watched.put("c.wasm", &http_version("http", "8.2.0"));
    watched.problems(&["a.wasm", "b.wasm"]).await;
    assert_eq!(watched.translator(&endpoint).await, digest(&added), "pinned by its digest");
    let (watched, endpoint, _data) = watched.restarted().await;
    assert_eq!(watched.translator(&endpoint).await, digest(&added));
}

/// A shim that makes inotify unavailable.
const NO_INOTIFY: &str = r#"
#include <errno.h>
int inotify_init1(int flags) { (void)flags; errno = ENOSYS; return -1; }
int inotify_init(void) { return inotify_init1(0); }
"#;

#[tokio::test]
async fn where_the_system_tells_of_no_changes_the_directory_is_looked_at() {
    let (shims, dir) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let shim = build_shim(shims.path(), NO_INOTIFY);
    let server = Server::start_with(options(dir.path()).env("LD_PRELOAD", shim)).await;
    let watched = Watched { dir, server };
    let wasm = http_version("acme/http", "1.0.0");
    watched.put("http.wasm", &wasm);
    watched.offers("acme/http", Some(&wasm)).await;
    fs::remove_file(watched.path("http.wasm")).unwrap();
    watched.offers("acme/http", None).await;
    watched.server.wait_for_log("the plugin directory cannot be watched; it is looked at instead").await;
}

#[tokio::test]
async fn no_request_fails_while_files_change() {
    let watched = Watched::start(&[("http.wasm", &http_version("acme/http", "1.0.0"))]).await;
    let endpoint = watched.server.source("crm", "acme/http", json!({}), json!([])).await;
    let sender = {
        let endpoint = endpoint.clone();
        tokio::spawn(async move {
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(5) {
                endpoint.expect(track("E", "u", "", json!({})), &["logged"]).await;
            }
        })
    };
    for minor in 1..4 {
        let wasm = http_version("acme/http", &format!("1.{minor}.0"));
        watched.put("http.wasm", &wasm);
        watched.offers("acme/http", Some(&wasm)).await;
    }
    sender.await.unwrap();
}
