//! A plugin's own check of its options, beyond their schema: of a script's syntax, for example.

use inlet_core::contract::{Body, Field, Request};
use serde_json::Value;

use crate::{manifest::OptionsError, plugin::Plugin, run::Limits};

/// The fact that asks for a check, and its value.
const CHECK_OPTIONS: (&str, &str) = ("check_options", "true");

/// The code of a rejection that refuses the options.
const BAD_OPTIONS: &str = "bad_options";

impl Plugin {
    /// Checks an operator's settings against the plugin's option schema and then, if its manifest says `checks_options`, by the
    /// plugin itself in a sandbox.
    ///
    /// Must run on a tokio runtime with time enabled.
    pub async fn check_options(&self, options: &Value, limits: &Limits) -> Result<(), OptionsError> {
        let filled = self.manifest().check_options(options)?;
        if !self.manifest().checks_options {
            return Ok(());
        }
        let request = Request {
            method: "POST".to_owned(),
            path: String::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::Text("".into()),
            received_at_ms: 0,
            options: filled.to_string(),
            facts: vec![Field::new(CHECK_OPTIONS.0, CHECK_OPTIONS.1)],
        };
        match self.translate(&request, limits).await.result {
            Ok(Err(notice)) if notice.code == BAD_OPTIONS => {
                let pointer = notice.at.unwrap_or_default();
                let field = pointer.trim_start_matches('/').replace('/', ".");
                Err(OptionsError { field, message: notice.message })
            }
            Ok(_) => Ok(()),
            // The plugin could not even check them, so it would not translate a request either.
            Err(fault) => Err(OptionsError { field: String::new(), message: fault.to_string() }),
        }
    }
}
