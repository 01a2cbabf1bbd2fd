//! Presets: what other engines need from a webhook, as data. An option given beside a preset wins over it.

use super::SPLIT_BYTES;
use crate::targets::facts::{DuplicateMark, DuplicateRule};

/// A preset.
#[derive(Debug)]
pub(super) struct Preset {
    /// The name, as the option `preset` gives it.
    pub name: &'static str,
    /// The header that holds the key, beside `webhook-id`.
    pub key_header: Option<&'static str>,
    /// The body, a template as JSON text; none for the default body.
    pub template: Option<&'static str>,
    /// The most recipients of one request.
    pub chunk: u32,
    /// The size above which a body with several recipients is split, in bytes.
    pub split_bytes: usize,
    /// The answer, beside 2xx, that means that the engine took the call before.
    pub duplicate: Option<DuplicateRule>,
    /// The JSON Pointer of the downstream id in the answer.
    pub downstream_id: Option<&'static str>,
    /// True if numbers reach the workflow with every digit. Engines that parse JSON into doubles do not keep them.
    pub digits_survive: bool,
}

pub(super) const PRESETS: [Preset; 7] = [
    // `url`: https://restate:8080/Service/handler/send. A repeated call is answered `PreviouslyAccepted`, with the same id.
    Preset {
        name: "restate",
        key_header: Some("idempotency-key"),
        template: None,
        chunk: 1000,
        split_bytes: SPLIT_BYTES,
        duplicate: None,
        downstream_id: Some("/invocationId"),
        digits_survive: true,
    },
    // `url`: https://inn.gs/e/{event key}. The event's id is the key, which Inngest remembers for 24 hours. An event has 512 KiB at
    // most unless the plan has more.
    Preset {
        name: "inngest",
        key_header: None,
        template: Some(r#"[{"id":"{{key}}","name":"inlet/{{workflow}}","data":"{{run}}"}]"#),
        chunk: 100,
        split_bytes: 448 << 10,
        duplicate: None,
        downstream_id: Some("/ids/0"),
        digits_survive: false,
    },
    // `url`: https://api.trigger.dev/api/v1/tasks/{workflow}/trigger; `secret_headers`: authorization.
    Preset {
        name: "trigger_dev",
        key_header: None,
        template: Some(r#"{"payload":"{{run}}","options":{"idempotencyKey":"{{key}}"}}"#),
        chunk: 1000,
        split_bytes: SPLIT_BYTES,
        duplicate: None,
        downstream_id: Some("/id"),
        digits_survive: false,
    },
    // `url`: https://hatchet/api/v1/tenants/{tenant}/events; `secret_headers`: authorization. Without a key: at least once.
    Preset {
        name: "hatchet",
        key_header: None,
        template: Some(r#"{"key":"{{workflow}}","data":"{{run}}","additionalMetadata":{"inlet_key":"{{key}}"}}"#),
        chunk: 1000,
        split_bytes: SPLIT_BYTES,
        duplicate: None,
        downstream_id: Some("/metadata/id"),
        digits_survive: false,
    },
    // `url`: https://windmill/api/w/{workspace}/jobs/run/f/{path}?job_id={key}; `secret_headers`: authorization. A job of an id
    // that there is already is refused: "Bad request: Job with id … already exists".
    Preset {
        name: "windmill",
        key_header: None,
        template: Some(r#"{"key":"{{key}}","type":"{{type}}","timestamp":"{{timestamp}}","data":"{{run}}"}"#),
        chunk: 1000,
        split_bytes: SPLIT_BYTES,
        duplicate: Some(DuplicateRule { status: 400, mark: DuplicateMark::Text("already exists") }),
        downstream_id: None,
        digits_survive: false,
    },
    // A webhook node recognizes nothing by itself: its flow compares `webhook-id`.
    Preset {
        name: "n8n",
        key_header: None,
        template: None,
        chunk: 1000,
        split_bytes: SPLIT_BYTES,
        duplicate: None,
        downstream_id: None,
        digits_survive: false,
    },
    Preset {
        name: "node_red",
        key_header: None,
        template: None,
        chunk: 1000,
        split_bytes: SPLIT_BYTES,
        duplicate: None,
        downstream_id: None,
        digits_survive: false,
    },
];

/// Returns the preset of a name.
pub(super) fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
