//! The status of each outcome for each sender, and what that sender makes of it: keep, send again or drop. The senders'
//! rules are those of their documentation; OPERATING.md has the table for operators.

use std::{path::Path, process::Command};

use inlet_system_tests::{
    Endpoint, Server, ServerOptions, binary, bundled_plugin, platform_directory, platform_plugin, read_json,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The reaction of a sender to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reaction {
    /// It counts the request as delivered.
    Done,
    /// It sends the request again.
    Again,
    /// It gives the request up.
    Dropped,
}

use Reaction::{Again, Done, Dropped};

/// The statuses other than 2xx after which a sender sends again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retries {
    /// Segment, RudderStack, PostHog: what may pass.
    Passing,
    /// Stripe, Svix, WorkOS, Shopify, Jitsu: everything.
    Everything,
    /// Hightouch and Census: the row is rejected, and comes again with the next sync.
    NextSync,
    /// GitHub and Supabase: nothing.
    Nothing,
}

/// A plugin with its sender.
struct Sender {
    provider: &'static str,
    /// The place of its example payload: the first, or the first that is no JSON-RPC call.
    example: usize,
    retries: Retries,
}

const SENDERS: [Sender; 16] = [
    sender("segment", 0, Retries::Passing),
    sender("rudderstack", 0, Retries::Passing),
    sender("http", 0, Retries::Passing),
    // The platform reads the status of an HTTP request, and the body of the answer to a JSON-RPC call.
    sender("hightouch", 2, Retries::NextSync),
    sender("hightouch", 1, Retries::NextSync),
    sender("census", 2, Retries::NextSync),
    sender("census", 1, Retries::NextSync),
    sender("inlet/clerk", 0, Retries::Everything),
    sender("inlet/github", 0, Retries::Nothing),
    sender("inlet/jitsu", 0, Retries::Everything),
    sender("inlet/posthog", 0, Retries::Passing),
    sender("inlet/shopify", 0, Retries::Everything),
    sender("inlet/standard-webhooks", 0, Retries::Everything),
    sender("inlet/stripe", 0, Retries::Everything),
    sender("inlet/supabase", 0, Retries::Nothing),
    sender("inlet/workos", 0, Retries::Everything),
];

const fn sender(provider: &'static str, example: usize, retries: Retries) -> Sender {
    Sender { provider, example, retries }
}

impl Sender {
    fn reaction(&self, status: u16) -> Reaction {
        match (status, self.retries) {
            (200, _) => Done,
            (408 | 429 | 500 | 502..=504, Retries::Passing) => Again,
            (_, Retries::Everything | Retries::NextSync) => Again,
            (_, Retries::Passing | Retries::Nothing) => Dropped,
        }
    }

    fn key(&self) -> &str {
        self.provider.rsplit('/').next().unwrap()
    }

    /// True if the sender's own code can repair what is refused: its rows come again with the next sync, and whoever posts to
    /// `http` reads the answer.
    fn repairs_what_is_refused(&self) -> bool {
        self.retries == Retries::NextSync || self.provider == "http"
    }

    fn manifest(&self) -> Value {
        let file = match self.provider.strip_prefix("inlet/") {
            None => bundled_plugin(&format!("{}.wasm", self.provider)),
            Some(name) => platform_plugin(&format!("inlet__{name}.wasm")),
        };
        let output = Command::new(binary()).args(["plugin", "inspect", "--json"]).arg(file).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// A source of a sender on a server.
struct Source<'a> {
    sender: &'a Sender,
    server: &'a Server,
    example: Value,
    endpoint: Endpoint,
}

/// The answer to a request, and what became of the request.
struct Answered {
    status: u16,
    body: Value,
    /// True if the log has an entry more.
    is_stored: bool,
    has_retry_after: bool,
    reaction: Reaction,
    /// The sender and the answer, for messages.
    text: String,
}

impl<'a> Source<'a> {
    async fn new(server: &'a Server, sender: &'a Sender, settings: Value) -> Self {
        let endpoint = server.source(sender.key(), sender.provider, settings, json!([])).await;
        Self { sender, server, example: sender.manifest()["examples"][sender.example].clone(), endpoint }
    }

    /// Maps the example's event to a trigger for these recipients.
    async fn map(&self, recipients: Value) {
        let mappings = json!([{"event_type": self.example["event_type"], "action_type": "workflows_trigger",
            "action_parameters": {"key": "k", "recipients": recipients}}]);
        self.server.source(self.sender.key(), self.sender.provider, json!({}), mappings).await;
    }

