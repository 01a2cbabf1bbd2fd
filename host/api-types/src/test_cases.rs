//! A logged item as a test case of its plugin.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::RawJson;

/// A case for `inlet plugin test`: the content of the files of its folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceLogTestCase)]
pub struct TestCase {
    /// The name for the folder of the case.
    pub name: String,
    /// The place of that folder, below the folder of the plugin's cases: `v0.2/must` for a plugin of contract 0.2.
    pub folder: String,
    /// The content of `request.json`.
    #[schema(value_type = Object)]
    pub request: RawJson,
    /// The content of `expected.json`: what the plugin makes of the request now.
    #[schema(value_type = Object)]
    pub expected: RawJson,
    /// The body, if it is text: the content of `body.json` or `body.txt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body in base64, if it is not text: the content of `body.bin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
}
