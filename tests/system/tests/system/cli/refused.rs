//! Requests that verification refused: listed, shown, verified again and dismissed.

use inlet_system_tests::{Server, track};
use serde_json::{Value, json};

use super::Shell;

#[tokio::test]
async fn a_refused_request_is_found_verified_and_dismissed() {
    let server = Server::start().await;
    let settings = json!({"signing_secret": "s3cr3t-of-a-test", "enforce_verification": true});
    let endpoint = server.source("shop", "segment", settings, json!([])).await;
    let refuse = async || {
        let answer = endpoint.post(track("Order", "ana", "", json!({}))).send().await.unwrap();
        assert_eq!(answer.status(), 401);
    };
    refuse().await;
    let shell = Shell::of(&server);
    let run = |arguments: &[&str]| {
        let output = shell.command(&[&["refused"][..], arguments].concat()).output().unwrap();
        let (text, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        (output.status.code(), text, error)
    };
    let (code, text, error) = run(&["list", "shop@development"]);
    assert!(code == Some(0) && text.contains("missing") && text.contains(" bytes"), "{text} {error}");
    let listed: Value = serde_json::from_str(&run(&["list", "shop@development", "--json"]).1).unwrap();
    let id = listed["entries"][0]["id"].as_str().unwrap();
    let (_, text, error) = run(&["show", "shop@development", id]);
    assert!(text.contains("`inlet refused dismiss shop@development`") && text.contains("track"), "{text} {error}");
    let (_, text, error) = run(&["verify", "shop@development", id]);
    assert!(text.contains(&format!("{id} still refused: missing")), "{text} {error}");
    let (code, _, error) = run(&["verify", "shop@development"]);
    assert!(code == Some(2) && error.contains("confirm it with --yes"), "{error}");
    let (_, text, error) = run(&["verify", "shop@development", "--yes"]);
    assert_eq!(text, "0 requests verified with 0 events, 1 still refused, 0 without a kept body\n", "{error}");
    let (code, _, error) = run(&["dismiss", "shop@development"]);
    assert_eq!((code, error.as_str()), (Some(2), "inlet: which requests? Give their ids or --cause\n"));
    let (_, text, error) = run(&["dismiss", "shop@development", "--cause", "missing", "--yes"]);
    assert_eq!(text, "1 request dismissed\n", "{error}");
    assert_eq!(run(&["list", "shop@development"]).2, "there are none\n");

    // Where verification is not enforced, a request is let in, and the command says without what.
    refuse().await;
    let set = ["source", "set", "shop@development", "--setting", "enforce_verification=false"];
    assert!(shell.command(&set).output().unwrap().status.success());
    let (code, text, error) = run(&["verify", "shop@development", "--yes"]);
    assert!(code == Some(0) && text.starts_with("1 request verified with 1 event, "), "{text} {error}");
    assert!(error.contains("without a proof of who sent them"), "{error}");
}