    fn body(&self) -> String {
        self.example["body"].as_str().map_or_else(|| self.example["body"].to_string(), str::to_owned)
    }

    async fn send(&self, body: String) -> Answered {
        let entries = async || self.server.logs(self.sender.key()).await.len();
        let before = entries().await;
        let mut request = self.endpoint.post(body);
        for (name, value) in self.example["headers"].as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().unwrap());
        }
        let response = request.send().await.unwrap();
        let (status, has_retry_after) = (response.status().as_u16(), response.headers().contains_key("retry-after"));
        let body = read_json(response).await;
        let reaction = self.sender.reaction(status);
        let text = format!("{} [{}]: {status}, {reaction:?}: {body}", self.sender.provider, self.sender.example);
        let answered = Answered { status, body, is_stored: entries().await > before, has_retry_after, reaction, text };
        assert!(answered.reaction != Done || answered.is_stored, "lost behind a success: {}", answered.text);
        answered
    }

    async fn last_outcome(&self) -> String {
        self.server.last_log(self.sender.key()).await["outcome"].as_str().unwrap().to_owned()
    }
}

/// Returns the server and its plugin directory, which it watches.
async fn start(options: ServerOptions) -> (Server, TempDir) {
    let of_platforms = SENDERS.iter().filter_map(|sender| sender.provider.strip_prefix("inlet/"));
    let files: Vec<String> = of_platforms.map(|name| format!("inlet__{name}.wasm")).collect();
    let directory = platform_directory(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let options = options.arg("--plugins-dir").arg(directory.path().display().to_string());
    (Server::start_with(options).await, directory)
}

#[test]
fn every_plugin_with_code_has_its_sender() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    let with_code = |directory: &Path| {
        let folders = std::fs::read_dir(directory).unwrap().map(|folder| folder.unwrap().path());
        // The sender of `script` is whatever its operator writes it for.
        let folders = folders.filter(|folder| !folder.ends_with("script"));
        folders.filter(|folder| folder.join("Cargo.toml").is_file() && folder.join("plugin.toml").is_file()).count()
    };
    let mut providers: Vec<_> = SENDERS.iter().map(|sender| sender.provider).collect();
    providers.dedup();
    assert_eq!(providers.len(), with_code(&plugins.join("platforms")) + with_code(&plugins));
}

/// A request that is stored is kept by the server, whatever became of it: no sender sends it again, and none gives it up.
#[tokio::test]
async fn what_was_translated_is_done_whatever_became_of_it() {
    let (server, _plugins) = start(ServerOptions::default()).await;
    for sender in &SENDERS {
        let source = Source::new(&server, sender, json!({})).await;
        let mut outcomes = Vec::new();
        let (nobody, nowhere) = (json!({"value": "nobody"}), json!("data.nowhere"));
        let somebody = json!({"value": {"id": "u"}});
        // With the last mapping, the same comes twice.
        for recipients in [None, Some(nobody), Some(nowhere), Some(somebody), None] {
            if let Some(recipients) = recipients {
                source.map(recipients).await;
            }
            let answered = source.send(source.body()).await;
            assert_eq!((answered.reaction, answered.is_stored), (Done, true), "{}", answered.text);
            outcomes.push(source.last_outcome().await);
        }
        let last = outcomes.pop().unwrap();
        assert_eq!(outcomes, ["logged", "skipped", "failed", "executed"], "{}", sender.provider);
        assert!(last == "replayed" || last == "executed", "{}: {last}", sender.provider);
    }
}

/// A call of which a row failed says so in the body that the platform reads.
#[tokio::test]
async fn a_row_that_failed_is_told_to_who_reads_the_answer() {
    let (server, _plugins) = start(ServerOptions::default()).await;
    for sender in SENDERS.iter().filter(|sender| sender.retries == Retries::NextSync && sender.example == 1) {
        let source = Source::new(&server, sender, json!({})).await;
        source.map(json!("data.nowhere")).await;
        let answered = source.send(source.body()).await;
        let result = &answered.body["result"];
        let is_told = result["rejectedRows"].as_array().is_some_and(|rows| rows.len() == 1)
            || result["record_results"][0]["success"] == false;
        assert!(is_told, "{}", answered.text);
    }
}

/// A body that no plugin can read comes again in vain, so it is kept, and only who can repair it is told by the status.
#[tokio::test]
async fn what_cannot_be_read_is_kept_and_sent_again_by_nobody_who_would_in_vain() {
    let (server, _plugins) = start(ServerOptions::default()).await;
    for sender in &SENDERS {
        let source = Source::new(&server, sender, json!({})).await;
        for body in ["{not json", "[{\"a\":1},]", "7"] {
            let answered = source.send(body.to_owned()).await;
            let expected = if sender.repairs_what_is_refused() { 422 } else { 200 };
            assert_eq!(answered.status, expected, "{body}: {}", answered.text);
            let log = server.last_log(sender.key()).await;
            assert_eq!((&log["outcome"], &log["needs_attention"]), (&json!("rejected"), &json!(true)), "{log}");
        }
    }
}

