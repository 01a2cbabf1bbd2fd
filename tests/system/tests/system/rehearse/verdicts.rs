//! Verification, idempotency and earlier items in a rehearsal.

use inlet_system_tests::{SEGMENT_SECRET, Server, hmac_sha1, track};
use serde_json::{Value, json};

use super::{errors, in_production, outcomes, post, rehearse, trigger};

#[tokio::test]
async fn in_production_verification_is_rehearsed_as_it_is_enforced() {
    let server = Server::start().await;
    let mappings = json!([trigger("E", json!({"key": "k", "recipients": {"id": "user_id"}}))]);
    in_production(&server, "segment", json!({"signing_secret": SEGMENT_SECRET}), mappings).await;
    let text = track("E", "u", "m", json!({}));
    let ask = async |more: Value| {
        let mut body = json!({"body": text});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rehearse(&server, "segment", "production", body).await
    };

    let unsigned = ask(json!({})).await;
    assert_eq!(
        unsigned["verification"],
        json!({"status": "missing", "covers": null, "enforced": true, "would_be": "refused", "cause": "missing"})
    );
    assert_eq!((&unsigned["status"], &unsigned["answer"]["status"]), (&json!("error"), &json!(401)));
    assert_eq!(
        errors(&unsigned),
        [
            "not_verified: the request carries no credential, and verification is enforced; to rehearse it all the same, give its headers and received_at, or sign: true. What to do: let the sender sign its requests, with the credential in the header that the source names; requests that are not the sender's are dismissed with POST …/refused/dismiss"
        ]
    );
    // The trace shows the outcome of the request if it were admitted; the count shows what would be written.
    assert_eq!((outcomes(&unsigned), &unsigned["action_logs_count"]), (vec!["executed"], &json!(1)));
    let nothing = json!({
        "event_logs": 0, "refused_request": true, "users": [], "objects": [], "subscriptions": [], "members": [], "runs": [],
        "canceled_runs": [], "idempotency_record": false,
    });
    assert_eq!(unsigned["would_write"], nothing);

    let signed = ask(json!({"sign": true})).await;
    assert_eq!(
        signed["verification"],
        json!({"status": "verified", "covers": "all", "enforced": true, "would_be": "accepted", "cause": null})
    );
    assert_eq!((&signed["status"], &signed["answer"]["status"]), (&json!("ok"), &json!(200)));
    assert_eq!(signed["would_write"]["runs"][0]["workflow"], "k");

    let mac = hmac_sha1(SEGMENT_SECRET, text.as_bytes());
    let by_hand = ask(json!({"headers": {"X-Signature": mac}})).await;
    assert_eq!(by_hand["verification"]["status"], "verified");
    let twice = ask(json!({"headers": {"x-signature": [mac, mac]}})).await;
    assert_eq!(
        (&twice["verification"]["status"], &twice["verification"]["would_be"]),
        (&json!("failed"), &json!("refused"))
    );
    for rehearsal in [unsigned, signed, by_hand, twice] {
        let shown = rehearsal.to_string();
        assert!(!shown.contains(&mac) && !shown.contains(SEGMENT_SECRET), "no credential is in the answer");
    }

    let batch = json!({"body": format!("[{text},{text}]"), "sign": true});
    let batch = rehearse(&server, "segment", "production", batch).await;
    assert_eq!(
        batch["verification"],
        json!({"status": "verified", "covers": "first", "enforced": true, "would_be": "refused", "cause": "partly_signed"})
    );
    assert!(errors(&batch)[0].contains("trust_unsigned_batch_items"), "{batch}");

    // The other environment has neither the secret nor the mappings.
    let other = rehearse(&server, "segment", "development", json!({"body": text})).await;
    assert_eq!((&other["verification"]["status"], outcomes(&other)), (&json!("not_configured"), vec!["logged"]));
    assert_eq!(other["items"][0]["mappings"], json!([]));
    let (status, refused) =
        post(&server, "segment", "development", json!({"payload": {}, "sign": true}).to_string()).await;
    assert_eq!(status, 422);
    insta::assert_snapshot!(refused, @r#"{"code":"invalid","message":"the source has no signing secret in this environment; set signing_secret first, or leave it out","field":"sign"}"#);
}

#[tokio::test]
async fn a_shared_secret_signs_by_standing_in_its_header_and_is_shown_nowhere() {
    let server = Server::start().await;
    let settings =
        json!({"signing_secret": "open sesame", "verification_header": "x-my-secret", "keep_headers": ["x-note"]});
    server.source("http", "http", settings, json!([])).await;
    let headers = json!({"X-Note": "kept", "Authorization": "Bearer sesame", "Cookie": "sesame", "x-other": "sesame"});
    let body = json!({"payload": {"event": "E"}, "sign": true, "headers": headers, "query": {"q": "sesame"}});
    let rehearsal = rehearse(&server, "http", "development", body).await;
    assert_eq!(rehearsal["verification"]["status"], "verified");
    assert_eq!(rehearsal["items"][0]["headers"], json!({"x-note": "kept"}));
    assert!(!rehearsal.to_string().contains("sesame"), "{rehearsal}");
}

#[tokio::test]
async fn the_idempotency_verdict_is_the_one_that_counts_now() {
    let server = Server::start().await;
    let mappings = json!([
        trigger("E", json!({"key": "good", "recipients": {"id": "user_id"}})),
        trigger("E", json!({"key": "bad", "recipients": "data.to"})),
    ]);
    let endpoint = server.source("segment", "segment", json!({"enforce_idempotency": true}), mappings).await;
    let verdict = async |body: &str| {
        let rehearsal = rehearse(&server, "segment", "development", json!({"body": body})).await;
        let actions = rehearsal["items"][0]["actions"].as_array().unwrap().len();
        (rehearsal["items"][0]["idempotency"].clone(), actions, rehearsal)
    };
    let (bad, good) = (track("E", "u", "m", json!({"to": "a/b"})), track("E", "u", "m", json!({"to": "u"})));
    let (none, actions, rehearsal) = verdict(&bad).await;
    assert_eq!((none, actions), (json!({"enforced": true, "verdict": "none", "of": null}), 2));
    assert_eq!((&rehearsal["status"], &rehearsal["failed_action_logs_count"]), (&json!("error"), &json!(1)));
    assert!(
        errors(&rehearsal)[0].starts_with("items[0].actions[1]: recipients, read from the path `data.to`: recipient 0"),
        "{rehearsal}"
    );

    let failed = endpoint.expect(bad, &["failed"]).await["events"][0]["id"].clone();
    let (resumes, actions, rehearsal) = verdict(&good).await;
    assert_eq!((resumes, actions), (json!({"enforced": true, "verdict": "resumes", "of": failed}), 1));
    assert_eq!(
        rehearsal["items"][0]["warnings"][0],
        "the user id or the data differ from those of the execution with the same key"
    );
    assert_eq!(rehearsal["would_write"]["idempotency_record"], true);

    let executed = endpoint.expect(good.clone(), &["executed"]).await["events"][0]["id"].clone();
    let (replays, actions, rehearsal) = verdict(&good).await;
    assert_eq!((replays, actions), (json!({"enforced": true, "verdict": "replays", "of": executed}), 0));
    assert_eq!(rehearsal["items"][0]["mappings"][0]["matched"], true);
    assert_eq!((&rehearsal["status"], &rehearsal["would_write"]["runs"]), (&json!("ok"), &json!([])));
}

#[tokio::test]
async fn items_see_the_ones_before_them_and_what_is_no_event_says_so() {
    let server = Server::start().await;
    let mappings = json!([
        trigger("Signed Up", json!({"key": "hello"})),
        {"event_type": "Signed Up", "action_type": "users_identify", "active": false},
    ]);
    server.source("segment", "segment", json!({"handle_identifies": true}), mappings).await;
    let batch = format!(
        "[{},{},{},7]",
        track("Signed Up", "late", "m1", json!({})),
        json!({"type": "identify", "userId": "late", "traits": {"name": "L"}}),
        track("Signed Up", "late", "m3", json!({})),
    );
    let rehearsal = rehearse(&server, "segment", "development", json!({"body": batch})).await;
    let statuses: Vec<_> =
        rehearsal["items"].as_array().unwrap().iter().map(|item| item["actions"][0]["status"].clone()).collect();
    assert_eq!(statuses, [json!("skipped"), json!("success"), json!("success"), json!(null)]);
    assert_eq!(rehearsal["items"][0]["mappings"][1]["why_not"], "it is inactive, and only active mappings match");
    assert_eq!(rehearsal["items"][3]["mappings"][0]["why_not"], "the item is no event");
    assert_eq!((&rehearsal["status"], rehearsal["answer"]["status"].as_u64()), (&json!("error"), Some(200)));
    assert_eq!(errors(&rehearsal).len(), 1);
    assert!(errors(&rehearsal)[0].starts_with("items[3]: "), "{rehearsal}");
    let counts = ["action_logs_count", "successful_action_logs_count", "failed_action_logs_count"];
    assert_eq!(counts.map(|count| rehearsal[count].as_u64().unwrap()), [3, 2, 0]);
    assert_eq!(
        rehearsal["would_write"]["users"],
        json!([{"id": "late", "is_new": true, "before": null, "after": {"name": "L"}}])
    );

    // Several lines that are not one JSON text.
    server.source("http", "http", json!({}), json!([])).await;
    let lines = json!({"body": "{\"event\":\"A\"}\n{\"event\":\"B\"}"});
    let rehearsal = rehearse(&server, "http", "development", lines).await;
    assert_eq!(outcomes(&rehearsal), ["logged", "logged"]);
    let refused = rehearse(&server, "http", "development", json!({"body": "{not json"})).await;
    assert_eq!(
        (&refused["answer"]["status"], &refused["items"][0]["original_text"]),
        (&json!(422), &json!("{not json"))
    );
}
