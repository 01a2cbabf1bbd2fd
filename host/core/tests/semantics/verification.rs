//! semantics.md §3.2 and platforms.md §22: who sent a request, by templates that are data.

use std::{collections::BTreeMap, fs, path::Path};

use inlet_core::{
    idempotency::HashKey,
    verification::{Covers, Nonce, Sent, Target, Template, ToSign, Vector, Verdict, Verification},
};
use proptest::prelude::*;
use serde_json::json;

const HASH_KEY: HashKey = HashKey(*b"0123456789abcdef");

/// The templates of platforms.md §22, as a manifest holds them.
fn schemes() -> BTreeMap<String, Template> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemes");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&file).unwrap();
            (name, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
        })
        .collect()
}

fn scheme(name: &str) -> Template {
    schemes().remove(name).unwrap()
}

fn template(value: serde_json::Value) -> Result<Template, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// A request whose scheme reads nothing of its address.
fn sent<'a>(
    headers: &'a [(&'a str, &'a [u8])],
    credential_header: Option<&'a str>,
    body: &'a [u8],
    at_ms: i64,
) -> Sent<'a> {
    Sent { method: "POST", headers, credential_header, target: Target::default(), options: "{}", body, at_ms }
}

/// A vector's request, to be changed and verified.
#[derive(Clone)]
struct Try {
    template: Template,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    at_ms: i64,
    secret: String,
}

impl Try {
    /// The first vector of a scheme.
    fn of(name: &str) -> Try {
        let template = scheme(name);
        let vector: Vector = template.vectors()[0].clone();
        let headers = vector.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
        Try {
            headers: headers.collect(),
            body: vector.body.into_bytes(),
            at_ms: vector.at_ms.unwrap_or(1_767_323_045_000),
            secret: vector.secret,
            template,
        }
    }

    fn credential(&mut self) -> &mut Vec<u8> {
        let name = self.template.header().unwrap().to_owned();
        &mut self.headers.iter_mut().find(|(sent, _)| *sent == name).unwrap().1
    }

    fn with(mut self, value: &str) -> Self {
        *self.credential() = value.as_bytes().to_vec();
        self
    }

    fn verify_with<'s>(&self, secrets: impl IntoIterator<Item = &'s str>) -> Verification {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        self.template.verify(&self.sent(&headers), secrets)
    }

    fn sent<'a>(&'a self, headers: &'a [(&'a str, &'a [u8])]) -> Sent<'a> {
        sent(headers, self.template.header(), &self.body, self.at_ms)
    }

    fn cause(&self) -> &'static str {
        self.verify_with([self.secret.as_str()]).cause
    }
}

#[test]
fn every_vector_passes_from_data_alone() {
    let schemes = schemes();
    let names: Vec<&str> = schemes.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "census-lifecycle",
            "clerk",
            "customer-io",
            "github",
            "jitsu",
            "segment",
            "shopify",
            "standard-webhooks",
            "standard-webhooks-ed25519",
            "stripe",
            "workos",
        ]
    );
    for (name, template) in schemes {
        assert!(template.vectors().iter().any(|vector| vector.verified), "{name}");
        template.check_vectors().unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn a_vector_that_says_otherwise_is_found() {
    for (name, template) in schemes() {
        for index in 0..template.vectors().len() {
            let mut value = serde_json::to_value(&template).unwrap();
            let vector = &mut value["vectors"][index];
            vector["verified"] = json!(!vector["verified"].as_bool().unwrap());
            let error = template_of(value).check_vectors().unwrap_err().to_string();
            assert!(error.contains("expected verified"), "{name} {index}: {error}");
        }
    }
}

fn template_of(value: serde_json::Value) -> Template {
    template(value).unwrap()
}

#[test]
fn wrong_missing_doubled_mixed_case_truncated_and_non_hex() {
    let genuine = Try::of("segment");
    let mac = String::from_utf8(genuine.clone().credential().clone()).unwrap();
    assert_eq!(genuine.cause(), "verified");
    assert_eq!(genuine.clone().with(&mac.to_uppercase()).cause(), "verified");
    let mixed: String =
        mac.char_indices().map(|(at, c)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c }).collect();
    assert_eq!(genuine.clone().with(&mixed).cause(), "verified");
    assert_eq!(genuine.clone().with(&"0".repeat(40)).cause(), "failed");
    for malformed in [&mac[..39], "zz", &format!("{mac}zz"), &format!("0x{mac}"), &format!(" {mac}")] {
        assert_eq!(genuine.clone().with(malformed).cause(), "malformed", "{malformed}");
    }
    for short in [&mac[..38], "", "00"] {
        assert_eq!(genuine.clone().with(short).cause(), "failed", "{short}");
    }
    let mut none = genuine.clone();
    none.headers.clear();
    assert_eq!(none.cause(), "missing");
    let mut doubled = genuine.clone();
    doubled.headers.push(doubled.headers[0].clone());
    assert_eq!(doubled.cause(), "doubled");
    let mut bytes = genuine;
    *bytes.credential() = b"\xff\xfe".to_vec();
    assert_eq!(bytes.cause(), "malformed");
}

