//! A target of the server under test.

use serde_json::{Value, json};

use crate::server::Server;

/// The secret with which deliveries are signed.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A webhook target in `development`.
#[derive(Debug, Clone, Copy)]
pub struct WebhookTarget {
    key: &'static str,
}

impl WebhookTarget {
    /// Names a target, which may not exist yet.
    pub const fn named(key: &'static str) -> Self {
        Self { key }
    }

    /// Creates the target, or changes where its deliveries go.
    pub fn put(self, server: &Server, url: &str, is_active: bool, options: &Value) -> anyhow::Result<()> {
        let target = json!({
            "kind": "webhook", "url": url, "signing_secret": SECRET, "active": is_active, "options": options,
        });
        server.manage(&format!("PUT /v1/targets/{}?environment=development", self.key), &json!({"target": target}))
    }

    /// Lets its deliveries wait.
    pub fn pause(self, server: &Server) -> anyhow::Result<()> {
        server.manage(&format!("POST /v1/targets/{}/pause?environment=development", self.key), &Value::Null)
    }

    /// Lets its deliveries be sent.
    pub fn resume(self, server: &Server) -> anyhow::Result<()> {
        server.manage(&format!("POST /v1/targets/{}/resume?environment=development", self.key), &Value::Null)
    }
}
