//! `POST /v1/sources/{key}/rehearse`: the whole trace of a request, in any environment, without a side effect.

use std::{collections::BTreeMap, path::PathBuf};

use inlet_system_tests::{
    Endpoint, SEGMENT_SECRET, Server, ServerOptions, all_files, hmac_sha1, read_json, test_plugin, track,
};
use reqwest::Method;
use serde_json::{Value, json};

async fn post(server: &Server, key: &str, environment: &str, body: impl Into<String>) -> (u16, String) {
    let path = format!("/v1/sources/{key}/rehearse?environment={environment}");
    let request = server.manage(Method::POST, &path).header("content-type", "application/json").body(body.into());
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// A rehearsal that there is.
async fn rehearse(server: &Server, key: &str, environment: &str, body: Value) -> Value {
    let (status, text) = post(server, key, environment, body.to_string()).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn outcomes(rehearsal: &Value) -> Vec<&str> {
    rehearsal["items"].as_array().unwrap().iter().map(|item| item["outcome"].as_str().unwrap()).collect()
}

fn errors(rehearsal: &Value) -> Vec<String> {
    let errors = rehearsal["errors"].as_array().unwrap().iter();
    errors.map(|e| format!("{}: {}", e["field"].as_str().unwrap(), e["message"].as_str().unwrap())).collect()
}

fn trigger(event_type: &str, parameters: Value) -> Value {
    json!({"event_type": event_type, "action_type": "workflows_trigger", "action_parameters": parameters})
}

/// A source in `production`.
async fn in_production(server: &Server, key: &str, settings: Value, mappings: Value) -> Endpoint {
    let source = json!({
        "name": key, "preconfigured_provider": "segment",
        "environment_settings": {"production": {"settings": settings, "mappings": mappings}},
    });
    let (status, answer) = server.try_put_source(key, "production", source).await;
    assert_eq!(status, 200, "{answer}");
    server.endpoint_of(&answer["source"], "production")
}

/// Everything that a side effect would show in: the files but the one in which readers note their places, and all that is
/// counted.
async fn everything(server: &Server) -> (BTreeMap<PathBuf, Vec<u8>>, Vec<String>) {
    let files = all_files(server.data_dir()).into_iter().filter(|(path, _)| !path.to_string_lossy().ends_with("-shm"));
    let metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
    let is_counted = |line: &&str| {
        ["_total", "_count", "_sum"]
            .iter()
            .any(|end| line.contains(&format!("{end}{{")) || line.contains(&format!("{end} ")))
    };
    let mut counted: Vec<String> = metrics.lines().filter(is_counted).map(str::to_owned).collect();
    counted.sort_unstable();
    assert!(counted.iter().any(|line| line.starts_with("inlet_events_total")), "{metrics}");
    (files.collect(), counted)
}

#[tokio::test]
async fn the_whole_trace_is_told_in_the_contracts_shape() {
    let server = Server::start().await;
    let mappings = json!([
        trigger(
            "Order Completed",
            json!({"key": "thanks", "recipients": [{"id": "user_id", "name": "properties.name"}, {"value": "nobody"}], "data": {"total": "data.total"}, "actor": "properties.by"})
        ),
        trigger("order completed", json!({"key": "thanks"})),
        trigger("identify", json!({"key": "hello"})),
    ]);
    let settings = json!({"enforce_idempotency": true});
    let endpoint = server.source("segment", "segment", settings, mappings).await;
    endpoint.expect(track("Order Completed", "u_1", "m-0", json!({"name": "Ann", "total": 1})), &["executed"]).await;
    let payload: Value =
        serde_json::from_str(&track("Order Completed", "u_1", "m-1", json!({"name": "Bo", "total": 2, "by": "boss"})))
            .unwrap();
    let rehearsal = rehearse(&server, "segment", "development", json!({"payload": payload})).await;

    assert_eq!(
        (&rehearsal["log_id"], &rehearsal["status"], &rehearsal["errors"]),
        (&json!(null), &json!("ok"), &json!([]))
    );
    assert_eq!(rehearsal["action_logs_count"], 1);
    assert_eq!(rehearsal["successful_action_logs_count"], 1);
    assert_eq!(rehearsal["failed_action_logs_count"], 0);
    assert_eq!(
        rehearsal["verification"],
        json!({"status": "not_configured", "covers": null, "enforced": false, "would_be": "accepted", "cause": null})
    );
    assert_eq!(rehearsal["plugin"]["key"], "segment");
    assert_eq!(rehearsal["logs"], json!([]));
    assert_eq!(rehearsal["items_count"], 1);

    let item = &rehearsal["items"][0];
    assert_eq!(
        (&item["event_type"], &item["user_id"], &item["outcome"]),
        (&json!("track/Order Completed"), &json!("u_1"), &json!("executed"))
    );
    assert_eq!((&item["idempotency_key"], &item["occurred_at"]), (&json!("m-1"), &json!("2026-01-02T03:04:05.678Z")));
    assert_eq!((&item["data"], &item["original"]), (&payload["properties"], &payload));
    assert_eq!(item["idempotency"], json!({"enforced": true, "verdict": "none", "of": null}));
    let answered: Value = serde_json::from_str(rehearsal["answer"]["body"].as_str().unwrap()).unwrap();
    assert_eq!((&rehearsal["answer"]["status"], &answered["events"][0]["outcome"]), (&json!(200), &json!("executed")));
    assert_eq!(answered["events"][0]["id"], item["id"]);

    let why_not: Vec<_> = item["mappings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mapping| (mapping["matched"].clone(), mapping["why_not"].clone()))
        .collect();
    assert_eq!(why_not[0], (json!(true), json!(null)));
    assert_eq!(
        why_not[1],
        (
            json!(false),
            json!(
                "it matches \"order completed\" or \"track/order completed\" as it is written; upper and lower case count"
            )
        )
    );
    assert_eq!(why_not[2], (json!(false), json!("it matches \"identify\", and the event is of another type")));

    let action = &item["actions"][0];
    assert_eq!((&action["mapping"], &action["status"]), (&item["mappings"][0]["id"], &json!("success")));
    assert_eq!(action["parameters"]["key"], "thanks");
    assert_eq!(action["payload"]["data"], json!({"total": 2}));
    assert_eq!((&action["found_in"]["data.total"], &action["found_in"]["actor"]), (&json!("event"), &json!("item")));
    assert_eq!(action["result"]["skipped_recipients"], json!([{"id": "nobody", "reason": "not identified"}]));
    assert_eq!(action["result"]["notes"][0], "the actor is not identified and is passed on as a reference");

    let would = &rehearsal["would_write"];
    assert_eq!(
        (&would["event_logs"], &would["refused_request"], &would["idempotency_record"]),
        (&json!(1), &json!(false), &json!(true))
    );
    assert_eq!(
        would["users"],
        json!([{"id": "u_1", "is_new": false, "before": {"name": "Ann"}, "after": {"name": "Bo"}}])
    );
    let run = &would["runs"][0];
    assert_eq!((&run["id"], &run["source_event_id"]), (&action["result"]["workflow_run_id"], &item["id"]));
    assert_eq!(
        (&run["workflow"], &run["recipients"], &run["data"]),
        (&json!("thanks"), &json!([{"id": "u_1"}]), &json!({"total": 2}))
    );
}

#[tokio::test]
async fn nothing_is_written_and_nothing_is_counted() {
    let dir = tempfile::TempDir::new().unwrap();
    std::fs::copy(test_plugin("inlet__hostile.wasm"), dir.path().join("hostile.wasm")).unwrap();
    let options = ServerOptions::default().arg("--plugins-dir").arg(dir.path().to_str().unwrap());
    let server = Server::start_with(options).await;
    let mappings = json!([trigger("E", json!({"key": "k", "recipients": {"id": "user_id"}}))]);
    let settings = json!({"enforce_idempotency": true, "handle_identifies": true});
    let endpoint = server.source("segment", "segment", settings, mappings).await;
    let refusing = json!({"signing_secret": SEGMENT_SECRET});
    server.source("signed", "segment", refusing, json!([])).await;
    server.source("hostile", "inlet/hostile", json!({}), json!([])).await;
    endpoint.expect(track("E", "known", "m", json!({})), &["executed"]).await;

    let before = everything(&server).await;
    let batch = format!(
        "[{},{},{},7]",
        track("E", "new", "m-1", json!({"n": 1})),
        track("E", "known", "m", json!({})),
        json!({"type": "identify", "userId": "new", "traits": {"a": 1}}),
    );
    let rehearsal = rehearse(&server, "segment", "development", json!({"body": batch})).await;
    assert_eq!(outcomes(&rehearsal), ["executed", "replayed", "executed", "rejected"]);
    assert_eq!(rehearsal["would_write"]["users"][0]["id"], "new", "there was something to write: {rehearsal}");
    let refused = rehearse(&server, "signed", "development", json!({"payload": {"type": "track", "event": "E"}})).await;
    assert_eq!(refused["would_write"]["refused_request"], true);
    for path in ["/loop", "/items", "/abort", "/log-flood", "/ok"] {
        rehearse(&server, "hostile", "development", json!({"payload": {}, "path": path})).await;
    }
    rehearse(&server, "segment", "development", json!({"payload": {}, "method": "DELETE"})).await;
    let after = everything(&server).await;
    assert_eq!(before.1, after.1, "something was counted");
    for (path, bytes) in &after.0 {
        assert!(before.0.get(path) == Some(bytes), "{} was written", path.display());
    }
    assert_eq!(before.0.len(), after.0.len());

    assert_eq!(server.logs("segment").await.len(), 1);
    let key = server.api_key("development").await;
    assert_eq!(server.get_with_key(&key, "/v1/users/new").await.0, 404);
    assert_eq!(server.all_runs(&key).await.len(), 1);
    let events = server.get("/v1/sources/segment/events?environment=development").await;
    assert_eq!(events["entries"].as_array().unwrap().len(), 1, "{events}");
    // The comparison can fail: the same, sent, changes both.
    endpoint.send(batch).await;
    let sent = everything(&server).await;
    assert!(sent.0 != before.0 && sent.1 != before.1);
}

#[tokio::test]
async fn a_rehearsal_says_what_then_happens() {
    let server = Server::start().await;
    let mappings = json!([trigger("E", json!({"key": "k", "recipients": {"id": "user_id", "n": "properties.n"}}))]);
    let endpoint = server.source("segment", "segment", json!({"handle_identifies": true}), mappings).await;
    let bodies = [
        track("E", "u", "m-1", json!({"n": 1.5})),
        format!("[{},{}]", track("E", "a/b", "m-2", json!({})), track("F", "u", "m-3", json!({}))),
        json!({"type": "identify", "traits": {"a": 1}}).to_string(),
        "[]".to_owned(),
        "{not json".to_owned(),
    ];
    for body in bodies {
        let rehearsal = rehearse(&server, "segment", "development", json!({"body": body})).await;
        let (status, answer) = endpoint.try_send(body.clone()).await;
        assert_eq!(rehearsal["answer"]["status"], status, "{body}");
        let of = |answer: &Value| -> Vec<_> {
            let events = answer["events"].as_array().unwrap().iter();
            events.map(|event| (event["outcome"].clone(), event["reason"].clone())).collect()
        };
        let rehearsed: Value = serde_json::from_str(rehearsal["answer"]["body"].as_str().unwrap()).unwrap();
        assert_eq!(of(&rehearsed), of(&answer), "{body}");
        let mut logs = server.logs("segment").await;
        logs.truncate(rehearsal["items"].as_array().unwrap().len());
        logs.reverse();
        for (log, item) in logs.iter().zip(rehearsal["items"].as_array().unwrap()) {
            for member in ["event_type", "user_id", "outcome", "reason", "code", "data", "original", "original_text"] {
                assert_eq!(log[member], item[member], "{member} of {body}");
            }
            let actions = item["actions"].as_array().unwrap();
            assert_eq!(log["actions"].as_array().unwrap().len(), actions.len());
            for (logged, rehearsed) in log["actions"].as_array().unwrap().iter().zip(actions) {
                assert_eq!(logged["action_status"], rehearsed["status"]);
                assert_eq!(logged["action_payload"], rehearsed["payload"]);
                assert_eq!((&logged["found_in"], &logged["reason"]), (&rehearsed["found_in"], &rehearsed["reason"]));
            }
        }
    }
    let key = server.api_key("development").await;
    assert_eq!(server.get_with_key(&key, "/v1/users/u").await.1["n"], 1.5);
}

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
            "not_verified: the request carries no credential, and verification is enforced; give its headers, or sign: true"
        ]
    );
    // What it would come to if it were let in is traced; what would be written is the truth.
    assert_eq!((outcomes(&unsigned), &unsigned["action_logs_count"]), (vec!["executed"], &json!(1)));
    let nothing = json!({"event_logs": 0, "refused_request": true, "users": [], "objects": [], "runs": [], "idempotency_record": false});
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

    // Nobody else's: the other environment has neither secret nor mappings.
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

    // Several lines, which are no JSON together.
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

#[tokio::test]
async fn a_large_batch_is_counted_and_its_first_items_shown() {
    let server = Server::start().await;
    let mappings: Vec<_> = (0..300).map(|n| trigger(&format!("E{n}"), json!({"key": "k"}))).collect();
    server.source("segment", "segment", json!({}), json!(mappings)).await;
    let items: Vec<String> = (0..2000).map(|n| track(&format!("E{n}"), "u", "m", json!({}))).collect();
    let rehearsal =
        rehearse(&server, "segment", "development", json!({"body": format!("[{}]", items.join(","))})).await;
    assert_eq!((&rehearsal["items_count"], rehearsal["items"].as_array().unwrap().len()), (&json!(2000), 100));
    assert_eq!(rehearsal["action_logs_count"], 300);
    let last = &rehearsal["items"][99];
    assert_eq!(rehearsal["items"][0]["mappings_left_out"], 0);
    // There is no room left for those that do not match; the one that does is still there.
    assert_eq!((&last["mappings"][0]["matched"], &last["mappings_left_out"]), (&json!(true), &json!(299)));
}

#[tokio::test]
async fn every_digit_is_kept() {
    let server = Server::start().await;
    let mappings = json!([trigger("E", json!({"key": "k", "recipients": {"id": "user_id", "big": "data.big"}}))]);
    let endpoint = server.source("segment", "segment", json!({}), mappings).await;
    endpoint.expect(r#"{"type":"track","event":"E","userId":"u","properties":{"big":0.10}}"#, &["executed"]).await;
    let payload =
        r#"{"type":"track", "event":"E","userId":"u","properties":{"big":9007199254740993,"more":[1.10,1e400,-0.0]}}"#;
    let (status, text) = post(&server, "segment", "development", format!(r#"{{"payload":{payload}}}"#)).await;
    assert_eq!(status, 200, "{text}");
    assert!(text.contains(&format!(r#""original":{payload}"#)), "byte for byte: {text}");
    assert!(text.contains(r#""data":{"big":9007199254740993,"more":[1.10,1e400,-0.0]}"#), "{text}");
    assert!(text.contains(r#""before":{"big":0.10},"after":{"big":9007199254740993}"#), "{text}");
}

#[tokio::test]
async fn a_bad_request_is_422_with_a_sentence_and_its_field() {
    let server = Server::start().await;
    server.source("segment", "segment", json!({}), json!([])).await;
    let ask = async |body: &str| {
        let (status, text) = post(&server, "segment", "development", body).await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        format!("{status} {}: {}", answer["field"].as_str().unwrap_or("-"), answer["message"].as_str().unwrap())
    };
    insta::assert_snapshot!(ask(r#"{"payload":[1]}"#).await, @r#"422 payload: found an array, expected an object; send any other body as text in the member "body""#);
    insta::assert_snapshot!(ask("{}").await, @r#"422 payload: it is missing; expected an object, or any other body as text in the member "body""#);
    insta::assert_snapshot!(ask("").await, @"422 -: the body is empty; expected a JSON object");
    insta::assert_snapshot!(ask(r#"{"payload":{},"headers":{"a b":""}}"#).await, @"422 headers.a b: it is no header's name; expected for example x-signature");

    let answers = [
        ("/v1/sources/segment/rehearse?environment=staging", 422),
        ("/v1/sources/segment/rehearse", 422),
        ("/v1/sources/nothing/rehearse?environment=development", 404),
    ];
    for (path, expected) in answers {
        let response = server.manage(Method::POST, path).json(&json!({"payload": {}})).send().await.unwrap();
        assert_eq!(response.status(), expected, "{path}");
    }
    let path = format!("{}/v1/sources/segment/rehearse?environment=development", server.admin);
    let key = server.api_key("development").await;
    let anonymous = server.client.post(&path).json(&json!({"payload": {}}));
    let with_key = server.client.post(&path).bearer_auth(key).json(&json!({"payload": {}}));
    for (request, expected) in [(anonymous, 401), (with_key, 403)] {
        assert_eq!(request.send().await.unwrap().status(), expected);
    }
}

#[tokio::test]
async fn what_does_not_come_through_the_door_says_so() {
    let server = Server::start().await;
    server.source("segment", "segment", json!({"max_body_bytes": 100}), json!([])).await;
    let method = rehearse(&server, "segment", "development", json!({"payload": {}, "method": "get"})).await;
    assert_eq!(
        (&method["answer"]["status"], &method["verification"], &method["items"]),
        (&json!(405), &json!(null), &json!([]))
    );
    assert_eq!(errors(&method), ["method_not_allowed: this endpoint takes POST, PUT, PATCH"]);
    let large = rehearse(&server, "segment", "development", json!({"body": "x".repeat(101)})).await;
    assert_eq!((&large["answer"]["status"], &large["would_write"]["event_logs"]), (&json!(413), &json!(0)));
    let path = rehearse(
        &server,
        "segment",
        "development",
        json!({"payload": {"event": "E", "userId": "u"}, "path": "/v1/track"}),
    )
    .await;
    assert_eq!(path["items"][0]["event_type"], "track/E", "what follows the token reaches the plugin");
    let at = json!({"payload": {"type": "page"}, "received_at": "2026-01-02T03:04:05.678Z"});
    assert_eq!(
        rehearse(&server, "segment", "development", at).await["items"][0]["occurred_at"],
        "2026-01-02T03:04:05.678Z"
    );
}

#[tokio::test]
async fn a_plugin_that_fails_or_answers_itself_is_shown_doing_so() {
    let dir = tempfile::TempDir::new().unwrap();
    std::fs::copy(test_plugin("inlet__hostile.wasm"), dir.path().join("hostile.wasm")).unwrap();
    let options = ServerOptions::default().arg("--plugins-dir").arg(dir.path().to_str().unwrap());
    let server = Server::start_with(options).await;
    let endpoint = server.source("hostile", "inlet/hostile", json!({}), json!([])).await;
    let looped = rehearse(&server, "hostile", "development", json!({"payload": {}, "path": "/loop"})).await;
    assert_eq!((&looped["status"], &looped["answer"]["status"]), (&json!("error"), &json!(500)));
    assert_eq!((outcomes(&looped), &looped["items"][0]["code"]), (vec!["failed"], &json!("time")));
    assert!(
        errors(&looped).iter().any(|error| error.starts_with("items[0]: the plugin failed: the plugin ran longer")),
        "{looped}"
    );
    let flooded = rehearse(&server, "hostile", "development", json!({"payload": {}, "path": "/log-flood"})).await;
    assert!(flooded["logs"].as_array().unwrap().len() > 1, "{flooded}");

    let ok = rehearse(&server, "hostile", "development", json!({"payload": {}, "path": "/ok"})).await;
    let rehearsed: Value = serde_json::from_str(ok["answer"]["body"].as_str().unwrap()).unwrap();
    let sent = server.client.post(format!("{}/ok", endpoint.url)).body("{}").send().await.unwrap();
    let sent = read_json(sent).await;
    assert_eq!((&ok["status"], &rehearsed["outcomes"][0]["status"]), (&json!("ok"), &sent["outcomes"][0]["status"]));
}

#[tokio::test]
async fn where_personal_data_is_hidden_what_is_stored_of_users_is_hidden() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"handle_identifies": true}), json!([])).await;
    let stored = json!({"type": "identify", "userId": "u", "traits": {"email": "ana@example.com"}}).to_string();
    endpoint.expect(stored, &["executed"]).await;
    let path = "/v1/environments/development";
    let hide = server.manage(Method::PATCH, path).json(&json!({"hide_personal_data": true})).send().await.unwrap();
    assert_eq!(hide.status(), 200);
    let payload = json!({"payload": {"type": "identify", "userId": "u", "traits": {"plan": "pro"}}});
    let rehearsal = rehearse(&server, "segment", "development", payload).await;
    let user = &rehearsal["would_write"]["users"][0];
    assert_eq!((&user["before"], &user["after"]), (&json!({"email": "…"}), &json!({"email": "…", "plan": "…"})));
    assert!(!rehearsal.to_string().contains("ana@example.com"), "{rehearsal}");
}
