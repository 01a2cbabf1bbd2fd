//! Verification by manifests of version 2: addresses, places, public keys, tokens and alternatives. The vectors
//! are published ones, or were made with OpenSSL through Python's `cryptography`.

use std::{collections::BTreeMap, fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_core::{
    idempotency::HashKey,
    verification::{CannotSign, Covers, Sent, SignedParts, SignedTemplate, Target, Template, ToSign, Vector, Verdict},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const HASH_KEY: HashKey = HashKey(*b"0123456789abcdef");

fn schemes() -> BTreeMap<String, Template> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemes_of_version_2");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| (file.file_stem().unwrap().to_str().unwrap().to_owned(), read(&file))).collect()
}

fn read(file: &Path) -> Template {
    serde_json::from_str(&fs::read_to_string(file).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn scheme(name: &str) -> Template {
    schemes().remove(name).unwrap()
}

fn template(value: Value) -> Template {
    serde_json::from_value(value).unwrap()
}

/// Calls `test` with the request of a vector.
fn with_request<T>(vector: &Vector, test: impl FnOnce(Sent<'_>) -> T) -> T {
    let headers: Vec<(&str, &[u8])> =
        vector.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let in_url = vector.url.as_deref().and_then(|url| url.split_once('?')).map(|(_, query)| query);
    let query = vector.query.as_deref().or(in_url).unwrap_or_default();
    test(Sent {
        method: vector.method.as_deref().unwrap_or("POST"),
        headers: &headers,
        credential_header: None,
        target: Target { url: vector.url.as_deref(), query },
        options: &serde_json::to_string(&vector.options).unwrap(),
        body: vector.body.as_bytes(),
        at_ms: vector.at_ms.unwrap_or(1_767_323_045_000),
    })
}

#[test]
fn every_vector_passes() {
    let mut count = 0;
    for (name, template) in schemes() {
        assert!(template.vectors().iter().any(|vector| vector.verified), "{name}");
        assert!(template.vectors().iter().any(|vector| !vector.verified), "{name}");
        template.check_vectors().unwrap_or_else(|error| panic!("{name}: {error}"));
        let again: Template = serde_json::from_value(serde_json::to_value(&template).unwrap()).unwrap();
        assert_eq!(again, template, "{name}: it is stored as it is");
        count += template.vectors().len();
    }
    assert!(count > 100, "{count}");
}

#[test]
fn a_vector_that_says_otherwise_is_found() {
    for (name, template) in schemes() {
        for index in 0..template.vectors().len() {
            let mut value = serde_json::to_value(&template).unwrap();
            let vector = &mut value["vectors"][index];
            vector["verified"] = json!(!vector["verified"].as_bool().unwrap());
            vector.as_object_mut().unwrap().remove("covers");
            let changed: Template = serde_json::from_value(value).unwrap();
            let error = changed.check_vectors().unwrap_err().to_string();
            assert!(error.contains("expected verified"), "{name} {index}: {error}");
        }
    }
}

/// Signs the request of a vector with its secret, without the headers that it has.
fn sign(template: &Template, vector: &Vector, id: &str) -> Result<SignedParts, CannotSign> {
    with_request(vector, |sent| {
        let Sent { method, target, options, body, at_ms, .. } = sent;
        let (credential_header, has_private_key) = (None, false);
        let headers = &[];
        let request = ToSign { credential_header, has_private_key, method, headers, id, at_ms, target, options, body };
        template.sign(&vector.secret, &request)
    })
}

#[test]
fn what_has_a_shared_secret_is_signed_and_for_a_private_key_there_is_a_sentence() {
    let mut private = Vec::new();
    for (name, template) in schemes() {
        match sign(&template, &template.vectors()[0], "msg_1") {
            Ok(signed) => assert_ne!(signed, SignedParts::default(), "{name}"),
            Err(CannotSign::PrivateKey) => private.push(name),
            Err(error) => panic!("{name}: {error}"),
        }
    }
    assert_eq!(private, ["jwt-es256", "jwt-rs256", "paypal", "plaid", "sendgrid", "sns"]);
    insta::assert_snapshot!(CannotSign::PrivateKey, @"the platform signs with a private key that it alone has, and the secret here is the public one; send a request without a signature, or let the platform send one");
}

/// The first vectors are requests of the platforms: signing them again gives the same signature in the same place.
#[test]
fn a_signature_in_the_body_or_the_query_is_written_where_the_platform_writes_it() {
    let adyen = scheme("adyen");
    let mut vector = adyen.vectors()[0].clone();
    let (before, pointer) =
        (vector.body.clone(), "/notificationItems/0/NotificationRequestItem/additionalData/hmacSignature");
    vector.body = inlet_core::json::set(&before, pointer, "\"to be written\"").unwrap();
    assert_ne!(vector.body, before);
    let signed = sign(&adyen, &vector, "").unwrap();
    assert_eq!(String::from_utf8(signed.body.unwrap()).unwrap(), before);

    let mailgun = scheme("mailgun");
    let vector = mailgun.vectors()[0].clone();
    let text = |name: &str| {
        let found = inlet_core::json::point(&vector.body, &format!("/signature/{name}")).unwrap();
        inlet_core::json::string(found).unwrap()
    };
    let at_ms = text("timestamp").parse::<i64>().unwrap() * 1000;
    // Without the object that holds it, the signature brings its own.
    for body in [&*vector.body, r#"{"event-data":{}}"#] {
        let vector = Vector { body: body.to_owned(), at_ms: Some(at_ms), ..vector.clone() };
        let signed = String::from_utf8(sign(&mailgun, &vector, &text("token")).unwrap().body.unwrap()).unwrap();
        let found = inlet_core::json::point(&signed, "/signature/signature").unwrap();
        assert_eq!(inlet_core::json::string(found).unwrap(), text("signature"));
    }
    let without = Vector { body: "[]".to_owned(), ..vector.clone() };
    insta::assert_snapshot!(sign(&mailgun, &without, "t").unwrap_err(), @"the platform writes its signature into the body, at /signature/timestamp, and this body has no place for it; send a JSON object, as the platform does");

    let in_query = scheme("sha512-in-the-query");
    let vector = in_query.vectors()[0].clone();
    let query = vector.query.clone().unwrap();
    let signed = sign(&in_query, &vector, "").unwrap();
    // Base64 is written with its padding, which the platform leaves out.
    let sorted = |query: &str| {
        let mut pairs: Vec<String> = query.split('&').map(|pair| pair.trim_end_matches("%3D").to_owned()).collect();
        pairs.sort();
        pairs
    };
    assert_eq!(sorted(&signed.query.unwrap()), sorted(&query));
    assert_eq!((signed.body, signed.headers), (None, vec![]));
}

#[test]
fn a_token_that_is_made_for_a_test_is_for_its_time_and_its_body() {
    let mut value = serde_json::to_value(scheme("jwt-hs256")).unwrap();
    let changes = json!({"header": null, "query": "token", "prefix": "", "body_sha256": "hash", "issuer": "the issuer", "audience": "us"});
    value.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    value["vectors"] = json!([]);
    let template = template(value);
    let vector = Vector {
        at_ms: Some(1_767_323_045_000),
        query: Some("a=1".to_owned()),
        ..scheme("jwt-hs256").vectors()[0].clone()
    };
    let query = sign(&template, &vector, "msg_1").unwrap().query.unwrap();
    assert!(query.starts_with("a=1&token="), "{query}");
    let cause = |vector: &Vector| with_request(vector, |sent| template.verify(&sent, [vector.secret.as_str()]).cause);
    let sent = Vector { query: Some(query), ..vector };
    assert_eq!(cause(&sent), "verified");
    assert_eq!(cause(&Vector { body: "[]".to_owned(), ..sent.clone() }), "failed");
    assert_eq!(
        cause(&Vector { secret: "QW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMgb3Igc28".to_owned(), ..sent.clone() }),
        "failed"
    );
    assert_eq!(cause(&Vector { at_ms: Some(1_767_323_045_000 + 86_400_000), ..sent }), "stale");
}

#[test]
fn what_signs_a_time_is_taken_once_and_the_rest_is_not() {
    let expected = [
        ("adyen", false),
        ("basic", false),
        ("bearer", false),
        ("hubspot", true),
        ("jwt-es256", false),
        ("jwt-hs256", false),
        ("jwt-rs256", false),
        ("mailgun", true),
        ("paypal", true),
        ("plaid", true),
        ("sendgrid", true),
        ("sha512-in-the-query", false),
        ("sns", true),
        ("square", false),
        ("svix", true),
        ("twilio", false),
        ("zendesk", true),
    ];
    for (name, is_taken_once) in expected {
        let template = scheme(name);
        let vector = &template.vectors()[0];
        let nonce = |vector: &Vector| {
            with_request(vector, |sent| {
                let (decided_by, found) = template.decide(&sent, [vector.secret.as_str()]);
                let is_right = matches!(found.verdict, Verdict::Verified(_)) || found.cause == "stale";
                assert!(is_right, "{name}: {}", found.cause);
                decided_by.nonce(&sent, &HASH_KEY, 1)
            })
        };
        let first = nonce(vector);
        assert_eq!(first.is_some(), is_taken_once, "{name}");
        assert_eq!(nonce(vector).map(|nonce| nonce.digest), first.map(|nonce| nonce.digest));
    }
    assert_eq!(schemes().len(), expected.len());
}

#[test]
fn an_address_is_the_servers_own_or_there_is_none() {
    let twilio = scheme("twilio");
    assert!(twilio.reads_address() && twilio.reads_query());
    let cause = |vector: &Vector| with_request(vector, |sent| twilio.verify(&sent, ["12345"]).cause);
    let mut vector = twilio.vectors()[0].clone();
    assert_eq!(cause(&vector), "verified");
    // Whatever a request says about its host is not read.
    for name in ["host", "x-forwarded-host", "forwarded", "x-original-url"] {
        vector.headers.insert(name.to_owned(), "evil.example".to_owned());
    }
    assert_eq!(cause(&vector), "verified");
    vector.url = None;
    assert_eq!(cause(&vector), "no_public_url");
    assert!(!scheme("svix").reads_address() && !scheme("svix").reads_query());
}

#[test]
fn one_item_of_several_is_never_all() {
    let adyen = scheme("adyen");
    let vector = adyen.vectors().iter().find(|vector| vector.name == "a second item beside it").unwrap();
    let verdict = with_request(vector, |sent| adyen.verify(&sent, [vector.secret.as_str()]).verdict);
    assert_eq!(verdict, Verdict::Verified(Covers::First));
}

#[test]
fn keys_that_are_none_are_refused_with_what_they_should_be() {
    let error = |name: &str, secret: &str| scheme(name).check_secret(secret).unwrap_err().to_string();
    insta::assert_snapshot!(error("sendgrid", "not a key"), @"no key can be made of it: expected an ECDSA public key on P-256, or a certificate of one, as PEM (-----BEGIN …) or as the base64 of its DER form");
    insta::assert_snapshot!(error("sns", &scheme("sendgrid").vectors()[0].secret), @"no key can be made of it: expected an RSA public key of 2048 to 8192 bits, or a certificate of one, as PEM (-----BEGIN …) or as the base64 of its DER form");
    insta::assert_snapshot!(error("plaid", "{}"), @"no key can be made of it: expected a P-256 key: as a JWK, as a JWKS of at most 16 keys, as PEM (-----BEGIN …), or as the base64 of its DER form");
    insta::assert_snapshot!(error("jwt-hs256", &scheme("sns").vectors()[0].secret), @"no key can be made of it: expected base64 of the alphabet for URLs that is shared with the sender, and no public key");
    insta::assert_snapshot!(error("basic", "token"), @"no key can be made of it: expected a name and a password, as name:password");
    let weak = include_str!("../keys/rsa-1024.pem");
    assert!(scheme("sns").check_secret(weak).is_err(), "1024 bits are too few");
    assert!(scheme("sendgrid").check_secret(include_str!("../keys/p384.pem")).is_err(), "another curve");
    let public = scheme("sns").vectors()[1].secret.clone();
    assert!(scheme("sns").check_secret(&public).is_ok());
    assert!(scheme("sns").check_secret(&public.replace("PUBLIC", "PRIVATE")).is_err(), "a private key is not taken");
    let many = json!({"keys": vec![json!({"kty": "EC"}); 17]}).to_string();
    assert!(scheme("plaid").check_secret(&many).is_err(), "too many keys");
    for (name, template) in schemes() {
        for vector in template.vectors() {
            let is_for_another = vector.name.contains("as the secret") || vector.name == "another key";
            assert!(is_for_another || template.check_secret(&vector.secret).is_ok(), "{name}: {}", vector.name);
        }
    }
}

#[test]
fn templates_that_make_no_sense_are_refused_with_the_cure() {
    let refused = |name: &str, change: fn(&mut Value)| {
        let mut value = serde_json::to_value(scheme(name)).unwrap();
        value["vectors"] = json!([]);
        change(&mut value);
        template(value).check_vectors().unwrap_err().to_string()
    };
    insta::assert_snapshot!(refused("square", |it| it["signed"] = json!(["{url}"])), @"verification: a `signed` holds nothing of the body; add {body}, or name the place of its hash in `body_sha256`");
    insta::assert_snapshot!(refused("twilio", |it| it["body_sha256"] = json!({"header": "x-hash"})), @"verification: a `signed` holds neither the body nor the place that `body_sha256` names; an unsigned hash proves nothing");
    insta::assert_snapshot!(refused("sns", |it| it["signed"] = json!(["{timestamp}{body}"])), @"verification: the signature is in the body, so it cannot sign {body}; name the signed members with {text:…}");
    insta::assert_snapshot!(refused("sns", |it| it["header"] = json!("x-signature")), @"verification: the signature is in a `header`, in a `query` parameter or in the `body`; name one of them");
    insta::assert_snapshot!(refused("sns", |it| it["body"] = json!("Signature")), @"verification: `body` is a JSON Pointer of at most 16 parts, which begins with /");
    insta::assert_snapshot!(refused("sns", |it| it["secret"] = json!({"encoding": "hex"})), @"verification: `secret` says how a shared key is written; a public key is PEM or DER, so leave it out");
    insta::assert_snapshot!(refused("zendesk", |it| it["timestamp"]["body"] = json!("/t")), @"verification: the timestamp is in one of `header`, `query` and `body`; name one of them");
    insta::assert_snapshot!(refused("plaid", |it| { it.as_object_mut().unwrap().retain(|name, _| name != "body_sha256" && name != "uncovered"); }), @"verification: the token does not cover the body without `body_sha256`; say so in `uncovered`");
    insta::assert_snapshot!(refused("plaid", |it| it["query"] = json!("token")), @"verification: a token is in a `header` or in a `query` parameter; name one of them");
    insta::assert_snapshot!(refused("svix", |it| it["any_of"] = json!([])), @"verification: `any_of` holds two to four schemes");
    insta::assert_snapshot!(refused("svix", |it| { let all = it.clone(); it["any_of"][0] = all; }), @"verification: a scheme of `any_of` holds an `any_of` itself; list all schemes in one");
}

#[test]
fn templates_of_the_first_version_are_told_from_later_ones() {
    let is_first = |text: &str| SignedTemplate::try_from(text.to_owned()).unwrap().is_of_first_version();
    for first in ["{body}", "{body:/0}", "{id}.{timestamp}.{body}", "{method}{header:x-a}{body}"] {
        assert!(is_first(first), "{first}");
    }
    for later in ["{url}{body}", "{text:/a}", "{body:/a}{body:/b}", "{form:sorted}", "{query:a}{body}", "{path}{body}"]
    {
        assert!(!is_first(later), "{later}");
    }
}

#[test]
fn nothing_that_is_a_secret_may_be_kept() {
    let svix = scheme("svix");
    for name in ["svix-signature", "webhook-signature"] {
        assert!(!svix.may_be_kept(None, name, b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "{name}");
        assert!(svix.may_be_kept(None, name, b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), "{name}");
    }
    assert!(svix.may_be_kept(None, "svix-id", b"msg_1"));
    let basic = scheme("basic");
    assert!(!basic.may_be_kept(None, "authorization", b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    let (bearer_token, bound) = (scheme("jwt-hs256"), scheme("plaid"));
    let value = |template: &Template| template.vectors()[0].headers.values().next().unwrap().clone();
    assert!(!bearer_token.may_be_kept(None, "authorization", value(&bearer_token).as_bytes()), "it opens for any body");
    assert!(bound.may_be_kept(None, "plaid-verification", value(&bound).as_bytes()), "it is of its body alone");
}

proptest! {
    /// Whatever a sender writes is a verdict, never a panic.
    #[test]
    fn any_request_is_a_verdict(
        value in "\\PC{0,80}", query in "[a-z=&%+A-Z0-9]{0,40}", body in "[\\[\\]{}\":,a-zS0-9/.]{0,60}", url in "\\PC{0,20}",
    ) {
        for (name, template) in schemes() {
            let mut names: Vec<&str> = template.headers();
            names.extend(template.header());
            let headers: Vec<(&str, &[u8])> = names.into_iter().map(|name| (name, value.as_bytes())).collect();
            let target = Target { url: Some(&url), query: &query };
            let sent = Sent {
                method: "POST", headers: &headers, credential_header: None, target, options: "{}", body: body.as_bytes(), at_ms: 0,
            };
            let secret = template.vectors()[0].secret.as_str();
            let (decided_by, found) = template.decide(&sent, [secret]);
            prop_assert!(!matches!(found.verdict, Verdict::Verified(_)), "{}", name);
            decided_by.nonce(&sent, &HASH_KEY, 1);
        }
    }

    /// Whatever an operator pastes is a key or a sentence, never a panic.
    #[test]
    fn any_secret_is_a_key_or_a_sentence(text in "\\PC{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let encoded = STANDARD.encode(&bytes);
        let pem = |label: &str| format!("-----BEGIN {label}-----\n{encoded}\n-----END {label}-----");
        for (_, template) in schemes() {
            for secret in [text.clone(), encoded.clone(), pem("PUBLIC KEY"), pem("CERTIFICATE"), pem("RSA PUBLIC KEY")] {
                drop(template.check_secret(&secret));
            }
        }
    }

    /// A key that is cut or changed is refused or another key, never a panic.
    #[test]
    fn a_damaged_certificate_is_no_panic(cut in 0_usize..900, flip in 0_usize..900, by in 1_u8..) {
        let pem = &scheme("sns").vectors()[0].secret.clone();
        let inner: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let mut der = STANDARD.decode(&inner).unwrap();
        let place = flip % der.len();
        der[place] ^= by;
        let damaged = STANDARD.encode(&der);
        der.truncate(cut);
        for text in [damaged, STANDARD.encode(&der)] {
            drop(scheme("sns").check_secret(&text));
        }
    }
}