#[test]
fn no_secret_and_an_empty_one_are_none() {
    let genuine = Try::of("segment");
    assert_eq!(genuine.verify_with([]).verdict, Verdict::NotConfigured);
    assert_eq!(genuine.verify_with([""]).verdict, Verdict::NotConfigured);
    assert_eq!(genuine.verify_with(["", "s3cr3t"]).verdict, Verdict::Verified(Covers::All));
}

#[test]
fn either_secret_of_a_rotation() {
    for name in ["segment", "stripe", "clerk", "standard-webhooks-ed25519"] {
        let genuine = Try::of(name);
        let other = match name {
            "clerk" => "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "standard-webhooks-ed25519" => "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            _ => "another",
        };
        let own = genuine.secret.as_str();
        let mut fresh = genuine.clone();
        fresh.at_ms = if name == "standard-webhooks-ed25519" { 1_614_265_330_000 } else { genuine.at_ms };
        assert_eq!(fresh.verify_with([other, own]).cause, "verified", "{name}");
        assert_eq!(fresh.verify_with([own, other]).cause, "verified", "{name}");
        assert_eq!(fresh.verify_with([other]).cause, "failed", "{name}");
        assert_eq!(fresh.verify_with(["not base64!", other]).cause, "failed", "a secret of another form is none");
    }
}

#[test]
fn a_trailing_newline_is_another_body() {
    for name in ["segment", "shopify", "github", "stripe"] {
        let mut changed = Try::of(name);
        changed.body.push(b'\n');
        assert_eq!(changed.cause(), "failed", "{name}");
    }
}

