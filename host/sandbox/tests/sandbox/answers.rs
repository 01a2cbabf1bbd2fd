//! A plugin that writes its own answer.

use inlet_core::contract::{Field, ItemOutcome, Reply};
use inlet_sandbox::Limits;

use crate::{HOSTILE, relaxed_limits, request, until_it_ran};

#[tokio::test]
async fn the_answerer_gets_the_memo_and_the_outcomes() {
    assert!(HOSTILE.answers());
    let outcome = |index| ItemOutcome {
        index,
        tag: String::new(),
        status: "executed".to_owned(),
        event_id: format!("id-{index}"),
        reason: String::new(),
    };
    let call = HOSTILE.answer(0, "memo", &[outcome(0), outcome(1)], &Limits::default()).await;
    let reply = call.result.unwrap();
    assert_eq!(reply.content_type, "application/json");
    insta::assert_snapshot!(reply.body, @r#"{"memo":"memo","outcomes":[{"index":0,"status":"executed","id":"id-0"},{"index":1,"status":"executed","id":"id-1"}]}"#);
}

#[tokio::test]
async fn a_reply_of_the_sdk_has_its_status_and_headers() {
    let translated = HOSTILE.translate(&request("/full-reply", "{}"), &Limits::default()).await.result.unwrap();
    let headers = vec![Field::new("x-request-id", "r 1"), Field::new("webhook-id", "w-1")];
    let full = Reply { status: 202, headers, ..Reply::new("application/xml", "<a/>") };
    assert_eq!(translated.unwrap().reply, Some(full));
    let answered = HOSTILE.answer(0, "empty", &[], &Limits::default()).await.result.unwrap();
    let headers = vec![Field::new("x-hook-secret", "s")];
    assert_eq!(answered, Reply { status: 204, headers, ..Reply::new("text/plain", "") });
}

#[tokio::test]
async fn an_answer_is_checked_like_a_translation() {
    let limits = Limits { time: std::time::Duration::from_millis(500), ..Limits::default() };
    let mut sentences = Vec::new();
    for memo in ["html", "loop"] {
        sentences.push(refused(memo, &limits).await);
    }
    for memo in ["memory", "deep-recursion", "abort", "giant", "long", "deep"] {
        sentences.push(refused(memo, &relaxed_limits()).await);
    }
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    the plugin's output was refused: reply.content_type is "text/html"; expected "application/json", "text/plain", "text/xml" or "application/xml"
    the plugin ran longer than 500ms, its limit for a body of 4 bytes, and was stopped; look for a loop in the plugin or raise its time limit
    the plugin asked for 257 MiB of memory; its limit is 256 MiB; make it hold less of the body at once or raise its memory limit
    the plugin crashed: out of bounds memory access (a recursion that is too deep, or a stray pointer); see its log lines
    the plugin crashed: wasm `unreachable` instruction executed; see its log lines
    the plugin handed over more than 16 MiB at once, its limit for a body of 5 bytes; let it point into the body (`at`) instead of writing values out (`made`)
    the plugin's output was refused: reply.body has 9 MiB; at most 8 MiB are allowed; let the plugin reject such an item (`too_long`)
    the plugin's output was refused: reply.body is refused: it is nested deeper than 128 levels; send a flatter object
    "#);
}

/// Makes the answerer misbehave in one call and behave in the next, and returns the error of the first.
async fn refused(memo: &str, limits: &Limits) -> String {
    let refuse = async || {
        let call = HOSTILE.answer(0, memo, &[], limits).await;
        let next = HOSTILE.answer(0, "memo", &[], &relaxed_limits()).await;
        assert!(next.result.is_ok(), "the next answer is given: {:?}", next.result);
        call.result.unwrap_err()
    };
    until_it_ran(refuse).await.to_string()
}
