use serde_json::{Value, json};

use super::*;
use crate::verification::{Covers, Target, Template, Verdict};

fn handshake(value: Value) -> Handshake {
    serde_json::from_value(value).unwrap()
}

fn sent<'a>(method: &'a str, headers: &'a [(&'a str, &'a [u8])], query: &'a str, body: &'a str) -> Sent<'a> {
    let target = Target { url: None, query };
    Sent { method, headers, credential_header: None, target, options: "{}", body: body.as_bytes(), at_ms: 0 }
}

fn proof(verdict: Option<Verdict>) -> Proof<'static> {
    Proof {
        secret: Some("s3cr3t"),
        scheme: None,
        variables: r#"{"verify_token":"tok"}"#,
        options: r#"{"token":"opt"}"#,
        verdict,
    }
}

fn zoom() -> Handshake {
    handshake(json!({
        "methods": ["POST"], "unsigned": true,
        "when": {"body": {"/event": "endpoint.url_validation"}},
        "challenge": {"body": "/payload/plainToken"},
        "hmac": {"algorithm": "hmac_sha256", "encoding": "hex"},
        "answer": {"json": {"plainToken": "{challenge}", "encryptedToken": "{hmac}"}},
    }))
}

fn zoom_asks(token: &str) -> String {
    let token = json::quote(token);
    format!(r#"{{"event":"endpoint.url_validation","payload":{{"plainToken":{token}}},"event_ts":1}}"#)
}

#[test]
fn meta_is_told_its_challenge_for_the_right_token_alone() {
    let mut meta = handshake(json!({
        "methods": ["GET"], "unsigned": true,
        "when": {"query": {"hub.mode": "subscribe"}},
        "verify_token": {"query": "hub.verify_token", "variable": "verify_token"},
        "challenge": {"query": "hub.challenge"},
        "answer": {"text": "{challenge}"},
    }));
    let asks = |token: &str| format!("hub.mode=subscribe&hub.challenge=115%2B8201&hub.verify_token={token}");
    let right = asks("tok");
    let challenge = meta.meet(&sent("GET", &[], &right, "")).unwrap();
    assert!(meta.admits(&challenge, &proof(None)));
    let answer = meta.answer(&challenge, &proof(None)).unwrap();
    assert_eq!((answer.status, answer.content_type.as_str(), answer.body.as_str()), (200, "text/plain", "115+8201"));
    for wrong in ["tok2", "to", "", "tok&hub.verify_token=tok", "s3cr3t"] {
        let query = asks(wrong);
        let challenge = meta.meet(&sent("GET", &[], &query, "")).unwrap();
        assert!(!meta.admits(&challenge, &proof(None)), "{wrong}");
    }
    for other in ["hub.mode=unsubscribe&hub.challenge=1", "hub.mode=subscribe", "hub.challenge=1", ""] {
        assert_eq!(meta.meet(&sent("GET", &[], other, "")), None, "{other}");
    }
    assert_eq!(meta.meet(&sent("POST", &[], &right, "")), None, "another method");
    let token = meta.verify_token.as_mut().unwrap();
    (token.variable, token.option) = (None, Some("token".to_owned()));
    assert!(!meta.admits(&challenge, &proof(None)), "a setting of the plugin");
    meta.verify_token.as_mut().unwrap().option = None;
    let query = asks("s3cr3t");
    let of_secret = meta.meet(&sent("GET", &[], &query, "")).unwrap();
    assert!(meta.admits(&of_secret, &proof(None)), "the signing secret");
    let none = Proof { secret: None, ..proof(None) };
    let query = asks("");
    let empty = meta.meet(&sent("GET", &[], &query, "")).unwrap();
    assert!(!meta.admits(&empty, &none) && !meta.admits(&challenge, &none), "where none is set, none is right");
}

#[test]
fn okta_slack_dropbox_discord_and_intercom() {
    let okta = handshake(json!({
        "methods": ["GET"], "unsigned": true, "challenge": {"header": "x-okta-verification-challenge"},
        "answer": {"json": {"verification": "{challenge}"}},
    }));
    assert_eq!(okta.headers().collect::<Vec<_>>(), ["x-okta-verification-challenge"]);
    let headers: [(&str, &[u8]); 1] = [("x-okta-verification-challenge", b"a\"<b>")];
    let challenge = okta.meet(&sent("GET", &headers, "", "")).unwrap();
    let answer = okta.answer(&challenge, &proof(None)).unwrap();
    assert_eq!(
        (answer.content_type.as_str(), answer.body.as_str()),
        ("application/json", r#"{"verification":"a\"<b>"}"#)
    );
    let twice = [headers[0], headers[0]];
    assert_eq!(okta.meet(&sent("GET", &twice, "", "")), None);

    let slack = handshake(json!({
        "methods": ["POST"], "when": {"body": {"/type": "url_verification"}}, "challenge": {"body": "/challenge"},
        "answer": {"text": "{challenge}"},
    }));
    let body = r#"{"type":"url_verification","token":"t","challenge":"3eZbrw\u0031aB"}"#;
    let challenge = slack.meet(&sent("POST", &[], "", body)).unwrap();
    assert_eq!(slack.answer(&challenge, &proof(None)).unwrap().body, "3eZbrw1aB");
    for other in [r#"{"type":"event_callback","challenge":"x"}"#, r#"{"type":"url_verification"}"#, "[]", "type=x", ""]
    {
        assert_eq!(slack.meet(&sent("POST", &[], "", other)), None, "{other}");
    }

    let dropbox = handshake(json!({
        "methods": ["GET"], "unsigned": true, "challenge": {"query": "challenge"},
        "answer": {"text": "{challenge}", "headers": {"x-echo": "{challenge}"}},
    }));
    let challenge = dropbox.meet(&sent("GET", &[], "challenge=abc", "")).unwrap();
    assert_eq!(dropbox.answer(&challenge, &proof(None)).unwrap().headers[0].value, "abc");
    let split = dropbox.meet(&sent("GET", &[], "challenge=a%0D%0Aset-cookie:x", "")).unwrap();
    assert_eq!(dropbox.answer(&split, &proof(None)), None, "no header is split");

    let discord = handshake(json!({
        "methods": ["POST"], "when": {"body": {"/type": "1"}}, "answer": {"json": {"type": 1}},
    }));
    let challenge = discord.meet(&sent("POST", &[], "", r#"{"id":"1","type":1}"#)).unwrap();
    assert_eq!(discord.answer(&challenge, &proof(None)).unwrap().body, r#"{"type":1}"#);
    assert_eq!(discord.meet(&sent("POST", &[], "", r#"{"type":10}"#)), None);

    let intercom = handshake(json!({"methods": ["HEAD"], "unsigned": true, "answer": {}}));
    let challenge = intercom.meet(&sent("HEAD", &[], "", "")).unwrap();
    assert_eq!(intercom.answer(&challenge, &proof(None)).unwrap().body, "");
}

#[test]
fn zoom_gets_its_hmac() {
    let body = zoom_asks("qgg8vlvZRS6UYooatFL8Aw");
    let challenge = zoom().meet(&sent("POST", &[], "", &body)).unwrap();
    let answer = zoom().answer(&challenge, &proof(None)).unwrap();
    // printf qgg8vlvZRS6UYooatFL8Aw | openssl dgst -sha256 -hmac s3cr3t
    let expected = json!({"encryptedToken": ZOOM_HMAC, "plainToken": "qgg8vlvZRS6UYooatFL8Aw"});
    assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap(), expected);
    assert_eq!(zoom().answer(&challenge, &Proof { secret: None, ..proof(None) }), None);
}

/// The HMAC would sign a forged event if it were made of what such an event looks like.
#[test]
fn an_unproven_challenge_is_signed_only_if_no_event_looks_like_it() {
    let longest = "a".repeat(128);
    for harmless in ["a", "A-_9", longest.as_str()] {
        let body = zoom_asks(harmless);
        let challenge = zoom().meet(&sent("POST", &[], "", &body)).unwrap();
        assert!(zoom().answer(&challenge, &proof(None)).is_some(), "{harmless}");
    }
    let longer = "a".repeat(129);
    for oracle in [r#"{"event":"meeting.deleted"}"#, "v0:1767323045:{}", "a.b", "a b", "a\n", "é", longer.as_str()] {
        let body = zoom_asks(oracle);
        let challenge = zoom().meet(&sent("POST", &[], "", &body)).unwrap();
        for verdict in
            [None, Some(Verdict::Failed), Some(Verdict::NotConfigured), Some(Verdict::Verified(Covers::First))]
        {
            assert_eq!(zoom().answer(&challenge, &proof(verdict)), None, "{oracle}");
        }
        let proven = proof(Some(Verdict::Verified(Covers::All)));
        assert!(zoom().answer(&challenge, &proven).is_some(), "its sender can sign anyway: {oracle}");
    }
    // Letters and digits alone are what this platform signs.
    let mailgun: Template = serde_json::from_value(json!({
        "scheme": "signature", "body": "/s", "algorithm": "hmac_sha256", "encoding": "hex",
        "timestamp": {"body": "/t", "unit": "seconds", "tolerance_seconds": 300}, "signed": ["{timestamp}{text:/token}"],
    }))
    .unwrap();
    let body = zoom_asks("1767323045token");
    let challenge = zoom().meet(&sent("POST", &[], "", &body)).unwrap();
    let beside_mailgun = Proof { scheme: Some(&mailgun), ..proof(None) };
    assert_eq!(zoom().answer(&challenge, &beside_mailgun), None);
    let error = check(&[zoom()], &["POST".to_owned()], Some(&mailgun)).unwrap_err().to_string();
    assert!(error.starts_with("handshake.0.hmac: before verification it would sign events"), "{error}");
}

#[test]
fn a_challenge_is_bounded_and_filled_once() {
    let slack = handshake(json!({
        "methods": ["POST"], "challenge": {"body": "/c"}, "answer": {"text": "<{challenge}> {other} {hmac"},
    }));
    let asks = |text: &str| format!(r#"{{"c":{}}}"#, json::quote(text));
    let body = asks("{challenge}{hmac}");
    let challenge = slack.meet(&sent("POST", &[], "", &body)).unwrap();
    assert_eq!(slack.answer(&challenge, &proof(None)).unwrap().body, "<{challenge}{hmac}> {other} {hmac");
    let (longest, longer, huge) = ("x".repeat(1024), "x".repeat(1025), "x".repeat(1 << 20));
    assert!(slack.meet(&sent("POST", &[], "", &asks(&longest))).is_some());
    for long in [&longer, &huge, &String::new()] {
        assert_eq!(slack.meet(&sent("POST", &[], "", &asks(long))), None);
    }
}

#[test]
fn handshakes_that_make_no_sense_are_refused_with_the_cure() {
    let refused = |change: fn(&mut Value)| {
        let mut value = serde_json::to_value(zoom()).unwrap();
        change(&mut value);
        check(&[handshake(value)], &["POST".to_owned()], None).unwrap_err().to_string()
    };
    assert_eq!(check(&[zoom()], &["POST".to_owned()], None), Ok(()));
    insta::assert_snapshot!(refused(|it| it["methods"] = json!([])), @"handshake.0.methods: it is empty; expected the methods by which the platform asks");
    insta::assert_snapshot!(refused(|it| it["methods"] = json!(["GET"])), @"handshake.0.methods: GET is not among the manifest's methods; add it there");
    insta::assert_snapshot!(refused(|it| it["challenge"] = json!({"body": "payload"})), @"handshake.0.challenge: expected one of header, query and body, the name in lower case or a JSON Pointer");
    insta::assert_snapshot!(refused(|it| it["when"] = json!({"headers": {"X-A": "1"}})), @"handshake.0.when: expected names in lower case for headers, names for query parameters and JSON Pointers for the body, with texts of at most 256 bytes");
    insta::assert_snapshot!(refused(|it| *it = json!({"methods": ["POST"], "answer": {}})), @"handshake.0.when: nothing tells it from an event; name a value that only the handshake has");
    insta::assert_snapshot!(refused(|it| it["verify_token"] = json!({"query": "t"})), @"handshake.0.verify_token: it is compared with the signing secret, and the manifest has no verification; name a variable or an option");
    insta::assert_snapshot!(refused(|it| it["verify_token"] = json!({"query": "t", "variable": "a", "option": "b"})), @"handshake.0.verify_token: it is compared with one value; name a variable or an option");
    insta::assert_snapshot!(refused(|it| it["hmac"]["algorithm"] = json!("ed25519")), @"handshake.0.hmac.algorithm: expected hmac_sha1, hmac_sha256 or hmac_sha512");
    insta::assert_snapshot!(refused(|it| it["answer"] = json!({"text": "{challenge}"})), @"handshake.0.answer: it does not hold {hmac}, so leave `hmac` out");
    insta::assert_snapshot!(refused(|it| drop(it.as_object_mut().unwrap().remove("hmac"))), @"handshake.0.answer: it holds {hmac}, and `hmac` is missing");
    insta::assert_snapshot!(refused(|it| drop(it.as_object_mut().unwrap().remove("challenge"))), @"handshake.0.challenge: `hmac` is of the challenge; say where it is");
    insta::assert_snapshot!(refused(|it| it["answer"]["status"] = json!(302)), @"handshake.0.answer.status: expected 200, 201 or 204");
    insta::assert_snapshot!(refused(|it| it["answer"]["status"] = json!(204)), @"handshake.0.answer.status: 204 has no body; leave `text` and `json` out");
    insta::assert_snapshot!(refused(|it| it["answer"]["text"] = json!("a")), @"handshake.0.answer: it is a `text` or a `json`; name one of them");
    insta::assert_snapshot!(refused(|it| it["answer"]["headers"] = json!({"set-cookie": "a"})), @"handshake.0.answer.headers: expected at most 4 headers whose names begin with x- or webhook-, in lower case, and are none that browsers or proxies obey (x-content-type-options, x-accel-…, x-sendfile…), each with at most 1 KiB of visible ASCII characters");
    let many = vec![zoom(); 9];
    insta::assert_snapshot!(check(&many, &["POST".to_owned()], None).unwrap_err(), @"handshake.8: at most 8 handshakes are allowed");
    assert!(serde_json::from_value::<Handshake>(json!({"methods": ["GET"], "answer": {"html": "<b>"}})).is_err());
}

const ZOOM_HMAC: &str = "86b565e97036973cc44c3b3f24af76cabe70c2cbf5554c32419d44ecf6c0f2ca";
