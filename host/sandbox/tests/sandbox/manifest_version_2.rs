//! Manifests of version 2: open for members that a newer host knows, and closed where half an understanding would be none.

use inlet_sandbox::Manifest;
use serde_json::{Value, json};

use crate::forge::manifest;

/// Returns the forged component's manifest as one of version 2, changed.
fn version_2(change: impl FnOnce(&mut Value)) -> Value {
    let mut manifest = manifest();
    manifest["manifest"] = json!(2);
    change(&mut manifest);
    manifest
}

fn read(change: impl FnOnce(&mut Value)) -> Manifest {
    Manifest::from_json(version_2(change).to_string().as_bytes()).unwrap()
}

fn refused(change: impl FnOnce(&mut Value)) -> String {
    Manifest::from_json(version_2(change).to_string().as_bytes()).unwrap_err().to_string()
}

#[test]
fn its_members_are_read_and_written_back() {
    let manifest = read(|manifest| {
        manifest["categories"] = json!(["Games"]);
        manifest["author"] = json!({"name": "Acme", "link": "https://acme.example"});
        manifest["license"] = json!("MIT");
        manifest["setup"] = json!([
            {"text": "Open `Webhooks`.", "link": "https://acme.example/webhooks"},
            {"text": "Paste the URL."},
        ]);
        manifest["examples"] = json!([{
            "event_type": "paid", "method": "PUT", "path": "/v1", "query": {"kind": "a b"},
            "headers": {"content-type": "application/x-www-form-urlencoded"}, "body": "id=1&paid=true",
        }]);
        manifest["query"] = json!(["kind"]);
    });
    assert_eq!((manifest.manifest, manifest.categories[0].as_str(), manifest.setup.len()), (2, "Games", 2));
    assert_eq!(manifest.unknown_members, Vec::<String>::new());
    let request = manifest.examples[0].request(&manifest, &json!({}));
    assert_eq!(
        (request.method.as_str(), request.path.as_str(), request.query[0].value.as_str()),
        ("PUT", "/v1", "a b")
    );
    assert_eq!(request.body.as_text().map(|text| &**text), Some("id=1&paid=true"));
    let text = serde_json::to_vec(&manifest).unwrap();
    assert_eq!(Manifest::from_json(&text).unwrap(), manifest);
}

#[test]
fn an_unknown_member_is_named_and_left_out() {
    let manifest = read(|manifest| {
        manifest["colour"] = json!("red");
        manifest["links"]["blog"] = json!("https://a.example");
    });
    assert_eq!(manifest.unknown_members, ["links.blog", "colour"]);
}

/// A member of the verification that a host ignores would be a check that it does not make.
#[test]
fn an_unknown_member_of_the_verification_is_refused() {
    let verification = json!({
        "scheme": "shared_secret", "header": "x-secret", "and_a_nonce": true,
        "vectors": [{"name": "a", "secret": "s", "headers": {"x-secret": "s"}, "body": "", "verified": true}],
    });
    insta::assert_snapshot!(refused(|manifest| manifest["verification"] = verification), @"the manifest is wrong at verification.and_a_nonce: it is not known; see wit/manifest/v2.schema.json");
}

#[test]
fn a_feature_that_the_host_lacks_is_refused_before_anything_else() {
    let sentence = refused(|manifest| {
        manifest["requires"] = json!(["time_travel"]);
        manifest["links"] = json!("of another form");
    });
    insta::assert_snapshot!(sentence, @r#"the manifest requires "time_travel", which this Inlet does not have; use a newer Inlet or an older plugin"#);
}

#[test]
fn a_later_version_is_refused() {
    insta::assert_snapshot!(refused(|manifest| manifest["manifest"] = json!(3)), @"the manifest has version 3; this Inlet reads version 2, and version 1, which has no member `manifest`; use a newer Inlet or an older plugin");
}

#[test]
fn a_wrong_member_is_named_with_the_schema() {
    insta::assert_snapshot!(refused(|manifest| manifest["setup"] = json!([{"link": "https://a.example"}])), @"the manifest is wrong at setup.0.text: it is missing; see wit/manifest/v2.schema.json");
    insta::assert_snapshot!(refused(|manifest| manifest["author"] = json!({"name": "a", "link": "javascript:alert(1)"})), @r#"the manifest is wrong at author.link: expected a link that begins with https://, found "javascript:alert(1)"; see wit/manifest/v2.schema.json"#);
    insta::assert_snapshot!(refused(|manifest| manifest["icon"] = json!("x".repeat(16 * 1024 + 1))), @"the manifest is wrong at icon: it has 16385 characters; at most 16384 are allowed; see wit/manifest/v2.schema.json");
}

#[test]
fn a_body_of_another_type_needs_a_header_that_says_so() {
    insta::assert_snapshot!(refused(|manifest| manifest["examples"] = json!([{"event_type": "a", "body": "id=1"}])), @r#"the manifest's example "a" is not JSON: it is not valid JSON: expected value at line 1 column 1; correct its body"#);
}

/// People see the icon in the dashboard, and a stranger wrote it.
#[test]
fn an_icon_only_draws() {
    let icon = |svg: &str| read(|manifest| manifest["icon"] = json!(svg)).icon.unwrap();
    let drawing =
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><path fill="#f00" d="M0 0h2v2z"/></svg>"##;
    assert!(icon(drawing).contains(r##"d="M0 0h2v2z" fill="#f00""##), "{}", icon(drawing));
    let hostile = icon(
        r##"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="alert(1)" viewBox="0 0 2 2">
            <script>alert(2)</script>
            <style>@import url(https://evil.example/a.css); path { fill: url(https://evil.example/b) }</style>
            <a href="javascript:alert(3)"><path d="M0 0" onclick="alert(4)"/></a>
            <image href="https://evil.example/c.png"/><image xlink:href="data:text/html,alert(5)"/>
            <use href="https://evil.example/d.svg#e"/>
            <foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example/f"/></foreignObject>
            <set attributeName="onload" to="alert(6)"/>
        </svg>"##,
    );
    let evils = [
        "<script",
        "iframe",
        "foreignObject",
        "onload",
        "onclick",
        "href=\"javascript",
        "href=\"http",
        "url(http",
        "data:",
    ];
    for evil in evils {
        assert!(!hostile.contains(evil), "{evil}: {hostile}");
    }
    assert!(hostile.contains("M0 0"), "{hostile}");
}

#[test]
fn an_icon_that_is_no_svg_is_refused() {
    insta::assert_snapshot!(refused(|manifest| manifest["icon"] = json!("<svg><path></svg>")), @"the manifest's icon is not an SVG document: 1:17 Unexpected closing tag: svg != path; correct `icon` in its plugin.toml or leave it out");
    insta::assert_snapshot!(refused(|manifest| manifest["icon"] = json!("<html/>")), @"the manifest's icon is not an SVG document: emitter error: I/O error: No acceptable SVG elements found; correct `icon` in its plugin.toml or leave it out");
    insta::assert_snapshot!(refused(|manifest| manifest["icon"] = json!("<!DOCTYPE a [<!ENTITY b \"c\"><!ENTITY d \"&b;&b;&b;&b;\">]><svg>&d;&d;</svg>")), @"the manifest's icon is not an SVG document: 1:65 Entity too big; correct `icon` in its plugin.toml or leave it out");
}
