//! Versions of plugins that are put into a running server.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{Server, bundled_plugin, digest, read_json, repack};

/// The bundled plugin `http` under another key and version.
pub fn http_version(key: &str, version: &str) -> Vec<u8> {
    http_changed(key, version, |_| {})
}

/// The same with more that differs.
pub fn http_changed(key: &str, version: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let wasm = std::fs::read(bundled_plugin("http.wasm")).unwrap();
    repack(&wasm, |manifest| {
        manifest["key"] = json!(key);
        manifest["version"] = json!(version);
        change(manifest);
    })
}

impl Server {
    /// Adds a version; status and answer. `query` goes behind the digest.
    pub async fn add_version(&self, key: &str, query: &str, wasm: &[u8]) -> (u16, Value) {
        let path = format!("/v1/source_providers/{}?digest={}{query}", key.replace('/', "%2F"), digest(wasm));
        let request = self.manage(Method::PUT, &path).header(CONTENT_TYPE, "application/wasm").body(wasm.to_vec());
        let response = request.send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    }

    /// Gives a source another version in `development`; status and answer.
    pub async fn use_version(&self, source: &str, version: &str, confirm: bool) -> (u16, Value) {
        let asked = json!({"environment": "development", "version": version, "confirm": confirm});
        let path = format!("/v1/sources/{source}/plugin");
        let response = self.manage(Method::POST, &path).json(&asked).send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    }

    /// The notes of a source's status in `development`, one a line.
    pub async fn notes(&self, source: &str) -> String {
        let status = self.get(&format!("/v1/sources/{source}/status?environment=development")).await;
        let notes: Vec<&str> = status["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
        notes.join("\n")
    }
}
