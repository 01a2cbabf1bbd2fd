//! Calls about subscriptions and audiences.

use reqwest::Method;
use serde_json::json;

use super::calls::{NO_IDS, calls, no_recipients};

#[tokio::test]
async fn subscriptions() {
    let found = calls(&["/v1/objects/projects/p1"], |calls| {
        let path = "/v1/objects/projects/p1/subscriptions";
        for (name, id) in NO_IDS {
            let path = format!("/v1/objects/projects/{id}/subscriptions");
            calls.call(name, Method::POST, &path, &json!({"recipients": ["ana"]}));
            calls.call(name, Method::DELETE, &path, &json!({"recipients": ["ana"]}));
            calls.call(name, Method::GET, &path, &json!({}));
        }
        calls.call(
            "a collection of ours",
            Method::POST,
            "/v1/objects/$users/ana/subscriptions",
            &json!({"recipients": ["ana"]}),
        );
        calls.call(
            "no object",
            Method::POST,
            "/v1/objects/projects/none/subscriptions",
            &json!({"recipients": [{"id": "new"}]}),
        );
        for method in [Method::POST, Method::DELETE] {
            calls.bodies(&method, path);
            calls.call("no recipients", method.clone(), path, &json!({"properties": {}}));
            for (name, recipients) in no_recipients() {
                calls.call(&format!("recipients: {name}"), method.clone(), path, &json!({ "recipients": recipients }));
            }
            calls.call("another member", method.clone(), path, &json!({"recipients": ["ana"], "recipient": "ana"}));
        }
        for wrong in [json!("x"), json!([1]), json!(7)] {
            calls.call(
                &format!("properties = {wrong}"),
                Method::POST,
                path,
                &json!({"recipients": ["ana"], "properties": wrong}),
            );
        }
        let large = json!({"recipients": ["ana"], "properties": {"blob": "x".repeat(257 << 10)}});
        calls.call("257 KB of properties", Method::POST, path, &large);
        let many: Vec<String> = (0..1001).map(|number| format!("recipients[]=u{number}")).collect();
        for (name, query) in [
            ("a mode", "mode=both".to_owned()),
            ("objects with the wrong mode", "objects[]=x".to_owned()),
            ("recipients with the wrong mode", "mode=recipient&recipients[]=x".to_owned()),
            ("a recipient with a slash", "recipients[]=a%2Fb".to_owned()),
            ("1001 recipients", many.join("&")),
            ("a page", "page_size=0".to_owned()),
            ("a cursor", "after=x".to_owned()),
            ("another parameter", "recipient=ana".to_owned()),
        ] {
            calls.call(name, Method::GET, &format!("{path}?{query}"), &json!({}));
        }
        calls.call("nobody", Method::GET, "/v1/users/nobody/subscriptions", &json!({}));
        calls.call("a slash", Method::GET, "/v1/users/a%2Fb/subscriptions", &json!({}));
    });
    insta::assert_snapshot!(found.await);
}

#[tokio::test]
async fn audiences() {
    let found = calls(&[], |calls| {
        let path = "/v1/audiences/trial/members";
        for (name, key) in
            [("a key of 257 characters", "x".repeat(257)), ("a key with a control character", "a%07b".to_owned())]
        {
            let path = format!("/v1/audiences/{key}/members");
            calls.call(name, Method::GET, &path, &json!({}));
            calls.call(name, Method::POST, &path, &json!({"members": [{"user": {"id": "ana"}}]}));
        }
        for method in [Method::POST, Method::DELETE] {
            calls.bodies(&method, path);
            let many: Vec<_> = (0..1001).map(|number| json!({"user": {"id": format!("u{number}")}})).collect();
            for (name, members) in [
                ("none", json!([])),
                ("a text", json!("ana")),
                ("a number", json!([7])),
                ("null", json!([null])),
                ("no user", json!([{"tenant": "acme"}])),
                ("a user that is a text", json!([{"user": "a/b"}])),
                ("a user that is a number", json!([{"user": 7}])),
                ("a user without an id", json!([{"user": {"name": "N"}}])),
                ("a user with a slash", json!([{"user": {"id": "ana"}}, {"user": {"id": "a/b"}}])),
                ("a user whose id is an object", json!([{"user": {"id": {}}}])),
                ("an object", json!([{"user": {"id": "p1", "collection": "projects"}}])),
                ("a tenant with a slash", json!([{"user": {"id": "ana"}, "tenant": "a/b"}])),
                ("a tenant that is an object", json!([{"user": {"id": "ana"}, "tenant": {"id": "acme"}}])),
                ("another member", json!([{"user": {"id": "ana"}, "tennant": "acme"}])),
                ("1001", json!(many)),
            ] {
                calls.call(&format!("members: {name}"), method.clone(), path, &json!({ "members": members }));
            }
            calls.call("no members", method.clone(), path, &json!({}));
        }
        for (name, user) in [
            ("an email that is an array", json!({"id": "a", "email": []})),
            ("257 KB of properties", json!({"id": "a", "blob": "x".repeat(257 << 10)})),
        ] {
            calls.call(&format!("members: {name}"), Method::POST, path, &json!({"members": [{"user": user}]}));
        }
        calls.call(
            "a flag",
            Method::POST,
            &format!("{path}?create_audience=x"),
            &json!({"members": [{"user": {"id": "ana"}}]}),
        );
        calls.call("a cursor", Method::GET, &format!("{path}?after=7"), &json!({}));
        calls.call("a page", Method::GET, &format!("{path}?page_size=1000"), &json!({}));
    });
    insta::assert_snapshot!(found.await);
}
