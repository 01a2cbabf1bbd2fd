//! Reports of failed cases and of folders that are not cases.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::{fs, path::Path};

use cap_std::{ambient_authority, fs::Dir};
use inlet_conformance::{Case, run_cases};
use inlet_sandbox::{EngineConfig, Limits, Sandbox};

/// Creates a directory that holds one case with these files.
fn directory(files: &[(&str, &str)]) -> (tempfile::TempDir, Dir) {
    let directory = tempfile::tempdir().unwrap();
    let case = directory.path().join("one");
    fs::create_dir(&case).unwrap();
    for (name, text) in files {
        fs::write(case.join(name), text).unwrap();
    }
    let opened = Dir::open_ambient_dir(directory.path(), ambient_authority()).unwrap();
    (directory, opened)
}

async fn report(files: &[(&str, &str)]) -> String {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../test-plugins/inlet__hostile.wasm");
    let wasm = fs::read(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; run `make plugins platforms test-plugins`", file.display()));
    let plugin =
        Sandbox::new(EngineConfig { max_instances: 2, ..EngineConfig::default() }).unwrap().load(&wasm).unwrap();
    let (_kept, opened) = directory(files);
    match Case::read_all(&opened) {
        Ok(cases) => run_cases(&plugin, &cases, &Limits::default()).await.to_string(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_case_that_comes_out() {
    let files = [
        ("request.json", r#"{"path": "/pointer-nowhere"}"#),
        (
            "expected.json",
            r#"{"items": [{"event": {"event_type": "hostile/pointing", "user_id": {"at": "/no/such/place"}, "data": null}}], "memo": null}"#,
        ),
    ];
    insta::assert_snapshot!(report(&files).await, @"1 of 1 cases as expected");
}

#[tokio::test]
async fn a_case_that_does_not() {
    let files = [
        ("request.json", r#"{"path": "/reject"}"#),
        ("expected.json", r#"{"rejected": {"code": "not_json", "message": "Other words."}}"#),
    ];
    insta::assert_snapshot!(report(&files).await, @r#"
    0 of 1 cases as expected
    one
      rejected.at: expected nothing, found "/0"
      rejected.code: expected "not_json", found "unsupported"
      rejected.message: expected "Other words.", found "Rejected as asked."
    "#);
}

#[tokio::test]
async fn a_case_that_faults() {
    let files = [("request.json", r#"{"path": "/bad-pointer"}"#), ("expected.json", r#"{"items": []}"#)];
    insta::assert_snapshot!(report(&files).await, @r#"
    0 of 1 cases as expected
    one
      expected a translation, found a fault: the plugin's output was refused: items[0].event.user_id is not a JSON Pointer; expected the empty string or a text that starts with "/", with "~" only in "~0" and "~1", for example "/0/properties"
    "#);
}

#[tokio::test]
async fn a_case_that_sends_what_would_never_arrive() {
    let files = [("request.json", r#"{"headers": [["cookie", "a=b"]]}"#), ("expected.json", "{}")];
    insta::assert_snapshot!(report(&files).await, @r#"
    0 of 1 cases as expected
    one
      the case sends header "cookie", which the manifest does not list; it would never arrive
    "#);
    let files = [("request.json", r#"{"options": {"volume": 12}}"#), ("expected.json", "{}")];
    insta::assert_snapshot!(report(&files).await, @r"
    0 of 1 cases as expected
    one
      options.volume: 12 is greater than the maximum of 11
    ");
}

#[tokio::test]
async fn a_folder_that_is_no_case() {
    insta::assert_snapshot!(report(&[("body.json", "{}")]).await, @r#"case "one": cannot read expected.json: entity not found; a case has expected.json, and may have request.json and body.*"#);
    insta::assert_snapshot!(report(&[("request.json", r#"{"colour": 1}"#)]).await, @r#"case "one": request.json is not in its format: unknown field `colour`, expected one of `method`, `path`, `query`, `headers`, `options`, `facts`, `received_at_ms` at line 1 column 9"#);
}
