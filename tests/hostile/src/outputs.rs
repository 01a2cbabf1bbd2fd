//! Output that the contract does not allow.

use inlet_plugin::{Body, Event, Field, Item, Node, Notice, Outcome, Reply, Request, Translation, Value};

use crate::ok;

/// Returns more text than the host copies.
pub(crate) fn giant() -> Translation {
    made(format!("\"{}\"", "x".repeat(48 << 20)))
}

/// Returns more than the host stores for a small request, and less than it copies.
pub(crate) fn large() -> Translation {
    made(format!(r#"{{"pad":"{}"}}"#, "x".repeat(8 << 20)))
}

/// Returns more items than a request may hold.
pub(crate) fn many_items() -> Translation {
    Translation::from((0..20_001).map(|_| ok()).collect::<Vec<_>>())
}

/// Returns an event type of a megabyte.
pub(crate) fn long_string() -> Translation {
    Translation::from(Item::Event(Event::new("x".repeat(1 << 20))))
}

/// Returns a longer memo than the host accepts.
pub(crate) fn long_memo() -> Translation {
    Translation { memo: "x".repeat(9 << 20), ..Translation::from(ok()) }
}

/// Returns an event whose data the plugin wrote.
pub(crate) fn made(json: impl Into<String>) -> Translation {
    let mut event = Event::new("hostile/made");
    event.data = Some(Value::Made(json.into()));
    Translation::from(Item::Event(event))
}

/// Returns nested arrays.
pub(crate) fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

/// Returns an event whose user is at a pointer.
pub(crate) fn pointing(at: &str) -> Translation {
    let mut event = Event::new("hostile/pointing");
    event.user_id = Some(Value::at(at));
    Translation::from(Item::Event(event))
}

/// Returns a reply that a browser would execute.
pub(crate) fn html_reply() -> Translation {
    reply("text/html", "<script>alert(1)</script>")
}

/// Returns a reply with all that a reply may have.
pub(crate) fn full_reply() -> Translation {
    let reply = Reply::xml("<a/>").status(202).header("x-request-id", "r 1").header("webhook-id", "w-1");
    Translation { reply: Some(reply), ..Translation::from(ok()) }
}

pub(crate) fn reply(content_type: &str, body: &str) -> Translation {
    let reply = Reply { content_type: content_type.to_owned(), ..Reply::json(body) };
    Translation { reply: Some(reply), ..Translation::from(ok()) }
}

/// Returns everything of the request except its body, as the plugin received it.
pub(crate) fn echo(request: &Request) -> Result<Translation, Notice> {
    let mut event = Event::new(format!("{} {} {}", request.method, request.path, request.received_at_ms));
    event.extras = request.query.iter().chain(&request.headers).chain(&request.facts).cloned().collect();
    event.extras.push(Field::new("options", request.options.as_str()));
    event.original = Some(String::new());
    Ok(Translation::from(Item::Event(event)))
}

/// Returns the encoding and the content of the body.
pub(crate) fn echo_bytes(request: &Request) -> Translation {
    let (kind, bytes) = match &request.body {
        Body::Text(text) => ("text", text.as_bytes()),
        Body::Bytes(bytes) => ("bytes", bytes.as_slice()),
    };
    let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
    made(format!(r#"{{"kind":"{kind}","length":{},"sum":{sum}}}"#, bytes.len()))
}

/// Returns the values of a Segment call, each converted by `give`, to compare pointing with writing.
pub(crate) fn values(request: &Request, give: fn(Node<'_>) -> Value) -> Result<Translation, Notice> {
    let body = request.json()?;
    let [user, data, key, time] = body.fields(["userId", "properties", "messageId", "timestamp"]);
    let mut event = Event::new("hostile/values");
    event.user_id = user.map(give);
    event.data = data.map(give);
    event.idempotency_key = key.map(give);
    event.occurred_at = time.map(give);
    Ok(Translation::from(Item::Event(event)))
}

/// Points at a value, as a plugin should.
pub(crate) fn point(node: Node<'_>) -> Value {
    node.into()
}

/// Writes a value, as a plugin may.
pub(crate) fn write_out(node: Node<'_>) -> Value {
    Value::Made(node.raw().to_owned())
}

/// Returns the arguments of the answerer.
pub(crate) fn describe(memo: &str, outcomes: &[Outcome]) -> String {
    let outcomes: Vec<String> = outcomes
        .iter()
        .map(|outcome| {
            format!(r#"{{"index":{},"status":"{}","id":"{}"}}"#, outcome.index, outcome.status, outcome.event_id)
        })
        .collect();
    format!(r#"{{"memo":{memo:?},"outcomes":[{}]}}"#, outcomes.join(","))
}
