//! Runs cases in the sandbox.

use std::fmt;

use inlet_core::contract::{GuestLog, Request};
use inlet_sandbox::{Limits, Manifest, Plugin};

use crate::{
    case::Case,
    describe::{describe, expected},
    diff::differences,
};

/// What came of a plugin's cases.
#[derive(Debug, Default)]
pub struct Report {
    /// How many were run.
    pub cases: usize,
    /// Those that did not come out as expected.
    pub failures: Vec<Failure>,
}

/// A case that did not come out as expected.
#[derive(Debug)]
pub struct Failure {
    /// The case's name.
    pub case: String,
    /// One line for each difference.
    pub differences: Vec<String>,
    /// What the plugin logged meanwhile.
    pub logs: Vec<GuestLog>,
}

/// Runs every case, each in a sandbox of its own.
pub async fn run(plugin: &Plugin, cases: &[Case], limits: &Limits) -> Report {
    let mut report = Report { cases: cases.len(), failures: Vec::new() };
    for case in cases {
        let (differences, logs) = differences_of(plugin, case, limits).await;
        if !differences.is_empty() {
            report.failures.push(Failure { case: case.name.clone(), differences, logs });
        }
    }
    report
}

pub(crate) async fn differences_of(plugin: &Plugin, case: &Case, limits: &Limits) -> (Vec<String>, Vec<GuestLog>) {
    let request = match arriving(plugin.manifest(), &case.request) {
        Ok(request) => request,
        Err(reason) => return (vec![reason], Vec::new()),
    };
    let call = plugin.translate(&request, limits).await;
    let differences = match call.result {
        Ok(found) => differences(&expected(&case.expected), &describe(&found, &case.expected)),
        Err(fault) => vec![format!("expected a translation, found a fault: {fault}")],
    };
    (differences, call.logs)
}

/// The request as the server would let it through: with defaults filled in, and an error where a case sends what would
/// never arrive.
pub(crate) fn arriving(manifest: &Manifest, request: &Request) -> Result<Request, String> {
    let options = serde_json::from_str(&request.options).map_err(|error| format!("options: {error}"))?;
    let options = manifest.check_options(&options).map_err(|error| error.to_string())?;
    // Only among query parameters does `*` stand for all of them.
    let all = |what: &str, listed: &[String]| what != "header" && listed.iter().any(|name| name == "*");
    for (what, sent, listed) in
        [("header", &request.headers, &manifest.headers), ("query parameter", &request.query, &manifest.query)]
    {
        if let Some(field) = sent.iter().find(|field| !(listed.contains(&field.name) || all(what, listed))) {
            return Err(format!(
                "the case sends {what} {:?}, which the manifest does not list; it would never arrive",
                field.name
            ));
        }
    }
    Ok(Request { options: options.to_string(), ..request.clone() })
}

impl Report {
    /// Whether every case came out as expected.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {} cases as expected", self.cases - self.failures.len(), self.cases)?;
        self.failures.iter().try_for_each(|failure| write!(f, "{failure}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.case)?;
        for difference in &self.differences {
            writeln!(f, "  {difference}")?;
        }
        for line in &self.logs {
            writeln!(f, "  {}: {}", line.level, line.message)?;
        }
        Ok(())
    }
}
