//! The kinds of targets, as people choose them and fill them in. The rules of their values are the API's.

/// A kind of targets, or a preset of the kind `webhook`.
#[derive(Debug, PartialEq, Eq)]
pub struct TargetKind {
    /// The name in addresses: of the kind, or of the preset.
    pub name: &'static str,
    /// The kind in the API.
    pub kind: &'static str,
    /// The preset, if it is one.
    pub preset: Option<&'static str>,
    /// The name that people read.
    pub label: &'static str,
    /// The call, in a sentence.
    pub description: &'static str,
    /// An example of the URL; none if the kind has none.
    pub url: Option<&'static str>,
    /// True if there is no default for the URL.
    pub needs_url: bool,
    /// Its own options.
    pub options: &'static [TargetOption],
    /// Its secrets.
    pub secrets: &'static [TargetSecretField],
}

/// The value of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// True or false.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// An option of a kind. An empty one gets its default.
#[derive(Debug, PartialEq, Eq)]
pub struct TargetOption {
    /// The member of `options`.
    pub name: &'static str,
    /// The name that people read.
    pub label: &'static str,
    /// The hint below the field.
    pub hint: &'static str,
    /// The default, shown in the empty field.
    pub default: &'static str,
    /// The value.
    pub value: Value,
}

/// A secret of a kind.
#[derive(Debug, PartialEq, Eq)]
pub struct TargetSecretField {
    /// The member of the target.
    pub name: &'static str,
    /// The name that people read.
    pub label: &'static str,
    /// The hint below the field.
    pub hint: &'static str,
    /// True if the kind does not work without it.
    pub is_required: bool,
}

const fn option(
    name: &'static str,
    label: &'static str,
    default: &'static str,
    hint: &'static str,
    value: Value,
) -> TargetOption {
    TargetOption { name, label, hint, default, value }
}

const fn secret(name: &'static str, label: &'static str, hint: &'static str, is_required: bool) -> TargetSecretField {
    TargetSecretField { name, label, hint, is_required }
}

/// The options of all kinds.
pub const COMMON: &[TargetOption] = &[
    option("rate_per_second", "Requests per second", "no limit", "", Value::Number),
    option("concurrency", "Requests at once", "16", "1 to 256.", Value::Number),
    option("chunk", "Recipients of one request", "the most that the kind takes", "", Value::Number),
    option(
        "order",
        "Order",
        "none",
        "Deliveries of one user, or of one cancellation key, are sent one after the other.",
        Value::Word(&["user", "cancellation_key"]),
    ),
];

/// The options that have fields of their own, of a webhook.
const WEBHOOK: &[TargetOption] = &[
    option("method", "Method", "POST", "", Value::Word(&["POST", "PUT", "PATCH"])),
    option("body", "Body", "default", "", Value::Word(&["default", "cloudevents"])),
    option("key_header", "Header of the key", "webhook-id", "A further header that holds the key.", Value::Text),
    option("cancellations", "Send cancellations too", "", "", Value::Flag),
];
const RESTATE: &[TargetOption] = &[
    option(
        "admin_url",
        "URL of the admin API",
        "",
        "Lists the services, so that mappings can choose one.",
        Value::Text,
    ),
    option("cancellations", "Send cancellations too", "", "", Value::Flag),
];
const PRESET: &[TargetOption] = &[option("cancellations", "Send cancellations too", "", "", Value::Flag)];
const TEMPORAL: &[TargetOption] = &[
    option("namespace", "Namespace", "default", "", Value::Text),
    option("task_queue", "Task queue", "inlet", "The queue that your workers poll.", Value::Text),
    option("id_prefix", "Prefix of workflow ids", "inlet-", "", Value::Text),
];
const EVENTS: &[TargetOption] = &[option("path", "Path", "/v1/batch", "", Value::Text)];
const KNOCK: &[TargetOption] = &[option("tier", "Rate limit tier", "", "Of the plan at Knock.", Value::Number)];
const NATS: &[TargetOption] = &[
    option("subject", "Subject", "inlet.runs.{workflow}", "A stream must take it.", Value::Text),
    option("user", "User", "", "With a password; a token needs none.", Value::Text),
];

const WEBHOOK_SECRETS: &[TargetSecretField] = &[secret(
    "signing_secret",
    "Signing secret",
    "Signs requests by Standard Webhooks: whsec_ and base64 of 24 to 64 bytes.",
    false,
)];
const API_KEY: &[TargetSecretField] = &[secret("api_key", "API key", "", true)];

