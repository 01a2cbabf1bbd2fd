//! The events of the overview's range, as its charts show them.

use std::collections::BTreeMap;

use inlet_api_types::statistics::Statistics;
use inlet_core::time;

use crate::components::{
    Html,
    chart::{self, Series, StageTimes},
    outcome,
};

/// The log of the API's calls, which is no source.
const API_LOG: &str = "$api";

/// The events of a range.
pub struct Traffic {
    statistics: Statistics,
    /// By outcome, the number in each step.
    outcomes: BTreeMap<String, Vec<u64>>,
}

impl Traffic {
    /// Adds up the sources.
    pub fn of(statistics: Statistics) -> Self {
        let mut outcomes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for entry in statistics.entries.iter().filter(|entry| entry.source != API_LOG) {
            for (outcome, counts) in &entry.outcomes {
                let sums = outcomes.entry(outcome.clone()).or_insert_with(|| vec![0; counts.len()]);
                sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
        }
        Self { statistics, outcomes }
    }

    /// The number of events with an outcome.
    pub fn count(&self, outcome: &str) -> u64 {
        self.outcomes.get(outcome).map(|counts| counts.iter().sum()).unwrap_or_default()
    }

    /// The number of events, without refused requests.
    pub fn events(&self) -> u64 {
        outcome::EVENT_OUTCOMES.iter().map(|outcome| self.count(outcome)).sum()
    }

    /// The number of events that failed or could not be read, and of refused requests.
    pub fn failures(&self) -> u64 {
        ["failed", "rejected", "refused"].iter().map(|outcome| self.count(outcome)).sum()
    }

    /// The longest time that 95 of 100 requests took, in words.
    pub fn p95(&self) -> Option<String> {
        let total = self.statistics.stages.iter().find(|stage| stage.stage == "total")?;
        Some(crate::components::time::micros(total.p95_us))
    }

    /// The sources that had events with an outcome, each with their number, most first.
    pub fn sources_with(&self, outcome: &str) -> Vec<(&str, u64)> {
        let entries = self.statistics.entries.iter().filter(|entry| entry.source != API_LOG);
        let counted =
            entries.filter_map(|entry| Some((&*entry.source, entry.outcomes.get(outcome)?.iter().sum::<u64>())));
        let mut found: Vec<(&str, u64)> = counted.filter(|(_, count)| *count > 0).collect();
        found.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        found
    }

    /// The events of a source in each step.
    pub fn of_source(&self, key: &str) -> Vec<u64> {
        let entry = self.statistics.entries.iter().find(|entry| entry.source == key);
        let mut sums = Vec::new();
        for counts in entry.iter().flat_map(|entry| entry.outcomes.values()) {
            sums.resize(counts.len(), 0);
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        sums
    }

    /// The chart of events by outcome.
    pub fn chart(&self, words: &str) -> Html {
        let from_ms = time::parse(&self.statistics.from).unwrap_or_default() / 1000;
        let steps = self.outcomes.values().map(Vec::len).max().unwrap_or_default();
        let times: Vec<String> = (0..i64::try_from(steps).unwrap_or_default())
            .map(|step| time::write_ms(from_ms + step * self.statistics.step_seconds * 1000))
            .collect();
        let series: Vec<Series> = outcome::EVENT_OUTCOMES
            .iter()
            .chain(&["refused"])
            .filter_map(|outcome| {
                let badge = outcome::event(outcome);
                let values = self.outcomes.get(*outcome)?.clone();
                Some(Series { label: badge.label, tone: badge.tone, values })
            })
            .collect();
        let unit = format!("events per {}", step_name(self.statistics.step_seconds));
        chart::bars(&series, &times, &format!("Events by outcome in the {words}"), &unit)
    }

    /// The table of the stages of requests.
    pub fn stages(&self) -> Html {
        let stages: Vec<StageTimes> = self
            .statistics
            .stages
            .iter()
            .map(|stage| StageTimes {
                label: stage_name(&stage.stage).to_owned(),
                p50_us: stage.p50_us,
                p95_us: stage.p95_us,
                p99_us: stage.p99_us,
            })
            .collect();
        chart::stage_times(&stages)
    }
}

fn stage_name(stage: &str) -> &str {
    match stage {
        "receive" => "Receive",
        "verify" => "Verify",
        "translate" => "Translate",
        "plan" => "Plan",
        "commit" => "Commit",
        "total" => "Whole request",
        other => other,
    }
}

/// Returns the length of a step in the largest unit that measures it whole, such as `15 min` or `day`.
fn step_name(seconds: i64) -> String {
    let units = [(86_400, "day", "days"), (3600, "hour", "hours"), (60, "min", "min"), (1, "second", "seconds")];
    let measured = units.into_iter().find(|(length, ..)| seconds >= *length && seconds % length == 0);
    match measured {
        Some((length, one, _)) if seconds == length => one.to_owned(),
        Some((length, _, many)) => format!("{} {many}", seconds / length),
        None => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_step_has_a_unit() {
        assert_eq!([60, 900, 3600, 21_600, 86_400].map(step_name), ["min", "15 min", "hour", "6 hours", "day"]);
    }
}
