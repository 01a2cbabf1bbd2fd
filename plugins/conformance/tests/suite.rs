//! The suite on all plugins of the repository, and its reports on a plugin that misbehaves.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use cap_std::{ambient_authority, fs::Dir};
use inlet_conformance::suite::{self, Check, CheckOutcome, Level, Options, Report};
use inlet_sandbox::{EngineConfig, Limits, Plugin, Sandbox};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| {
    Sandbox::new(EngineConfig { max_instances: 8, count_instructions: true, ..EngineConfig::default() }).unwrap()
});

/// Loads a built plugin. `directory` is below `target`.
fn plugin(directory: &str, name: &str) -> Plugin {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..").join(directory).join(format!("{name}.wasm"));
    let wasm = fs::read(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; run `make plugins platforms test-plugins`", file.display()));
    SANDBOX.load(&wasm).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The folder of the plugins' sources. The bundled ones lie directly in it.
fn plugins() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the names of the folders in `directory` that hold a plugin.
fn names(directory: &Path) -> Vec<String> {
    let folders = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let plugins = folders.filter(|folder| folder.path().join("plugin.toml").is_file());
    plugins.map(|folder| folder.file_name().into_string().unwrap()).collect()
}

async fn report(plugin: &Plugin, source: &Path) -> Report {
    let directory = Dir::open_ambient_dir(source.join("cases"), ambient_authority()).unwrap();
    // A busy machine must not fail the test.
    let limits = Limits { time: Duration::from_secs(60), ..Limits::default() };
    suite::run(plugin, Some(&directory), &Options { limits, ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn the_bundled_plugins_conform() {
    let names = names(&plugins());
    assert_eq!(names.len(), 6, "{names:?}");
    for name in names {
        let report = report(&plugin("plugins", &name), &plugins().join(&name)).await;
        assert!(report.conforms() && report.count(Level::Should).1 == 0, "{report}");
    }
}

#[tokio::test]
async fn the_plugins_that_do_not_come_with_the_server_conform() {
    let platforms = plugins().join("platforms");
    let names = names(&platforms);
    assert!(names.len() >= 9, "{names:?}");
    for name in names {
        let report = report(&plugin("platforms", &format!("inlet__{name}")), &platforms.join(&name)).await;
        assert!(report.conforms() && report.count(Level::Should).1 == 0, "{report}");
    }
}

/// The limit holds platforms to what the SDK makes simple.
#[test]
fn a_platform_takes_at_most_150_lines_of_rust() {
    let platforms = plugins().join("platforms");
    // Plugins without code have no such folder.
    for name in names(&platforms).into_iter().filter(|name| platforms.join(name).join("Cargo.toml").is_file()) {
        let directory = platforms.join(&name).join("src");
        let files = fs::read_dir(directory).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
        let lines: usize = files.map(|text| text.lines().count()).sum();
        assert!((1..=150).contains(&lines), "{name}: {lines} lines");
    }
}

/// Returns the report on the misbehaving plugin with these files beside one case.
async fn hostile(files: &[(&str, &str)]) -> Result<Report, String> {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = directory.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let opened = Dir::open_ambient_dir(directory.path(), ambient_authority()).unwrap();
    let options = Options { rounds: 1, ..Options::default() };
    suite::run(&plugin("test-plugins", "inlet__hostile"), Some(&opened), &options)
        .await
        .map_err(|error| error.to_string())
}

const CRASHES: [(&str, &str); 2] = [
    ("v0.1/should/one/request.json", r#"{"path": "/bad-pointer"}"#),
    ("v0.1/should/one/expected.json", r#"{"items": []}"#),
];

#[tokio::test]
async fn a_plugin_that_faults_is_told_which_body_did_it() {
    let report = hostile(&CRASHES).await.unwrap();
    let check = report.checks.iter().find(|check| check.id == "no-body-faults").unwrap();
    let CheckOutcome::Failed(found) = &check.outcome else { panic!("{report}") };
    assert!(found[0].starts_with("case one damaged, round 1: expected a translation or a rejection, found a fault"));
    assert_eq!(report.exit_code(), 1);
    let check = report.checks.iter().find(|check| check.id == "case:one").unwrap();
    assert!(check.level == Level::Should && matches!(check.outcome, CheckOutcome::Failed(_)), "{report}");
}

#[tokio::test]
async fn cases_of_both_versions_are_run() {
    let later = CRASHES.map(|(name, text)| (name.replace("v0.1/should/one", "v0.2/must/two"), text));
    let files = [CRASHES[0], CRASHES[1], (&later[0].0, later[0].1), (&later[1].0, later[1].1)];
    let report = hostile(&files).await.unwrap();
    let level = |id: &str| report.checks.iter().find(|check| check.id == id).map(|check| check.level);
    assert_eq!((level("case:one"), level("case:two")), (Some(Level::Should), Some(Level::Must)), "{report}");
}

#[tokio::test]
async fn skipping_needs_a_reason_and_a_failure() {
    let with = |text| [CRASHES[0], CRASHES[1], ("skip.json", text)];
    let error = hostile(&with(r#"[{"id": "case:one", "reason": " "}]"#)).await.unwrap_err();
    insta::assert_snapshot!(error, @r#"skip.json skips "case:one" without a reason; say why the check may fail"#);
    let error = hostile(&with(r#"[{"id": "case:two", "reason": "r"}]"#)).await.unwrap_err();
    insta::assert_snapshot!(error, @r#"skip.json skips "case:two", which is no check of this plugin; remove the entry or correct its id"#);
    let skips = r#"[{"id": "case:one", "reason": "Known."}, {"id": "default-mappings-resolve", "reason": "Old."}]"#;
    let report = hostile(&with(skips)).await.unwrap();
    assert_eq!(report.exit_code(), 1, "whatever the check is worth: {report}");
    let outcome = |id: &str| report.checks.iter().find(|check| check.id == id).unwrap().outcome.clone();
    assert_eq!(outcome("case:one"), CheckOutcome::Skipped("Known.".to_owned()));
    assert_eq!(
        outcome("default-mappings-resolve"),
        CheckOutcome::Failed(vec!["it passes; remove its entry from skip.json".to_owned()])
    );
}

#[tokio::test]
async fn a_case_that_lies_elsewhere_is_not_left_out_unnoticed() {
    let moved = |from: &str, to: &str| CRASHES.map(|(name, text)| (name.replace(from, to), text));
    for (from, to) in [("v0.1/should/", ""), ("should", "may")] {
        let files = moved(from, to);
        let error = hostile(&files.each_ref().map(|(name, text)| (name.as_str(), *text))).await.unwrap_err();
        let folder = if to.is_empty() { "one" } else { "v0.1/may" };
        assert_eq!(
            error,
            format!(
                "the folder {folder:?} is where no case is looked for; a case lies in must/NAME or should/NAME of v0.1 or v0.2"
            )
        );
    }
    let twice = moved("should", "must");
    let files = [CRASHES[0], CRASHES[1], (&twice[0].0, twice[0].1), (&twice[1].0, twice[1].1)];
    let error = hostile(&files).await.unwrap_err();
    insta::assert_snapshot!(error, @r#"there are two cases "one"; give one of them another name"#);
    let later = CRASHES.map(|(name, text)| (name.replace("v0.1", "v0.2"), text));
    let files = [CRASHES[0], CRASHES[1], (&later[0].0, later[0].1), (&later[1].0, later[1].1)];
    let error = hostile(&files).await.unwrap_err();
    insta::assert_snapshot!(error, @r#"there are two cases "one"; give one of them another name"#);
    let error = hostile(&[("skip.json", "[]")]).await.unwrap_err();
    insta::assert_snapshot!(error, @"there is no case: expected folders must/NAME or should/NAME in v0.1 or v0.2 that hold request.json, body.* and expected.json");
}

#[test]
fn a_report_reads_well_and_is_sound_xml() {
    let check = |id: &str, level, outcome| Check { id: id.to_owned(), level, outcome, note: String::new() };
    let report = Report {
        plugin: "p".to_owned(),
        checks: vec![
            check("loads", Level::Must, CheckOutcome::Passed),
            check("case:a<b", Level::Must, CheckOutcome::Failed(vec!["found \"x\" & y".to_owned()])),
            check("case:c", Level::Should, CheckOutcome::Skipped("Known.".to_owned())),
        ],
    };
    insta::assert_snapshot!(report.to_string(), @r#"
    passed  must   loads
    FAILED  must   case:a<b
              found "x" & y
    skipped should case:c    Known.
    p: must 1 passed, 1 failed; should 0 passed, 0 failed
    "#);
    insta::assert_snapshot!(report.to_junit(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuite name="p" tests="3" failures="1" skipped="1">
      <testcase classname="must" name="loads"></testcase>
      <testcase classname="must" name="case:a&lt;b"><failure>found &quot;x&quot; &amp; y</failure></testcase>
      <testcase classname="should" name="case:c"><skipped message="Known."/></testcase>
    </testsuite>
    "#);
}
