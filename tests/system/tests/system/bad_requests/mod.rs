//! Wrong requests and mappings, one table for each place: every entry gets its status and its sentence, never a 5xx, and the
//! next request is served. The snapshots are the sentences.

mod calls;
mod cycles;
mod events;
mod large_bodies;
mod mappings;
mod persons;
mod recipients;
mod relations;
mod variables;

use inlet_system_tests::read_json;
use reqwest::RequestBuilder;
use serde_json::Value;

/// Sends each request of a table, and returns one line for each: its name, the status, and the member and the sentence.
async fn answers(table: Vec<(String, RequestBuilder)>) -> String {
    let mut lines = Vec::new();
    for (name, request) in table {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let answer = if status == 204 { Value::Null } else { read_json(response).await };
        assert!(status < 500, "{name}: {status}: {answer}");
        let field = answer["field"].as_str().map(|field| format!(" {field}")).unwrap_or_default();
        let said = match status < 300 {
            true => String::new(),
            false => format!("{field}: {}", answer["message"].as_str().unwrap()),
        };
        assert!(said.len() < 700, "{name}: a long answer: {said}");
        lines.push(format!("{name}\n    {status}{said}"));
    }
    lines.join("\n")
}
