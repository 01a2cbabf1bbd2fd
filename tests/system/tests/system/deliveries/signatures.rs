//! Signatures of deliveries, verified by the libraries of the standard.

use inlet_system_tests::ReceivedRequest;
use serde_json::{Value, json};

use super::{Deliveries, SECRET};
use crate::{clients, signatures::signature};

const NEW_SECRET: &str = "whsec_bmV3IHNlY3JldCBvZiAyNCBieXRlcyEh";

/// Verifies a request with a library and a secret; returns what the script prints.
fn verify(script: &str, library: &str, secret: &str, request: &ReceivedRequest) -> String {
    let headers = json!(request.headers).to_string();
    clients::run(script, &[library, secret, &headers, &request.body]).trim().to_owned()
}

#[tokio::test]
async fn libraries_of_the_standard_verify_what_is_sent() {
    if !clients::is_installed() {
        return;
    }
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    deliveries.order("m-1", json!({"to": [{"id": "u_1", "name": "Zoë"}], "total": 39.5})).await;
    let request = deliveries.receiver.wait_for(1).await.remove(0);
    for (script, library) in
        [("verify.mjs", "standardwebhooks"), ("verify.mjs", "svix"), ("verify.py", "standardwebhooks")]
    {
        assert_eq!(verify(script, library, SECRET, &request), "verified", "{script} {library}");
        let refused = verify(script, library, NEW_SECRET, &request);
        assert!(refused.starts_with("refused"), "{script} {library}: {refused}");
        let changed = ReceivedRequest { body: request.body.replace("Zoë", "Zoe"), ..request.clone() };
        assert!(verify(script, library, SECRET, &changed).starts_with("refused"), "{script} {library}");
    }
}

#[tokio::test]
async fn secrets_in_rotation_sign_side_by_side() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    let (status, target) = deliveries.put_target("crm", json!({"signing_secret": [NEW_SECRET, SECRET]})).await;
    assert_eq!(status, 200, "{target}");
    let hints: Vec<&Value> = target["secrets"].as_array().unwrap().iter().map(|secret| &secret["hint"]).collect();
    assert_eq!(hints, [&NEW_SECRET[NEW_SECRET.len() - 4..], &SECRET[SECRET.len() - 4..]]);
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    let request = deliveries.receiver.wait_for(1).await.remove(0);
    let (id, at) = (request.header("webhook-id"), request.header("webhook-timestamp").parse().unwrap());
    let expected = [NEW_SECRET, SECRET].map(|secret| signature(secret, id, at, &request.body));
    assert_eq!(request.header("webhook-signature"), expected.join(" "));
}
