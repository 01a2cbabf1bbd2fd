//! Calls of the recipients API.

use reqwest::Method;
use serde_json::{Value, json};

use super::calls::{NO_IDS, calls, large, no_recipients};

#[tokio::test]
async fn users() {
    let found = calls(&[], |calls| {
        for (name, id) in NO_IDS {
            calls.call(name, Method::PUT, &format!("/v1/users/{id}"), &json!({}));
            calls.call(name, Method::GET, &format!("/v1/users/{id}"), &json!({}));
            calls.call(name, Method::DELETE, &format!("/v1/users/{id}"), &json!({}));
        }
        calls.call("an id of 257 characters", Method::PUT, &format!("/v1/users/{}", "x".repeat(257)), &json!({}));
        calls.call("nobody", Method::GET, "/v1/users/nobody", &json!({}));
        calls.bodies(&Method::PUT, "/v1/users/ana");
        for (member, wrong) in [
            ("name", json!([])),
            ("email", json!(["a"])),
            ("email", json!({"a": 1})),
            ("phone_number", json!({})),
            ("avatar", json!([1])),
            ("locale", json!({})),
            ("timezone", json!([])),
            ("created_at", json!("some day")),
            ("created_at", json!({})),
            ("channel_data", json!([1])),
            ("channel_data", json!("x")),
            ("preferences", json!(7)),
        ] {
            calls.call(&format!("{member} = {wrong}"), Method::PUT, "/v1/users/ana", &json!({ member: wrong }));
        }
        calls.call("257 KB of properties", Method::PUT, "/v1/users/ana", &large());
        for query in [
            "page_size=0",
            "page_size=101",
            "page_size=x",
            "after=%21",
            "before=zzzz",
            "nonsense=1",
            "after=a&before=b",
        ] {
            calls.call("a list", Method::GET, &format!("/v1/users?{query}"), &json!({}));
        }
        calls.call("a method that is not there", Method::PATCH, "/v1/users/ana", &json!({}));
    });
    insta::assert_snapshot!(found.await);
}

#[tokio::test]
async fn objects() {
    let found = calls(&["/v1/objects/projects/p1"], |calls| {
        for (name, id) in NO_IDS {
            calls.call(name, Method::PUT, &format!("/v1/objects/projects/{id}"), &json!({}));
            calls.call(name, Method::PUT, &format!("/v1/objects/{id}/p1"), &json!({}));
        }
        for path in ["/v1/objects/$users/u", "/v1/objects/$tenants/t"] {
            calls.call("a collection of ours", Method::PUT, path, &json!({}));
            calls.call("a collection of ours", Method::GET, path, &json!({}));
            calls.call("a collection of ours", Method::DELETE, path, &json!({}));
        }
        calls.call("a collection of ours", Method::GET, "/v1/objects/$users", &json!({}));
        calls.call("nothing", Method::GET, "/v1/objects/projects/nothing", &json!({}));
        calls.bodies(&Method::PUT, "/v1/objects/projects/p1");
        calls.call("a name that is an array", Method::PUT, "/v1/objects/projects/p1", &json!({"name": []}));
        calls.call(
            "created_at that is no time",
            Method::PUT,
            "/v1/objects/projects/p1",
            &json!({"created_at": "soon"}),
        );
        calls.call("257 KB of properties", Method::PUT, "/v1/objects/projects/p1", &large());
    });
    insta::assert_snapshot!(found.await);
}

#[tokio::test]
async fn tenants() {
    let found = calls(&[], |calls| {
        for (name, id) in NO_IDS {
            calls.call(name, Method::PUT, &format!("/v1/tenants/{id}"), &json!({}));
        }
        calls.call("nothing", Method::GET, "/v1/tenants/nothing", &json!({}));
        calls.bodies(&Method::PUT, "/v1/tenants/t1");
        for (member, wrong) in [("name", json!([])), ("settings", json!("x")), ("settings", json!([1]))] {
            calls.call(&format!("{member} = {wrong}"), Method::PUT, "/v1/tenants/t1", &json!({ member: wrong }));
        }
        calls.call("257 KB of properties", Method::PUT, "/v1/tenants/t1", &large());
        calls.call("a flag that is none", Method::GET, "/v1/tenants/t1?resolve_full_preference_settings=x", &json!({}));
    });
    insta::assert_snapshot!(found.await);
}

