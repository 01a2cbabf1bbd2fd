//! Plugins of different contract versions on one server: one source switches between them, and the replies of each are sent.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use inlet_system_tests::{Endpoint, Server, repack};
use reqwest::Response;
use serde_json::json;

/// Returns the component that was built once for a contract version, as a version of one plugin without verification.
fn frozen(folder: &str, version: &str) -> Vec<u8> {
    let components = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../host/sandbox/tests/contract_components");
    repack(&fs::read(components.join(folder).join("plugin.wasm")).unwrap(), |manifest| {
        manifest["key"] = json!("acme/frozen");
        manifest["version"] = json!(version);
        // The component takes the headers of its reply from there.
        manifest["query"] = json!(["*"]);
        manifest.as_object_mut().unwrap().remove("verification");
    })
}

async fn server_with_both() -> (Server, Endpoint) {
    let server = Server::start().await;
    for (folder, version) in [("v0_1", "1.0.0"), ("v0_2", "2.0.0")] {
        let (status, answer) = server.add_version("acme/frozen", "", &frozen(folder, version)).await;
        assert_eq!(status, 201, "{answer}");
    }
    let endpoint = server.source("frozen", "acme/frozen", json!({}), json!([])).await;
    (server, endpoint)
}

async fn switch(server: &Server, version: &str) {
    let (status, answer) = server.use_version("frozen", version, true).await;
    assert_eq!(status, 200, "{answer}");
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// Sends an event, and returns the content type and the header by which the contract version of the answer shows.
async fn answered_by(endpoint: &Endpoint) -> (String, String) {
    let response = endpoint.post(r#"{"user":{"id":"u_42"},"data":{"total":39.50}}"#).send().await.unwrap();
    let by = (header(&response, "content-type").to_owned(), header(&response, "x-contract").to_owned());
    let (status, body) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("a memo: 0 all logged"), "{body}");
    by
}

fn of_0_1() -> (String, String) {
    ("text/plain; charset=utf-8".to_owned(), String::new())
}

fn of_0_2() -> (String, String) {
    ("text/xml; charset=utf-8".to_owned(), "0.2".to_owned())
}

#[tokio::test]
async fn no_request_fails_while_a_source_switches_between_contract_versions() {
    let (server, endpoint) = server_with_both().await;
    switch(&server, "1.0.0").await;
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..4)
        .map(|_| {
            let (endpoint, stop) = (endpoint.clone(), stop.clone());
            tokio::spawn(async move {
                let mut answers = BTreeMap::new();
                while !stop.load(Ordering::Relaxed) {
                    *answers.entry(answered_by(&endpoint).await).or_insert(0) += 1;
                }
                answers
            })
        })
        .collect();
    for _ in 0..5 {
        for (version, expected) in [("2.0.0", of_0_2()), ("1.0.0", of_0_1())] {
            switch(&server, version).await;
            assert_eq!(answered_by(&endpoint).await, expected, "in force at once");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for sender in senders {
        let answers = sender.await.unwrap();
        assert!(
            answers.keys().eq(&[of_0_1(), of_0_2()]),
            "each sender was answered by both and nobody else: {answers:?}"
        );
    }
    let logs = server.all_logs("frozen").await;
    assert!(logs.iter().all(|log| log["outcome"] != "failed"));
}

#[tokio::test]
async fn a_reply_of_0_2_is_sent_with_its_status_and_headers_and_stays_harmless() {
    let (server, endpoint) = server_with_both().await;
    switch(&server, "2.0.0").await;
    let ask = async |query: &str, body: &'static str| {
        let request = server.client.post(format!("{}/reply?{query}", endpoint.url)).body(body);
        let response = request.send().await.unwrap();
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert!(header(&response, "content-security-policy").contains("default-src 'none'"));
        assert_eq!(header(&response, "set-cookie"), "");
        let head = (response.status().as_u16(), header(&response, "content-type").to_owned());
        let own = (header(&response, "x-a").to_owned(), header(&response, "webhook-id").to_owned());
        (head, own, response.text().await.unwrap())
    };
    let (head, own, body) = ask("status=202&content-type=text/xml&x-a=b%20c&webhook-id=1", "<Response/>").await;
    assert_eq!((head, body.as_str()), ((202, "text/xml; charset=utf-8".to_owned()), "<Response/>"));
    assert_eq!(own, ("b c".to_owned(), "1".to_owned()));
    let (head, _, body) = ask("status=201&content-type=application/json", "").await;
    assert_eq!((head, body.as_str()), ((201, "application/json".to_owned()), ""), "an empty body stays empty");
    let (head, own, body) = ask("status=204&x-a=b", "").await;
    assert_eq!((head, own.0.as_str(), body.as_str()), ((204, String::new()), "b", ""));

    for query in [
        "status=500",
        "content-type=text/html",
        "cache-control=public",
        "x-content-type-options=none",
        "x-a=b%0D%0Aset-cookie:a",
    ] {
        let (head, own, body) = ask(query, "{}").await;
        assert_eq!((head.0, own.0.as_str()), (500, ""), "{query}: {body}");
        assert!(body.contains("plugin_failed"), "{query}: {body}");
    }
}
