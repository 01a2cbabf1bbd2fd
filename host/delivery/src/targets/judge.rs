//! Judging answers by a target's facts. Pure.

use std::{borrow::Cow, time::Duration};

use hyper::StatusCode;
use inlet_core::{delivery::DeliveryCall, json};

use super::facts::{DuplicateMark, SuccessRule, TargetFacts};
use crate::{
    answer::{Answer, AnswerEnd},
    retry_after::retry_after,
    verdict::Verdict,
};

/// The longest id that is kept.
const MAX_ID_CHARS: usize = 255;

/// Judges the answer to a call.
pub fn judge(facts: &TargetFacts, call: DeliveryCall, answer: &Answer, now_ms: i64) -> Verdict {
    let status = answer.status.as_u16();
    let after = retry_after(answer, now_ms);
    if facts.throttle.contains(&status) {
        return Verdict::Throttled { reason: answered(answer.status), after };
    }
    if answer.status == StatusCode::GONE {
        return Verdict::TargetGone { reason: "the target answered 410 Gone: it wants nothing more".to_owned() };
    }
    if facts.wrong_credentials.contains(&status) {
        let reason = format!("{}: the target does not accept the credentials", answered(answer.status));
        return Verdict::WrongCredentials { reason };
    }
    match call {
        DeliveryCall::Trigger if is_duplicate(facts, answer) => return delivered(facts, answer),
        DeliveryCall::Cancel if facts.cancel.as_ref().is_some_and(|cancel| cancel.done.contains(&status)) => {
            let note = Some(format!("{}: there was nothing left to cancel", answered(answer.status)));
            return Verdict::Delivered { downstream_id: None, note };
        }
        _ => {}
    }
    if answer.status.is_success() {
        return match call {
            DeliveryCall::Trigger => succeeded(facts, answer, after),
            DeliveryCall::Cancel => Verdict::Delivered { downstream_id: None, note: None },
        };
    }
    if facts.dead.contains(&status) {
        return Verdict::Dead { reason: format!("{}: the same request would fail again", answered(answer.status)) };
    }
    let reason = match answer.status.is_redirection() {
        true => format!("{}: redirects are not followed; correct the target's URL", answered(answer.status)),
        false => answered(answer.status),
    };
    Verdict::Retry { reason, after }
}

/// Judges an answer 2xx by its body.
fn succeeded(facts: &TargetFacts, answer: &Answer, after: Option<Duration>) -> Verdict {
    let SuccessRule::Member { pointers, values } = &facts.success else { return delivered(facts, answer) };
    let Some(text) = answer.text() else {
        let reason = match answer.end {
            AnswerEnd::Whole => "the answer is no text, so it cannot be told whether it is a success",
            AnswerEnd::Cut => "the answer is longer than 64 KiB, so it cannot be told whether it is a success",
            AnswerEnd::TimedOut => {
                "the answer's body was not there in time, so it cannot be told whether it is a success"
            }
            AnswerEnd::Broken => "the connection broke within the answer, so it cannot be told whether it is a success",
        };
        return Verdict::Retry { reason: reason.to_owned(), after };
    };
    let is_json = is_json(text);
    let found = pointers.iter().filter(|_| is_json).find_map(|pointer| json::point(text, pointer)).map(compact);
    match found {
        Some(found) if values.contains(&found) => delivered(facts, answer),
        found => {
            let found = found.map_or("nothing".into(), shortened);
            let expected = values.join(" or ");
            let at = pointers.first().map_or("", |pointer| pointer);
            let reason =
                format!("{}, but its body says {found} at {at}; a success says {expected}", answered(answer.status));
            Verdict::Retry { reason, after }
        }
    }
}

fn delivered(facts: &TargetFacts, answer: &Answer) -> Verdict {
    let id = facts.downstream_id.as_deref().zip(answer.text().filter(|text| is_json(text)));
    let id = id.and_then(|(pointer, text)| json::point(text, pointer)).and_then(|value| match json::Kind::of(value) {
        json::Kind::String => json::string(value),
        json::Kind::Number => Some(value.trim().to_owned()),
        _ => None,
    });
    let partial = answer
        .headers
        .keys()
        .map(hyper::header::HeaderName::as_str)
        .find(|name| facts.partial_success_headers.iter().any(|prefix| name.starts_with(prefix)));
    Verdict::Delivered {
        downstream_id: id.map(|id| id.chars().take(MAX_ID_CHARS).collect()),
        note: partial.map(|name| format!("a part of it was not taken: the answer has the header {name}")),
    }
}