#[tokio::test]
async fn triggers_and_cancels() {
    let found = calls(&[], |calls| {
        let path = "/v1/workflows/order/trigger";
        calls.bodies(&Method::POST, path);
        calls.call("no recipients", Method::POST, path, &json!({"data": {}}));
        for (name, recipients) in no_recipients() {
            calls.call(&format!("recipients: {name}"), Method::POST, path, &json!({ "recipients": recipients }));
        }
        for (member, wrong) in [
            ("actor", json!(7)),
            ("actor", json!("a/b")),
            ("actor", json!({"name": "N"})),
            ("tenant", json!(7)),
            ("tenant", json!({"id": "a/b"})),
            ("tenant", json!([])),
            ("data", json!("x")),
            ("data", json!([1])),
            ("cancellation_key", json!(7)),
            ("cancellation_key", json!("")),
            ("cancellation_key", json!("x".repeat(10_000))),
            ("settings", json!([1])),
            ("recipient", json!("ana")),
        ] {
            let shown: String = wrong.to_string().chars().take(40).collect();
            let body = json!({"recipients": ["ana"], member: wrong});
            calls.call(&format!("{member} = {shown}"), Method::POST, path, &body);
        }
        let key = |key: &str| {
            let request = calls.server.request_with(calls.key, Method::POST, path);
            request.header("idempotency-key", key).json(&json!({"recipients": ["ana"]}))
        };
        let keys = [("an empty key", key("")), ("a key of 256 characters", key(&"k".repeat(256)))];
        for (name, request) in keys {
            calls.add(name, &Method::POST, path, request);
        }
        calls.call("nobody known", Method::POST, path, &json!({"recipients": ["nobody"]}));
        calls.call(
            "a workflow with a slash",
            Method::POST,
            "/v1/workflows/a%2Fb/trigger",
            &json!({"recipients": ["ana"]}),
        );

        let path = "/v1/workflows/order/cancel";
        calls.bodies(&Method::POST, path);
        for body in [
            json!({"recipients": ["ana"]}),
            json!({"cancellation_key": 7}),
            json!({"cancellation_key": null}),
            json!({"cancellation_key": ""}),
            json!({"cancellation_key": "k", "recipients": "ana"}),
            json!({"cancellation_key": "k", "recipients": ["a/b"]}),
            json!({"cancellation_key": "k", "recipients": [7]}),
            json!({"cancellation_key": "k", "nonsense": 7}),
        ] {
            calls.call(&body.to_string(), Method::POST, path, &body);
        }
    });
    insta::assert_snapshot!(found.await);
}

#[tokio::test]
async fn bulk_operations() {
    let found = calls(&[], |calls| {
        for (path, member) in [
            ("/v1/users/bulk/identify", "users"),
            ("/v1/users/bulk/delete", "user_ids"),
            ("/v1/objects/projects/bulk/set", "objects"),
            ("/v1/objects/projects/bulk/delete", "object_ids"),
            ("/v1/tenants/bulk/set", "tenants"),
        ] {
            calls.bodies(&Method::POST, path);
            calls.call("no items", Method::POST, path, &json!({}));
            let items: Vec<Value> = (0..10_000)
                .map(|n| if member.ends_with("_ids") { json!(format!("u{n}")) } else { json!({"id": format!("u{n}")}) })
                .collect();
            for (name, items) in [
                ("an empty array", json!([])),
                ("a text", json!("x")),
                ("a number", json!([7])),
                ("an id with a slash", if member.ends_with("_ids") { json!(["a/b"]) } else { json!([{"id": "a/b"}]) }),
                ("no id", json!([{"name": "N"}])),
                ("10,000 items", json!(items)),
            ] {
                calls.call(&format!("{member}: {name}"), Method::POST, path, &json!({ member: items }));
            }
        }
        calls.call(
            "a collection of ours",
            Method::POST,
            "/v1/objects/$users/bulk/set",
            &json!({"objects": [{"id": "a"}]}),
        );
        calls.call("no ids", Method::POST, "/v1/tenants/bulk/delete", &json!({}));
        calls.call("an id with a slash", Method::POST, "/v1/tenants/bulk/delete?tenant_ids[]=a%2Fb", &json!({}));
        let nothing = "/v1/bulk_operations/00000000-0000-7000-8000-000000000000";
        calls.call("nothing", Method::GET, nothing, &json!({}));
        calls.call("no id", Method::GET, "/v1/bulk_operations/x", &json!({}));
    });
    insta::assert_snapshot!(found.await);
}