/// Batches beyond the limit: kept where the sender would drop or repeat them, refused whole where it can send smaller ones.
#[tokio::test]
async fn too_many_items_are_kept_or_refused_before_anything_of_them_is_done() {
    let (server, _plugins) = start(ServerOptions::default()).await;
    for sender in SENDERS.iter().filter(|sender| {
        ["segment", "rudderstack", "http", "hightouch", "census", "inlet/jitsu"].contains(&sender.provider)
            && (sender.retries != Retries::NextSync || sender.example == 2)
    }) {
        let source = Source::new(&server, sender, json!({"max_items": 1})).await;
        let body = source.body();
        let answered = source.send(format!("[{body},{body}]")).await;
        match sender.repairs_what_is_refused() {
            true => assert_eq!((answered.status, answered.is_stored), (413, false), "{}", answered.text),
            false => {
                assert_eq!(
                    (answered.reaction, source.last_outcome().await.as_str()),
                    (Done, "failed"),
                    "{}",
                    answered.text
                );
            }
        }
    }
}

/// A failed plugin is the server's affair: the request is kept and tried again here. Who reads the answer of a call sends it
/// again, and nothing of it was done.
#[tokio::test]
async fn what_a_plugin_failed_on_is_kept_and_nothing_of_it_is_done() {
    let (server, _plugins) =
        start(ServerOptions::default().env("INLET_MAX_SANDBOX_MEMORY", (4 << 20).to_string())).await;
    for sender in &SENDERS {
        let source = Source::new(&server, sender, json!({"max_body_bytes": 8 << 20})).await;
        source.map(json!({"value": {"id": "u"}})).await;
        let body = source.body();
        let pad = "p".repeat(6 << 20);
        let answered = source.send(body.replacen('{', &format!("{{\"pad\":\"{pad}\","), 1)).await;
        let expected = if sender.retries == Retries::NextSync { Again } else { Done };
        assert_eq!((answered.reaction, answered.is_stored), (expected, true), "{}", answered.text);
        assert_eq!(source.last_outcome().await, "failed", "{}", answered.text);
    }
    let key = server.api_key("development").await;
    assert!(server.all_runs(&key).await.is_empty(), "nothing was done of what failed");
}

/// Who is not verified, or sends too much, is refused, and nothing of the request is done.
#[tokio::test]
async fn who_is_not_verified_or_sends_too_much_is_refused() {
    let (server, _plugins) = start(ServerOptions::default()).await;
    for sender in &SENDERS {
        let manifest = sender.manifest();
        let secret = &manifest["verification"]["vectors"][0]["secret"];
        let source = Source::new(&server, sender, json!({"signing_secret": secret, "max_body_bytes": 4000})).await;
        source.map(json!({"value": {"id": "u"}})).await;
        let answered = source.send(source.body()).await;
        assert_eq!((answered.status, answered.is_stored), (401, false), "{}", answered.text);
        let path = format!("/v1/sources/{}/refused?environment=development", sender.key());
        assert!(!server.get(&path).await["entries"].as_array().unwrap().is_empty(), "it can be verified again");
        let answered = source.send(format!("{{\"pad\":\"{}\"}}", "p".repeat(4000))).await;
        assert_eq!((answered.status, answered.is_stored), (413, false), "{}", answered.text);
    }
    let key = server.api_key("development").await;
    assert!(server.all_runs(&key).await.is_empty());
}

/// A request that is not stored for lack of room is sent again by every sender that ever does.
#[tokio::test]
async fn what_finds_no_room_is_sent_again_by_who_ever_does() {
    let (server, _plugins) =
        start(ServerOptions::default().env("INLET_MAX_IN_FLIGHT_BYTES", (16 << 10).to_string())).await;
    for sender in &SENDERS {
        let source = Source::new(&server, sender, json!({})).await;
        let answered = source.send(source.body()).await;
        assert_eq!((answered.status, answered.is_stored), (503, false), "{}", answered.text);
        assert!(answered.has_retry_after, "{}", answered.text);
        let expected = if sender.retries == Retries::Nothing { Dropped } else { Again };
        assert_eq!(answered.reaction, expected, "{}", answered.text);
    }
}