#[test]
fn where_only_the_first_item_is_signed_the_signature_covers_the_first_item() {
    let genuine = Try::of("segment");
    let event = String::from_utf8(genuine.body.clone()).unwrap();
    let with_body = |body: String| Try { body: body.into_bytes(), ..genuine.clone() }.verify_with(["s3cr3t"]).verdict;
    let forged = r#"{"type":"track","event":"Forged"}"#;
    assert_eq!(with_body(format!("[{event},{forged}]")), Verdict::Verified(Covers::First));
    assert_eq!(with_body(format!("[ {event} ,{forged}]")), Verdict::Verified(Covers::First));
    assert_eq!(with_body(format!("[{event}]")), Verdict::Verified(Covers::All), "nothing else is there");
    assert_eq!(with_body(format!("[{forged},{event}]")), Verdict::Failed);
    assert_eq!(with_body(format!(r#"{{"0":{event},"type":"track"}}"#)), Verdict::Failed, "a member is no item");
}

#[test]
fn what_is_stale_is_told_from_what_is_wrong_and_only_then() {
    let mut stripe = Try::of("stripe");
    stripe.at_ms += 300_001;
    assert_eq!(stripe.cause(), "stale");
    assert_eq!(stripe.verify_with(["another"]).cause, "failed");
    stripe.at_ms -= 600_002;
    assert_eq!(stripe.cause(), "stale", "a clock that is behind by more than the tolerance");
}

#[test]
fn a_time_is_digits_and_nothing_else() {
    for time in ["+1767323045", "-1767323045", " 1767323045", "1767323045.0", "0x1", "", "99999999999999999999", "١"] {
        let mut request = Try::of("customer-io");
        request.headers.iter_mut().find(|(name, _)| name == "x-cio-timestamp").unwrap().1 = time.into();
        assert_eq!(request.cause(), "malformed", "{time:?}");
    }
    let mut doubled = Try::of("customer-io");
    doubled.headers.push(("x-cio-timestamp".to_owned(), b"1767323045".to_vec()));
    assert_eq!(doubled.cause(), "malformed");
}

#[test]
fn the_method_and_other_headers_can_be_signed() {
    let template = template_of(json!({
        "scheme": "signature", "header": "x-sig", "algorithm": "hmac_sha256", "encoding": "hex",
        "signed": ["{method} {header:x-topic}\n{body}"],
    }));
    let headers: [(&str, &[u8]); 1] = [("x-topic", b"orders/create")];
    let (target, options, credential_header) = (Target::default(), "{}", Some("x-sig"));
    let request = ToSign {
        credential_header,
        has_private_key: true,
        method: "PUT",
        headers: &headers,
        id: "",
        at_ms: 0,
        target,
        options,
        body: b"{}",
    };
    let signed = template.sign("s", &request).unwrap().headers;
    let verify = |method: &str, topic: &[u8]| {
        let headers = [("x-sig", signed[0].value.as_bytes()), ("x-topic", topic)];
        let sent = Sent { method, headers: &headers, credential_header, target, options, body: b"{}", at_ms: 0 };
        template.verify(&sent, ["s"]).cause
    };
    assert_eq!(template.headers(), ["x-topic"]);
    assert_eq!(verify("PUT", b"orders/create"), "verified");
    assert_eq!(verify("POST", b"orders/create"), "failed");
    assert_eq!(verify("PUT", b"orders/delete"), "failed");
    assert_eq!(verify("PUT", b"orders/create\n"), "failed", "what ends a value must not be in it");
}

#[test]
fn only_what_looks_like_a_signature_may_be_kept() {
    for (name, template) in schemes() {
        let vectors = template.vectors().iter().filter(|vector| vector.verified);
        let may_be_kept = |value: &str| template.may_be_kept(None, template.header().unwrap(), value.as_bytes());
        for value in vectors.map(|vector| &vector.headers[template.header().unwrap()]) {
            assert!(may_be_kept(value), "{name}: {value}");
        }
        for vector in template.vectors() {
            let secret = vector.secret.as_str();
            assert!(!may_be_kept(secret), "{name}: its own secret");
            assert!(!may_be_kept(&format!("Bearer {secret}")), "{name}");
        }
    }
    let shared = template_of(json!({"scheme": "shared_secret", "header": "x-webhook-secret"}));
    assert!(!shared.may_be_kept(None, "x-webhook-secret", b"anything"));
    assert!(!shared.may_be_kept(Some("x-other"), "x-other", b"anything"), "the header that the operator named");
}

#[test]
fn a_header_that_a_template_names_twice_is_read_once() {
    let mut value = serde_json::to_value(scheme("clerk")).unwrap();
    value["signed"] = json!(["{header:svix-id}.{timestamp}.{body}", "{header:svix-id}{header:svix-timestamp}{body}"]);
    assert_eq!(template_of(value).headers(), ["svix-timestamp", "svix-id"]);
}

#[test]
fn a_request_whose_time_or_id_is_signed_is_recognised_when_it_comes_again() {
    let nonce = |request: &Try, source_environment| {
        let headers: Vec<_> = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        request.template.nonce(&request.sent(&headers), &HASH_KEY, source_environment)
    };
    let stripe = Try::of("stripe");
    let first = nonce(&stripe, 1).unwrap();
    assert_eq!(first.until_ms, 1_767_323_045_000 + 300_000 + 300_000, "its own time refuses it before");
    assert!(first.signs_time && first.covers == Covers::All);
    let mut again = stripe.clone();
    again.at_ms += 60_000;
    let later = Nonce { at_ms: first.at_ms + 60_000, ..first };
    assert_eq!(nonce(&again, 1), Some(later), "it differs in its arrival alone");
    let other_signature = String::from_utf8(stripe.clone().credential().clone()).unwrap();
    let other_signature = format!("{other_signature},v1={}", "0".repeat(64));
    assert_eq!(nonce(&stripe.clone().with(&other_signature), 1), Some(first), "whichever of its signatures it shows");
    assert_ne!(nonce(&stripe, 2).unwrap().digest, first.digest, "environments never see each other");
    let mut other = stripe.clone();
    other.body.push(b' ');
    assert_ne!(nonce(&other, 1).unwrap().digest, first.digest);
    assert!(nonce(&Try::of("clerk"), 1).is_some());
    assert_eq!(nonce(&Try::of("segment"), 1), None, "a sender's own retry looks just the same");
    assert_eq!(nonce(&Try::of("shopify"), 1), None);
    let mut without_time = Try::of("jitsu");
    assert!(nonce(&without_time, 1).is_some());
    without_time.headers.retain(|(name, _)| name == "jitsu-signature");
    assert_eq!(nonce(&without_time, 1), None);
}

#[test]
fn secrets_that_make_no_key_are_refused_with_what_they_should_be() {
    let error = |name: &str, secret: &str| scheme(name).check_secret(secret).unwrap_err().to_string();
    insta::assert_snapshot!(error("clerk", "whsec_not base64"), @r#"no key can be made of it: expected base64, with or without "whsec_" before it"#);
    insta::assert_snapshot!(error("clerk", "whsec_"), @r#"no key can be made of it: expected base64, with or without "whsec_" before it"#);
    insta::assert_snapshot!(error("standard-webhooks-ed25519", "whpk_AAAA"), @r#"no key can be made of it: expected base64 of an Ed25519 public key (32 bytes), with or without "whpk_" before it"#);
    for name in ["segment", "stripe", "github"] {
        assert_eq!(scheme(name).check_secret("anything at all"), Ok(()));
    }
}

#[test]
fn templates_that_make_no_sense_are_refused_with_the_cure() {
    let with = |change: fn(&mut serde_json::Value)| {
        let mut value = serde_json::to_value(scheme("clerk")).unwrap();
        value["vectors"] = json!([]);
        change(&mut value);
        match template(value) {
            Err(error) => error,
            Ok(template) => template.check_vectors().unwrap_err().to_string(),
        }
    };
    insta::assert_snapshot!(with(|it| it["signed"] = json!(["{bodi}"])), @r#"verification.signed holds "{bodi}"; expected a template with {body} or {body:<JSON Pointer>} and, if they are signed too, {timestamp}, {id}, {method} and {header:<name>}; a manifest of version 2 may also hold {text:<JSON Pointer>}, {text_or_empty:<JSON Pointer>}, {absent:<JSON Pointer>}, {form:sorted}, {crc32:body}, {url}, {path}, {query:<name>} and {option:<name>}"#);
    for bad in ["", "{id}", "{body}{body}", "}{body}", "{body", "{header:}{body}", "{header:X-A}{body}", "{body:0}"] {
        let error = template(json!({
            "scheme": "signature", "header": "x", "algorithm": "hmac_sha1", "encoding": "hex", "signed": [bad],
        }));
        assert!(error.unwrap_err().contains("verification.signed holds"), "{bad}");
    }
    insta::assert_snapshot!(with(|it| it["signed"] = json!([])), @r#"verification: `signed` is empty; expected a template such as "{body}""#);
    insta::assert_snapshot!(with(|it| drop(it.as_object_mut().unwrap().remove("timestamp"))), @"verification: `signed` holds {timestamp}, and `timestamp` is missing");
    insta::assert_snapshot!(with(|it| drop(it.as_object_mut().unwrap().remove("id"))), @"verification: `signed` holds {id}, and `id` is missing");
    insta::assert_snapshot!(with(|it| it["signed"] = json!(["{body}"])), @"verification: `timestamp` is there, and no `signed` holds {timestamp}: one that is not signed proves nothing");
    insta::assert_snapshot!(with(|it| it["list"]["timestamp"] = json!("t")), @"verification: the timestamp is either in a `header` of its own or named in the `list`; give one of them");
    insta::assert_snapshot!(with(|it| it["list"]["assign"] = json!("")), @"verification: `list` needs a separator, an assign and the name of a signature that are not empty");
}

#[test]
fn what_was_stored_before_there_were_timestamps_still_reads() {
    let stored = r#"{"scheme":"hmac","header":"x-signature","algorithm":"sha1","encoding":"hex","signed":["{body}","{body:/0}"]}"#;
    let read: Template = serde_json::from_str(stored).unwrap();
    let mut now = serde_json::to_value(scheme("segment")).unwrap();
    now.as_object_mut().unwrap().retain(|name, _| name != "vectors" && name != "uncovered");
    assert_eq!(serde_json::to_value(read).unwrap(), now);
}

proptest! {
    /// A template verifies the requests that it signs and no other: another body, time, id or secret fails.
    #[test]
    fn what_it_signs_it_verifies_and_nothing_else(
        name in proptest::sample::select(vec!["stripe", "clerk", "jitsu", "segment", "github", "customer-io", "shopify"]),
        body in ".{0,64}", seconds in 0_i64..4_000_000_000, flip in 0_usize..64, later in 0_i64..=300,
    ) {
        let template = scheme(name);
        let secret = &template.vectors()[0].secret;
        let at_ms = seconds * 1000;
        let request = ToSign {
            credential_header: None, has_private_key: true, method: "POST", headers: &[], id: "msg_1", at_ms, target: Target::default(),
            options: "{}", body: body.as_bytes(),
        };
        let fields = template.sign(secret, &request).unwrap().headers;
        let headers: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.value.as_bytes())).collect();
        let verify = |body: &[u8], at_ms, secret: &str| {
            let sent = sent(&headers, template.header(), body, at_ms);
            template.verify(&sent, [secret]).verdict
        };
        prop_assert_eq!(verify(body.as_bytes(), at_ms + later * 1000, secret), Verdict::Verified(Covers::All));
        let mut changed = body.clone().into_bytes();
        match changed.get_mut(flip) {
            Some(byte) => *byte ^= 1,
            None => changed.push(b'x'),
        }
        prop_assert_eq!(verify(&changed, at_ms, secret), Verdict::Failed);
        prop_assert_eq!(verify(body.as_bytes(), at_ms, "QUFB"), Verdict::Failed);
    }

    /// Whatever a sender writes into its headers is a verdict, never a panic.
    #[test]
    fn any_header_is_a_verdict(value in proptest::collection::vec(any::<u8>(), 0..80), time in ".{0,24}", body in ".{0,16}") {
        for (name, template) in schemes() {
            let mut headers: Vec<(&str, &[u8])> = vec![(template.header().unwrap(), &value)];
            headers.extend(template.headers().into_iter().map(|name| (name, time.as_bytes())));
            let sent = sent(&headers, template.header(), body.as_bytes(), 0);
            let verdict = template.verify(&sent, [template.vectors()[0].secret.as_str()]).verdict;
            prop_assert!(verdict != Verdict::NotConfigured, "{}", name);
            template.nonce(&sent, &HASH_KEY, 1);
        }
    }
}

#[test]
fn an_id_may_hold_the_separator_unless_the_border_could_be_moved() {
    let template = scheme("standard-webhooks");
    let at_ms = 1_767_323_045_000;
    let body = br#"{"v":"x.1767323045.{}"}"#;
    let sign = |id: &str| {
        let (credential_header, target, options) = (None, Target::default(), "{}");
        let request = ToSign {
            credential_header,
            has_private_key: true,
            method: "POST",
            headers: &[],
            id,
            at_ms,
            target,
            options,
            body,
        };
        template.sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &request).map(|signed| signed.headers)
    };
    let cause = |fields: &[(&str, &str)], body: &[u8]| {
        let headers: Vec<(&str, &[u8])> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let sent = sent(&headers, template.header(), body, at_ms);
        template.verify(&sent, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]).cause
    };
    for id in ["msg_1", "msg.1", "com.example.42", "a.20260102", "1767323045.a"] {
        let fields = sign(id).unwrap();
        let fields: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.value.as_str())).collect();
        assert_eq!(cause(&fields, body), "verified", "{id}");
    }
    let genuine = sign("msg.1").unwrap();
    let signature = &genuine.iter().find(|field| Some(field.name.as_str()) == template.header()).unwrap().value;
    // The same signed bytes, cut elsewhere: a part of the body becomes the time, and the rest of it the body.
    let id = r#"msg.1.1767323045.{"v":"x"#;
    let moved = [("webhook-id", id), ("webhook-timestamp", "1767323045"), ("webhook-signature", signature.as_str())];
    assert_eq!(cause(&moved, br#"{}"}"#), "failed");
}

#[test]
fn the_name_of_an_authentication_scheme_has_no_case_and_the_secret_has() {
    let cause = |scheme: &Template, header: &str, secret: &str, value: &str| {
        let headers = [(header, value.as_bytes())];
        let sent = sent(&headers, Some(header), b"", 0);
        scheme.verify(&sent, [secret]).cause
    };
    let bearer = template_of(json!({"scheme": "shared_secret", "header": "authorization", "prefix": "Bearer "}));
    for value in ["Bearer s3cr3t", "bearer s3cr3t", "BEARER   s3cr3t"] {
        assert_eq!(cause(&bearer, "authorization", "s3cr3t", value), "verified", "{value}");
    }
    for value in ["Bearer S3CR3T", "s3cr3t", "Bearers3cr3t", "Basic s3cr3t", "Bearer", "Bearer ", "Bearer s3cr3t x"] {
        assert_eq!(cause(&bearer, "authorization", "s3cr3t", value), "failed", "{value}");
    }
    let plain = template_of(json!({"scheme": "shared_secret", "header": "x-webhook-secret"}));
    assert_eq!(cause(&plain, "authorization", "Bearer s3cr3t", "bearer s3cr3t"), "verified", "named by the operator");
    assert_eq!(cause(&plain, "x-webhook-secret", "Open sesame", "open sesame"), "failed", "no scheme, but a secret");
}
