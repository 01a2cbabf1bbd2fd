//! The configuration as one document, and as files.

mod document;
mod promote;
mod round_trip;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, all_files, binary, http_changed, read_json};
use reqwest::{Method, header};
use serde_json::{Value, json};

const SIGNING_SECRET: &str = "canary-of-a-signing-secret";
const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const HEADER_SECRET: &str = "canary-of-a-header-secret";
const VARIABLE_SECRET: &str = "canary-of-a-variable";

/// The variables of a process that hold the secrets, by the names that a pull gives them.
const SECRETS: [(&str, &str); 4] = [
    ("DEVELOPMENT_SOURCE_WEB_SIGNING_SECRET", SIGNING_SECRET),
    ("DEVELOPMENT_TARGET_CRM_SIGNING_SECRET", WEBHOOK_SECRET),
    ("DEVELOPMENT_TARGET_CRM_SECRET_HEADERS_X_API_KEY", HEADER_SECRET),
    ("DEVELOPMENT_VARIABLE_API_TOKEN", VARIABLE_SECRET),
];

/// Returns a version of the plugin `http` that has options.
fn http_with_options() -> Vec<u8> {
    http_changed("http", "9.1.0", |manifest| {
        manifest["options"] = json!({
            "type": "object",
            "properties": {
                "depth": {"type": "integer", "default": 3},
                "ratio": {"type": "number"},
                "tag": {"type": "string", "default": "none"},
            },
            "additionalProperties": false,
        });
    })
}

