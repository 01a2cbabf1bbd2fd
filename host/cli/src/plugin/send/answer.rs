//! The server's answer to a webhook: its own, or a JSON-RPC answer that a plugin wrote.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The parts of an answer that say what became of the items. Members that are not there are empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    events: Vec<Item>,
    /// The number of items by outcome, for requests with many; `events` then holds those that were not accepted.
    counts: BTreeMap<String, u64>,
    /// The error of a JSON-RPC answer.
    error: Value,
    /// The result of a JSON-RPC answer.
    result: RpcResult,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item {
    id: String,
    outcome: String,
    reason: Option<String>,
}

/// The results of the bundled plugins that write their answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RpcResult {
    /// Hightouch: the rows that were not accepted.
    #[serde(rename = "rejectedRows")]
    rejected_rows: Vec<Value>,
    /// Census: a result for each record.
    record_results: Vec<Value>,
}

impl Answer {
    /// Reads an answer. Anything else says nothing about items.
    pub(super) fn read(body: &str) -> Self {
        serde_json::from_str(body).unwrap_or_default()
    }

    /// Returns the id of the first item if the server replayed every item.
    pub(super) fn replayed(&self) -> Option<&str> {
        let all_replayed = self.events.iter().all(|item| item.outcome == "replayed")
            && self.counts.keys().all(|outcome| outcome == "replayed");
        self.events.first().filter(|_| all_replayed).map(|first| first.id.as_str())
    }

    /// Returns a sentence if an item was rejected or failed.
    pub(super) fn not_accepted(&self) -> Option<String> {
        if let Some(item) = self.events.iter().find(|item| is_failure(&item.outcome)) {
            let reason = item.reason.as_deref().unwrap_or("its entry in the log says why");
            return Some(format!("an item was {}: {reason}", past_tense(&item.outcome)));
        }
        if let Some((outcome, count)) = self.counts.iter().find(|(outcome, count)| is_failure(outcome) && **count > 0) {
            return Some(format!("{count} items were {}", past_tense(outcome)));
        }
        if !self.error.is_null() {
            return Some(format!("the call was answered with an error: {}", text(&self.error["message"])));
        }
        if let Some(row) = self.result.rejected_rows.first() {
            return Some(format!("a row was rejected: {}", text(&row["message"])));
        }
        let refused = self.result.record_results.iter().find(|record| record["success"] == Value::Bool(false))?;
        Some(format!("a record was rejected: {}", text(&refused["error_message"])))
    }
}

fn is_failure(outcome: &str) -> bool {
    matches!(outcome, "rejected" | "failed")
}

fn past_tense(outcome: &str) -> &str {
    if outcome == "failed" { "taken and failed" } else { outcome }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| "the answer says no more".to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn every_way_to_say_that_an_item_was_not_accepted_is_read() {
        for (body, said) in [
            (r#"{"events":[{"id":"1","event_type":"a","outcome":"executed"}]}"#, None),
            (r#"{"events":[{"id":"1","outcome":"skipped"},{"id":"2","outcome":"ignored"}]}"#, None),
            (
                r#"{"events":[{"id":"1","outcome":"logged"},{"id":"2","outcome":"rejected","reason":"no type"}]}"#,
                Some("an item was rejected: no type"),
            ),
            (
                r#"{"events":[{"outcome":"failed"}]}"#,
                Some("an item was taken and failed: its entry in the log says why"),
            ),
            (r#"{"counts":{"executed":200,"failed":3},"events":[]}"#, Some("3 items were taken and failed")),
            (
                r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}"#,
                Some("the call was answered with an error: Method not found"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"rejectedRows":[{"index":0,"id":1,"message":"no user"}]}}"#,
                Some("a row was rejected: no user"),
            ),
            (r#"{"jsonrpc":"2.0","id":1,"result":{"rejectedRows":[]}}"#, None),
            (
                r#"{"result":{"record_results":[{"success":true},{"success":false,"error_message":"no user"}]}}"#,
                Some("a record was rejected: no user"),
            ),
            (r#"{"externalId":"a-1"}"#, None),
            ("ok", None),
        ] {
            assert_eq!(Answer::read(body).not_accepted().as_deref(), said, "{body}");
        }
    }

    #[test]
    fn a_replayed_request_is_known_by_all_of_its_items() {
        let replayed = |body: &str| Answer::read(body).replayed().map(str::to_owned);
        let first = r#"{"events":[{"id":"1","outcome":"replayed"},{"id":"2","outcome":"replayed"}]}"#;
        assert_eq!(replayed(first).as_deref(), Some("1"));
        for other in [
            r#"{"events":[{"id":"1","outcome":"replayed"},{"id":"2","outcome":"executed"}]}"#,
            r#"{"events":[{"id":"1","outcome":"replayed"}],"counts":{"replayed":1,"executed":200}}"#,
            r#"{"events":[]}"#,
            "ok",
        ] {
            assert_eq!(replayed(other), None, "{other}");
        }
    }
}
