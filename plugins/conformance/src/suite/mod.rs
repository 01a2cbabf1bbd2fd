//! The whole suite: a plugin's cases and the laws, and one report of both.
//!
//! Everything that is made up comes from a seed, so that what breaks once breaks again.

mod batches;
mod bodies;
pub mod cases;
mod growth;
mod law;
mod manifest;
mod repeat;
mod report;
mod sample;
mod skip;
mod survive;
mod values;
mod written;

use cap_std::fs::Dir;
use inlet_sandbox::{Limits, Plugin};

pub use law::{GROWTH, LAWS, Law, Level};
pub use report::{Check, Outcome, Report};
pub use skip::{Skip, SkipError};

use crate::{case::CaseError, run::differences_of};
use sample::Sample;

/// How the suite is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// What each call may use.
    pub limits: Limits,
    /// Where made-up input comes from.
    pub seed: u64,
    /// How often each body is damaged.
    pub rounds: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { limits: Limits::default(), seed: 7, rounds: 25 }
    }
}

/// Why a suite cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// A case is not one.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The skip file cannot be used.
    #[error(transparent)]
    Skip(#[from] SkipError),
}

/// Checks the laws, and the cases of a directory if there is one. Needs a tokio runtime with time.
pub async fn run(plugin: &Plugin, directory: Option<&Dir>, options: &Options) -> Result<Report, SuiteError> {
    let (cases, skips) = match directory {
        Some(directory) => (cases::read(directory)?, skip::read(directory)?),
        None => (Vec::new(), Vec::new()),
    };
    let samples = sample::all(plugin.manifest(), &cases);
    let run = Run { plugin, samples, limits: options.limits.clone(), seed: options.seed, rounds: options.rounds };
    let mut checks = Vec::new();
    for law in LAWS.iter().chain([&GROWTH]) {
        let mut found = Found::default();
        let note = run.check(law.id, &mut found).await;
        checks.push(Check { id: law.id.to_owned(), level: law.level, outcome: found.outcome(), note });
    }
    for cases::LevelledCase { level, case } in &cases {
        let (mut lines, logs) = differences_of(plugin, case, &options.limits).await;
        if !lines.is_empty() {
            lines.extend(logs.iter().map(|line| format!("{}: {}", line.level, line.message)));
        }
        let outcome = if lines.is_empty() { Outcome::Passed } else { Outcome::Failed(lines) };
        checks.push(Check { id: format!("case:{}", case.name), level: *level, outcome, note: String::new() });
    }
    for skip in skips {
        let Some(check) = checks.iter_mut().find(|check| check.id == skip.id) else {
            return Err(SkipError::Unknown { id: skip.id }.into());
        };
        if check.outcome == Outcome::Passed {
            // Whatever the check is worth: an entry that is not true must go.
            check.level = Level::Must;
            check.outcome = Outcome::Failed(vec!["it passes; remove its entry from skip.json".to_owned()]);
        } else {
            check.outcome = Outcome::Skipped(skip.reason);
        }
    }
    Ok(Report { plugin: plugin.manifest().key.clone(), checks })
}

/// What every law is checked with.
struct Run<'a> {
    plugin: &'a Plugin,
    samples: Vec<Sample>,
    limits: Limits,
    seed: u64,
    rounds: u32,
}

impl Run<'_> {
    fn examples(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(|sample| sample.event_type.is_some())
    }

    /// Checks one law; what it returns is what was measured.
    async fn check(&self, law: &str, found: &mut Found) -> String {
        match law {
            "signature-vectors" => manifest::vectors(self, found),
            "header-names-are-lower-case" => manifest::header_names(self, found),
            "shows-an-event" => manifest::shows(self, found).await,
            "examples-become-their-event-type" => manifest::examples(self, found).await,
            "default-mappings-resolve" => manifest::mappings(self, found).await,
            "same-input-same-output" => repeat::same_output(self, found).await,
            "no-memory" => repeat::no_memory(self, found).await,
            "originals-exist" => values::originals(self, found).await,
            "pointers-exist" => values::pointers(self, found).await,
            "unknown-members-change-nothing" => repeat::unknown_members(self, found).await,
            "values-survive" => survive::survive(self, found).await,
            "batch-equals-its-items" => return batches::batches(self, found).await,
            "no-body-faults" => bodies::no_faults(self, found).await,
            "cost-grows-linearly" => return growth::growth(self, found).await,
            // `loads` was checked by the sandbox: there is a plugin.
            _ => {}
        }
        String::new()
    }
}

/// Findings of a law: the first few in words, the others counted.
#[derive(Default)]
struct Found {
    sentences: Vec<String>,
    more: usize,
}

impl Found {
    fn add(&mut self, sentence: String) {
        if self.sentences.len() < 5 {
            self.sentences.push(sentence);
        } else {
            self.more += 1;
        }
    }

    fn extend(&mut self, sentences: impl IntoIterator<Item = String>) {
        sentences.into_iter().for_each(|sentence| self.add(sentence));
    }

    fn outcome(mut self) -> Outcome {
        if self.sentences.is_empty() {
            return Outcome::Passed;
        }
        if self.more > 0 {
            self.sentences.push(format!("and {} more like these", self.more));
        }
        Outcome::Failed(self.sentences)
    }
}
