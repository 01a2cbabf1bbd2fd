//! Runs cases in the sandbox, without the laws.

use std::fmt;

use inlet_core::contract::{GuestLog, Request};
use inlet_sandbox::{Limits, Manifest, Plugin};

use crate::{
    case::Case,
    describe::{describe, expected},
    diff::differences,
};

/// The result of a plugin's cases.
#[derive(Debug, Default)]
pub struct CaseReport {
    /// Number of cases that ran.
    pub cases: usize,
    /// The cases that failed.
    pub failures: Vec<CaseFailure>,
}

/// A failed case.
#[derive(Debug)]
pub struct CaseFailure {
    /// The case's name.
    pub case: String,
    /// The differences, one line each.
    pub differences: Vec<String>,
    /// The plugin's log lines during the case.
    pub logs: Vec<GuestLog>,
}

/// Runs every case, each in a sandbox of its own.
pub async fn run_cases(plugin: &Plugin, cases: &[Case], limits: &Limits) -> CaseReport {
    let mut report = CaseReport { cases: cases.len(), failures: Vec::new() };
    for case in cases {
        let (differences, logs) = differences_of(plugin, case, limits).await;
        if !differences.is_empty() {
            report.failures.push(CaseFailure { case: case.name.clone(), differences, logs });
        }
    }
    report
}

pub(crate) async fn differences_of(plugin: &Plugin, case: &Case, limits: &Limits) -> (Vec<String>, Vec<GuestLog>) {
    let request = match as_received(plugin.manifest(), &case.request) {
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

/// Returns the request as the server would pass it, with the defaults of its options filled in.
///
/// # Errors
///
/// A sentence if the options do not match the manifest, or if the case sends a header or query parameter that the
/// manifest does not list.
pub(crate) fn as_received(manifest: &Manifest, request: &Request) -> Result<Request, String> {
    let options = serde_json::from_str(&request.options).map_err(|error| format!("options: {error}"))?;
    let options = manifest.check_options(&options).map_err(|error| error.to_string())?;
    // `*` stands for all query parameters; there is no such wildcard for headers.
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
    Ok(manifest.with_form_body(Request { options: options.to_string(), ..request.clone() }))
}

impl CaseReport {
    /// Returns true if every case passed.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

impl fmt::Display for CaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {} cases as expected", self.cases - self.failures.len(), self.cases)?;
        self.failures.iter().try_for_each(|failure| write!(f, "{failure}"))
    }
}

impl fmt::Display for CaseFailure {
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
