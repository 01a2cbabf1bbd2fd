//! A plugin that writes its own answer.

use inlet_core::contract::Outcome;
use inlet_sandbox::Limits;

use crate::HOSTILE;

#[tokio::test]
async fn the_answerer_gets_the_memo_and_the_outcomes() {
    assert!(HOSTILE.answers());
    let outcome = |index| Outcome {
        index,
        tag: String::new(),
        status: "executed".to_owned(),
        event_id: format!("id-{index}"),
        reason: String::new(),
    };
    let call = HOSTILE.answer("memo", &[outcome(0), outcome(1)], &Limits::default()).await;
    let reply = call.result.unwrap();
    assert_eq!(reply.content_type, "application/json");
    insta::assert_snapshot!(reply.body, @r#"{"memo":"memo","outcomes":[{"index":0,"status":"executed","id":"id-0"},{"index":1,"status":"executed","id":"id-1"}]}"#);
}

#[tokio::test]
async fn what_it_answers_is_checked_like_a_translation() {
    let limits = Limits { time: std::time::Duration::from_millis(100), ..Limits::default() };
    let mut sentences = Vec::new();
    for memo in ["html", "loop", "abort"] {
        sentences.push(HOSTILE.answer(memo, &[], &limits).await.result.unwrap_err().to_string());
    }
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    the plugin's output was refused: reply.content_type is "text/html"; expected "application/json" or "text/plain"
    the plugin ran longer than 100ms, its limit for a body of 4 bytes, and was stopped; look for a loop in the plugin or raise its time limit
    the plugin crashed: wasm `unreachable` instruction executed; see its log lines
    "#);
}