/// Sends a document, and returns the status and the answer.
async fn put(server: &Server, query: &str, document: &Value) -> (u16, Value) {
    let path = format!("/v1/configuration{query}");
    let response = server.manage(Method::PUT, &path).json(document).send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

/// Returns the configuration, and its version.
async fn get(server: &Server) -> (Value, String) {
    let response = server.manage(Method::GET, "/v1/configuration").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let version = response.headers()[header::ETAG].to_str().unwrap().to_owned();
    (read_json(response).await, version)
}

/// Sends JSON that must be taken.
async fn set(server: &Server, method: Method, path: &str, body: Value) {
    let response = server.manage(method, path).json(&body).send().await.unwrap();
    let status = response.status();
    assert!(status.is_success(), "{path} {status}: {}", response.text().await.unwrap());
}

/// Sets up every kind of configuration, each setting with a value that is not its default.
async fn fill(server: &Server) {
    assert_eq!(server.add_version("http", "&replace=true", &http_with_options()).await.0, 201);
    set(
        server,
        Method::PATCH,
        "/v1/environments/development",
        json!({
            "name": "Development: \"dev\"", "retention_days": 7, "body_retention_days": 2, "keep_bodies": "failures",
            "hide_personal_data": true,
        }),
    )
    .await;
    for (key, variable) in [
        ("base_url", json!({"value": "https://example.com/#a: b"})),
        ("no", json!({"value": "no", "description": "A word that YAML may read as false"})),
        ("text", json!({"value": "two\nlines\n"})),
        ("api_token", json!({"type": "secret", "value": VARIABLE_SECRET, "description": "Secret"})),
    ] {
        set(
            server,
            Method::PUT,
            &format!("/v1/variables/{key}?environment=development"),
            json!({"variable": variable}),
        )
        .await;
    }
    set(
        server,
        Method::PUT,
        "/v1/targets/crm?environment=development",
        json!({"target": {
            "kind": "webhook", "url": "https://crm.example/hook?a=b", "workflows": ["order-paid", "2026-01-02"],
            "options": {"chunk": 7, "headers": {"x-tenant": "no"}},
            "signing_secret": WEBHOOK_SECRET, "secret_headers": {"x-api-key": HEADER_SECRET},
        }}),
    )
    .await;
    set(server, Method::PUT, "/v1/targets/audit?environment=production", json!({"target": {"kind": "log"}})).await;
    let settings = json!({
        "enforce_verification": false, "signing_secret": SIGNING_SECRET, "verification_header": "x-my-secret",
        "enforce_idempotency": true, "idempotency_window_seconds": 3600, "handle_identifies": true,
        "trust_unsigned_batch_items": true, "event_type_path": "body.type", "user_id_path": "body.user.id",
        "data_path": "body.data", "idempotency_key_path": ["body.id", "body.type"], "timestamp_path": "body.at",
        "allowed_origins": ["https://app.example.com"], "keep_headers": ["x-kept"],
        "redact_paths": ["body.card", "data.items[0].iban"], "max_body_bytes": 1_000_000, "max_items": 100,
        "on_reject": "accept",
    });
    server.source("web", "http", settings, mappings()).await;
    // A plugin version by its number, with options; a source that follows the latest; one that is as it was made.
    server.source("pinned", "http", json!({"options": {"depth": 5, "ratio": 39.50, "tag": "none"}}), json!([])).await;
    server.source("latest", "http", json!({"idempotency_key_path": "body.id"}), json!([])).await;
    assert_eq!(server.use_version("latest", "latest", false).await.0, 200);
    server.source("plain", "segment", json!({}), json!([])).await;
    let shared = json!({"name": "Web: shop #1", "description": "Several\nlines", "custom_image_url": "https://example.com/a.png"});
    let (status, answer) = server.try_put_source("web", "development", shared).await;
    assert_eq!(status, 200, "{answer}");
}

/// Mappings of every action, with digits, conditions and forms.
fn mappings() -> Value {
    serde_json::from_str(
        r#"[
        {"event_type": "track/Order Paid", "action_type": "workflows_trigger",
         "when": {"data.total": {"$gte": 100}, "$or": [{"data.plan": "no"}, {"data.trial": true}]},
         "action_parameters": {"key": "order-paid", "targets": ["crm"], "recipients": "user_id",
            "data": {"total": "data.total", "big": {"value": 9007199254740993}, "price": {"value": "39.50"},
                     "text": {"$template": "Hi {{ data.name }}: {{ vars.base_url }}\nBye"}}}},
        {"event_type": "2026-01-02", "action_type": "workflows_cancel", "action_parameters": {"key": "order-paid", "cancellation_key": "data.id"}},
        {"event_type": "identify", "action_type": "users_identify", "active": false},
        {"event_type": "no", "action_type": "users_delete"},
        {"event_type": "company", "action_type": "objects_set", "action_parameters": {"collection": "companies", "id": "data.id"}},
        {"event_type": "company gone", "action_type": "objects_delete", "action_parameters": {"collection": "companies", "id": "data.id"}},
        {"event_type": "tenant", "action_type": "tenants_set", "action_parameters": {"id": "data.id"}},
        {"event_type": "tenant gone", "action_type": "tenants_delete", "action_parameters": {"id": "data.id"}},
        {"event_type": "joined", "action_type": "objects_subscribe", "action_parameters": {"collection": "companies", "id": "data.id"}},
        {"event_type": "left", "action_type": "objects_unsubscribe", "action_parameters": {"collection": "companies", "id": "data.id"}},
        {"event_type": "vip", "action_type": "audiences_add_member", "action_parameters": {"key": "vips"}},
        {"event_type": "vip no more", "action_type": "audiences_remove_member", "action_parameters": {"key": "vips"}}
    ]"#,
    )
    .unwrap()
}

/// A folder in which commands run.
struct Shop {
    directory: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs a command with a server, without the variables of secrets.
    fn run(&self, server: &Server, arguments: &[&str]) -> Output {
        self.run_with(server, arguments, &[])
    }

    fn run_with(&self, server: &Server, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(binary());
        command.current_dir(self.directory.path()).args(arguments).env_clear();
        command.env("HOME", self.directory.path()).env("XDG_CONFIG_HOME", self.path("config"));
        command.env("INLET_SERVER", &server.admin).env("INLET_TOKEN", MANAGEMENT_TOKEN);
        command.envs(variables.iter().copied());
        command.output().unwrap()
    }

    /// Returns the files of a folder with their texts.
    fn files(&self, folder: &str) -> Vec<(PathBuf, String)> {
        let root = self.path(folder);
        let mut files: Vec<_> = all_files(&root)
            .into_iter()
            .map(|(path, bytes)| (relative(&path, &root), String::from_utf8(bytes).unwrap()))
            .collect();
        files.sort();
        files
    }
}

fn relative(path: &Path, root: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_owned()
}

/// Returns the exit code, and what was printed.
fn outcome(output: &Output) -> (i32, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout) + &text(&output.stderr))
}
