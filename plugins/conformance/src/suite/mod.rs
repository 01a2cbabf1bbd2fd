//! The whole suite: a plugin's cases and the laws, with one report.
//!
//! Generated input comes from a fixed seed, so failures are reproducible.

mod batches;
pub mod cases;
mod cost;
mod determinism;
mod empty_translations;
mod item_count;
mod json_equality;
mod keys;
mod law;
mod malformed_bodies;
mod manifest;
mod member_order;
mod nulls;
mod pointers;
mod report;
mod request_parts;
mod sample;
mod skip;
mod values_survive;

use cap_std::fs::Dir;
use inlet_sandbox::{Limits, Plugin};

pub use law::{GROWTH, LAWS, Law, Level};
pub use report::{Check, CheckOutcome, Report};
pub use skip::{Skip, SkipError};

use crate::{case::CaseError, case_run::differences_of};
use sample::Sample;

/// Settings of a suite run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Limits of each call.
    pub limits: Limits,
    /// Seed of the generated input.
    pub seed: u64,
    /// Number of times that each body is damaged.
    pub rounds: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { limits: Limits::default(), seed: 7, rounds: 25 }
    }
}

/// Reason why a suite cannot run.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The cases cannot be read.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The skip file is invalid.
    #[error(transparent)]
    Skip(#[from] SkipError),
}

/// Checks the laws, and the cases of `directory` if given. Needs a tokio runtime with time enabled.
pub async fn run(plugin: &Plugin, directory: Option<&Dir>, options: &Options) -> Result<Report, SuiteError> {
    let (cases, skips) = match directory {
        Some(directory) => (cases::read(directory)?, skip::read(directory)?),
        None => (Vec::new(), Vec::new()),
    };
    let samples = sample::all(plugin.manifest(), &cases);
    let subject =
        Subject { plugin, samples, limits: options.limits.clone(), seed: options.seed, rounds: options.rounds };
    let mut checks = Vec::new();
    for law in LAWS.iter().chain([&GROWTH]) {
        let mut findings = Findings::default();
        let note = subject.check(law.id, &mut findings).await;
        checks.push(Check { id: law.id.to_owned(), level: law.level, outcome: findings.outcome(), note });
    }
    for cases::LevelledCase { level, case } in &cases {
        let (mut lines, logs) = differences_of(plugin, case, &options.limits).await;
        if !lines.is_empty() {
            lines.extend(logs.iter().map(|line| format!("{}: {}", line.level, line.message)));
        }
        let outcome = if lines.is_empty() { CheckOutcome::Passed } else { CheckOutcome::Failed(lines) };
        checks.push(Check { id: format!("case:{}", case.name), level: *level, outcome, note: String::new() });
    }
    for skip in skips {
        let Some(check) = checks.iter_mut().find(|check| check.id == skip.id) else {
            return Err(SkipError::Unknown { id: skip.id }.into());
        };
        if check.outcome == CheckOutcome::Passed {
            // A skip entry that is no longer true fails the suite, whatever the level of the check.
            check.level = Level::Must;
            check.outcome = CheckOutcome::Failed(vec!["it passes; remove its entry from skip.json".to_owned()]);
        } else {
            check.outcome = CheckOutcome::Skipped(skip.reason);
        }
    }
    Ok(Report { plugin: plugin.manifest().key.clone(), checks })
}

/// The plugin under test and the inputs that all laws share.
struct Subject<'a> {
    plugin: &'a Plugin,
    samples: Vec<Sample>,
    limits: Limits,
    seed: u64,
    rounds: u32,
}

impl Subject<'_> {
    fn examples(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(|sample| sample.event_type.is_some())
    }

    /// Returns the most items that the manifest says a request holds.
    fn largest_batch(&self) -> usize {
        let most = self.plugin.manifest().sender.as_ref().and_then(|sender| sender.batch_max);
        most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX).max(1)
    }

    /// Checks one law. Returns a note about measurements, mostly empty.
    async fn check(&self, law: &str, findings: &mut Findings) -> String {
        match law {
            "signature-vectors" => manifest::vectors(self, findings),
            "header-names-are-lower-case" => manifest::header_names(self, findings),
            "shows-an-event" => manifest::shows_an_event(self, findings).await,
            "examples-become-their-event-type" => manifest::examples(self, findings).await,
            "default-mappings-resolve" => manifest::mappings(self, findings).await,
            "same-input-same-output" => determinism::same_output(self, findings).await,
            "no-memory" => determinism::no_memory(self, findings).await,
            "originals-exist" => pointers::originals(self, findings).await,
            "pointers-exist" => pointers::pointers(self, findings).await,
            "unknown-members-change-nothing" => determinism::unknown_members(self, findings).await,
            "member-order-changes-nothing" => member_order::member_order(self, findings).await,
            "arrival-time-changes-nothing" => request_parts::arrival_time(self, findings).await,
            "undeclared-headers-are-not-read" => request_parts::undeclared_headers(self, findings).await,
            "methods-are-translated" => request_parts::methods(self, findings).await,
            "values-survive" => values_survive::values_survive(self, findings).await,
            "batch-equals-its-items" => return batches::batches(self, findings).await,
            "junk-elements-keep-their-place" => item_count::junk_elements(self, findings).await,
            "many-items-are-all-there" => item_count::many_items(self, findings).await,
            "nulls-stay" => nulls::nulls(self, findings).await,
            "keys-tell-events-apart" => keys::keys(self, findings).await,
            "no-empty-translation" => empty_translations::empty_translations(self, findings).await,
            "no-body-faults" => malformed_bodies::no_faults(self, findings).await,
            "cost-grows-linearly" => return cost::cost_grows_linearly(self, findings).await,
            // `loads` holds because the sandbox has loaded the plugin.
            _ => {}
        }
        String::new()
    }
}

/// The findings of one law. The first five are sentences, the others are counted.
#[derive(Default)]
struct Findings {
    sentences: Vec<String>,
    more: usize,
}

impl Findings {
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

    fn outcome(mut self) -> CheckOutcome {
        if self.sentences.is_empty() {
            return CheckOutcome::Passed;
        }
        if self.more > 0 {
            self.sentences.push(format!("and {} more like these", self.more));
        }
        CheckOutcome::Failed(self.sentences)
    }
}