/// The kinds in the order in which they are offered, and the presets after `webhook`.
pub const KINDS: &[TargetKind] = &[
    TargetKind {
        name: "webhook",
        kind: "webhook",
        preset: None,
        label: "Webhook",
        description: "Your own code, at any URL. Signed by Standard Webhooks.",
        url: Some("https://app.example.com/hooks/{workflow}"),
        needs_url: true,
        options: WEBHOOK,
        secrets: WEBHOOK_SECRETS,
    },
    TargetKind {
        name: "temporal",
        kind: "temporal",
        preset: None,
        label: "Temporal",
        description: "Starts a workflow execution through Temporal's HTTP API.",
        url: Some("http://temporal:7243"),
        needs_url: true,
        options: TEMPORAL,
        secrets: &[secret("api_key", "API key", "Of Temporal Cloud.", false)],
    },
    TargetKind {
        name: "knock",
        kind: "knock",
        preset: None,
        label: "Knock",
        description: "Triggers a workflow of Knock for each chunk of recipients.",
        url: Some("https://api.knock.app"),
        needs_url: false,
        options: KNOCK,
        secrets: API_KEY,
    },
    TargetKind {
        name: "novu",
        kind: "novu",
        preset: None,
        label: "Novu",
        description: "Triggers a workflow of Novu for each chunk of subscribers.",
        url: Some("https://api.novu.co"),
        needs_url: false,
        options: &[],
        secrets: API_KEY,
    },
    preset("inngest", "Inngest", "Sends an event that starts functions.", "https://inn.gs/e/{event key}", PRESET),
    preset(
        "trigger_dev",
        "Trigger.dev",
        "Triggers a task.",
        "https://api.trigger.dev/api/v1/tasks/{workflow}/trigger",
        PRESET,
    ),
    preset("restate", "Restate", "Sends a message to a handler.", "http://restate:8080/{workflow}/run/send", RESTATE),
    preset("hatchet", "Hatchet", "Sends an event.", "https://hatchet/api/v1/tenants/{tenant}/events", PRESET),
    preset(
        "windmill",
        "Windmill",
        "Runs a flow as a job.",
        "https://windmill/api/w/{workspace}/jobs/run/f/{workflow}?job_id={key}",
        PRESET,
    ),
    preset("n8n", "n8n", "Calls a webhook node.", "https://n8n/webhook/{workflow}", PRESET),
    preset("node_red", "Node-RED", "Calls an http-in node.", "http://node-red:1880/{workflow}", PRESET),
    TargetKind {
        name: "events",
        kind: "events",
        preset: None,
        label: "Events",
        description: "Segment's HTTP shape: Segment, Customer.io, RudderStack, Jitsu, Dittofeed, PostHog.",
        url: Some("https://api.segment.io"),
        needs_url: true,
        options: EVENTS,
        secrets: &[secret("write_key", "Write key", "", true)],
    },
    TargetKind {
        name: "nats",
        kind: "nats",
        preset: None,
        label: "NATS JetStream",
        description: "Publishes to a stream, which acknowledges.",
        url: Some("nats://nats:4222"),
        needs_url: true,
        options: NATS,
        secrets: &[secret("token", "Token", "", false), secret("password", "Password", "", false)],
    },
    TargetKind {
        name: "log",
        kind: "log",
        preset: None,
        label: "Log",
        description: "Writes a line to the server's log, and sends nothing.",
        url: None,
        needs_url: false,
        options: &[],
        secrets: &[],
    },
];

const fn preset(
    name: &'static str,
    label: &'static str,
    description: &'static str,
    url: &'static str,
    options: &'static [TargetOption],
) -> TargetKind {
    TargetKind {
        name,
        kind: "webhook",
        preset: Some(name),
        label,
        description,
        url: Some(url),
        needs_url: true,
        options,
        secrets: WEBHOOK_SECRETS,
    }
}

impl TargetKind {
    /// Returns the kind, or the preset, of a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// Returns the kind of a target, by its preset if it has one. A kind that this page does not know has none.
    pub fn of(kind: &str, preset: Option<&str>) -> Option<&'static Self> {
        let of_preset = KINDS.iter().find(|known| known.kind == kind && known.preset == preset);
        of_preset.or_else(|| Self::find(kind))
    }

    /// The icon of its tile.
    pub fn icon(&self) -> &'static str {
        match self.kind {
            "log" => "i-logs",
            "events" | "nats" => "i-sources",
            _ if self.name == "webhook" => "i-deliveries",
            _ => "i-workflows",
        }
    }

    /// Returns true if secret headers can be set.
    pub fn has_secret_headers(&self) -> bool {
        self.kind == "webhook"
    }

    /// The options that have fields, those of all kinds last.
    pub fn all_options(&self) -> impl Iterator<Item = &'static TargetOption> {
        self.options.iter().chain(COMMON)
    }
}

#[cfg(test)]
mod tests {
    use inlet_delivery::targets;
    use serde_json::{Map, json};

    use super::*;

    #[test]
    fn every_kind_is_offered_and_every_field_is_one_of_the_kind() {
        for known in targets::kinds() {
            assert!(KINDS.iter().any(|kind| kind.kind == known), "{known} is not offered");
        }
        for kind in KINDS {
            let sample = |option: &TargetOption| match option.value {
                Value::Number => json!(1),
                Value::Flag => json!(true),
                Value::Word(words) => json!(words[0]),
                Value::Text if option.name == "admin_url" => json!("http://restate:9070"),
                Value::Text if option.default.is_empty() || option.default == "webhook-id" => json!("x"),
                Value::Text => json!(option.default),
            };
            let mut options: Map<_, _> =
                kind.all_options().map(|option| (option.name.to_owned(), sample(option))).collect();
            options.extend(kind.preset.map(|preset| ("preset".to_owned(), json!(preset))));
            let mut settings = Map::new();
            settings.insert("options".to_owned(), options.into());
            // An example may have its own placeholders.
            let url = kind.url.map(|url| url.replace("{event key}", "k").replace("{tenant}", "t"));
            settings.extend(url.map(|url| ("url".to_owned(), json!(url.replace("{workspace}", "w")))));
            let of_kind = targets::secret_members(kind.kind).unwrap();
            let headers = kind.has_secret_headers().then_some("secret_headers");
            let mut offered: Vec<&str> = kind.secrets.iter().map(|secret| secret.name).chain(headers).collect();
            let mut all = of_kind.to_vec();
            offered.sort_unstable();
            all.sort_unstable();
            assert_eq!(offered, all, "the secrets of {}", kind.name);
            let needed = kind.secrets.iter().filter(|secret| secret.is_required || secret.name == "password");
            let secrets: Map<_, _> = needed.map(|secret| (secret.name.to_owned(), json!("sk_secret"))).collect();
            let parsed = targets::parse(kind.kind, &settings.into(), &secrets.into());
            assert!(parsed.is_ok(), "{}: {}", kind.name, parsed.unwrap_err().sentence);
        }
    }
}
