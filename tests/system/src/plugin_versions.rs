//! Versions of plugins, and adding them to a running server.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{Server, bundled_plugin, digest, read_json, repack};

/// Returns the bundled plugin `http` with another key and version.
pub fn http_version(key: &str, version: &str) -> Vec<u8> {
    http_changed(key, version, |_| {})
}

/// Returns the same with further changes to its manifest.
pub fn http_changed(key: &str, version: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let wasm = std::fs::read(bundled_plugin("http.wasm")).unwrap();
    repack(&wasm, |manifest| {
        manifest["key"] = json!(key);
        manifest["version"] = json!(version);
        change(manifest);
    })
}

impl Server {
    /// Adds a version, and returns the status and the answer. `query` follows the digest.
    pub async fn add_version(&self, key: &str, query: &str, wasm: &[u8]) -> (u16, Value) {
        let path = format!("/v1/source_providers/{}?digest={}{query}", key.replace('/', "%2F"), digest(wasm));
        let request = self.manage(Method::PUT, &path).header(CONTENT_TYPE, "application/wasm").body(wasm.to_vec());
        let response = request.send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    }

    /// Sets the plugin version of a source in `development`, and returns the status and the answer.
    pub async fn use_version(&self, source: &str, version: &str, confirm: bool) -> (u16, Value) {
        let asked = json!({"version": version, "confirm": confirm});
        let path = format!("/v1/sources/{source}/plugin?environment=development");
        let response = self.manage(Method::POST, &path).json(&asked).send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    }

    /// Returns the notes of a source's status in `development`, one per line.
    pub async fn notes(&self, source: &str) -> String {
        let status = self.get(&format!("/v1/sources/{source}/status?environment=development")).await;
        let notes: Vec<&str> = status["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
        notes.join("\n")
    }
}
