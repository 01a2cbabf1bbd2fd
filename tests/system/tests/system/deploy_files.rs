//! The files of `examples/deploy`: alerts and a dashboard ask for metrics that the server has, in queries that Prometheus
//! takes.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::toolchains;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn deploy(file: &str) -> PathBuf {
    root().join("examples/deploy").join(file)
}

/// Returns the query of every panel of the dashboard.
fn dashboard_queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(deploy("grafana/inlet.json")).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().replace("$__rate_interval", "5m")).collect()
}

/// Adds the names of Inlet's metrics that a text holds, those of histograms without their suffix.
fn metrics_in(text: &str, found: &mut BTreeSet<String>) {
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("inlet_")) {
        let name = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| word.strip_suffix(suffix)).unwrap_or(word);
        found.insert(name.to_owned());
    }
}

/// Adds the names of the metrics that the source describes. Not every one has a sample before something goes wrong.
fn described_metrics(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            described_metrics(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(path).unwrap();
            for described in source.split("describe_").skip(1) {
                let name = described.split('"').nth(1).unwrap_or_default();
                if name.starts_with("inlet_") {
                    found.insert(name.to_owned());
                }
            }
        }
    }
}

#[test]
fn alerts_and_dashboard_name_metrics_that_the_server_has() {
    let (mut named, mut described) = (BTreeSet::new(), BTreeSet::new());
    for query in dashboard_queries() {
        metrics_in(&query, &mut named);
    }
    metrics_in(&fs::read_to_string(deploy("prometheus/alerts.yml")).unwrap(), &mut named);
    described_metrics(&root().join("host"), &mut described);
    assert!(named.len() > 20, "{named:?}");
    let unknown: Vec<_> = named.difference(&described).collect();
    assert!(unknown.is_empty(), "{unknown:?} are described nowhere in host/");
}

#[test]
fn prometheus_takes_the_alerts_and_the_queries_of_the_dashboard() {
    let Some(promtool) = toolchains::promtool() else {
        return toolchains::skipped("promtool check rules", "promtool is not installed");
    };
    let run = |arguments: &[&str]| {
        let output = Command::new(&promtool).args(arguments).current_dir(deploy("prometheus")).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        said
    };
    assert!(run(&["check", "config", "prometheus.yml"]).contains("SUCCESS"));
    assert!(run(&["test", "rules", "alerts_test.yml"]).contains("SUCCESS"));
    let rules: Vec<_> = dashboard_queries()
        .into_iter()
        .enumerate()
        .map(|(number, query)| json!({"record": format!("panel:{number}"), "expr": query}))
        .collect();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("dashboard.yml");
    // JSON is YAML.
    fs::write(&file, json!({"groups": [{"name": "dashboard", "rules": rules}]}).to_string()).unwrap();
    assert!(run(&["check", "rules", file.to_str().unwrap()]).contains("SUCCESS"));
}
