//! The trace of a rehearsal, and its lack of side effects.

use inlet_system_tests::{SEGMENT_SECRET, Server, ServerOptions, test_plugin, track};
use serde_json::{Value, json};

use super::{everything, outcomes, rehearse, settled, trigger};

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

    let before = settled(&server).await;
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
    // The comparison can fail: sending the same request changes both.
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