fn is_duplicate(facts: &TargetFacts, answer: &Answer) -> bool {
    facts.duplicates.iter().filter(|rule| rule.status == answer.status.as_u16()).any(|rule| match rule.mark {
        DuplicateMark::None => true,
        DuplicateMark::Text(mark) => answer.text().is_some_and(|text| text.contains(mark)),
        DuplicateMark::Member(pointer, value) => {
            let text = answer.text().filter(|text| is_json(text));
            text.and_then(|text| json::point(text, pointer)).is_some_and(|found| found.trim() == value)
        }
    })
}

/// Returns a JSON text without white space.
fn compact(text: &str) -> Cow<'_, str> {
    match json::Kind::of(text) {
        json::Kind::Object | json::Kind::Array => "an object or an array".into(),
        _ => text.trim().into(),
    }
}

fn is_json(text: &str) -> bool {
    json::check(text, json::MAX_DEPTH).is_ok()
}

fn shortened(text: Cow<'_, str>) -> Cow<'_, str> {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text,
    }
}

fn answered(status: StatusCode) -> String {
    format!("the target answered {status}")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::header::HeaderMap;

    use super::*;
    use crate::targets::{parse, tests::answer};

    fn webhook(options: serde_json::Value) -> Box<dyn crate::targets::Target> {
        parse("webhook", &serde_json::json!({"url": "https://a.example", "options": options}), &serde_json::Value::Null)
            .unwrap()
    }

    fn verdict(status: u16, headers: &[(&str, &str)], body: &str) -> Verdict {
        webhook(serde_json::json!({})).judge(DeliveryCall::Trigger, &answer(status, headers, body), 0)
    }

    #[test]
    fn a_status_decides_for_a_webhook() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(verdict(status, &[], "<no json>"), Verdict::Delivered { downstream_id: None, note: None });
        }
        for status in [300, 302, 307, 400, 401, 403, 404, 405, 409, 413, 422, 500, 502, 503, 504] {
            assert_eq!(verdict(status, &[], "").outcome(), "failed", "{status}");
        }
        assert_eq!(verdict(410, &[], "").outcome(), "gone");
        assert_eq!(
            verdict(429, &[("retry-after", "7")], ""),
            Verdict::Throttled {
                reason: "the target answered 429 Too Many Requests".to_owned(),
                after: Some(Duration::from_secs(7)),
            }
        );
        insta::assert_snapshot!(verdict(302, &[("location", "http://127.0.0.1/")], "").reason().unwrap(), @"the target answered 302 Found: redirects are not followed; correct the target's URL");
    }

    #[test]
    fn a_success_can_be_asked_for_in_the_body() {
        let target = webhook(serde_json::json!({"success": {"pointer": "/ok", "equals": [true, "yes"]}}));
        let judge = |body: &str| target.judge(DeliveryCall::Trigger, &answer(200, &[], body), 0);
        for body in [r#"{"ok": true }"#, r#"{"ok":"yes"}"#] {
            assert_eq!(judge(body).outcome(), "delivered", "{body}");
        }
        for body in [r#"{"ok":false}"#, r#"{"ok":"true"}"#, "{}", "", "<html>", r#"{"ok":true"#] {
            assert_eq!(judge(body).outcome(), "failed", "{body}");
        }
        insta::assert_snapshot!(judge(r#"{"ok":false}"#).reason().unwrap(), @r#"the target answered 200 OK, but its body says false at /ok; a success says true or "yes""#);
        for end in [AnswerEnd::Cut, AnswerEnd::TimedOut, AnswerEnd::Broken] {
            let cut = Answer {
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: Bytes::from_static(b"{\"ok\":true}"),
                end,
            };
            assert_eq!(target.judge(DeliveryCall::Trigger, &cut, 0).outcome(), "failed");
        }
    }
}
