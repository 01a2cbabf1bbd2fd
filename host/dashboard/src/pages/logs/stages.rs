//! The way of an event from its request to its deliveries, as stages on one line of time.

use inlet_api_types::{
    logs::{SourceLog, StageTimes},
    traces::EventTrace,
};
use inlet_core::time;

use super::show::idempotency_verdict;
use crate::components::{
    outcome::{self, Tone},
    time::micros,
    waterfall::Stage,
};

/// Returns the stages of an event.
pub fn stages(entry: &SourceLog, trace: Option<&EventTrace>) -> Vec<Stage> {
    let actions = entry.actions.as_deref().unwrap_or_default();
    let deliveries = entry.deliveries.as_deref().unwrap_or_default();
    let start = time::parse(&entry.received_at).unwrap_or_default();
    let after = |text: &str| time::parse(text).map(|at| u64::try_from(at - start).unwrap_or_default());
    let stage = |label: &str, detail: String, tone: Tone, href: &str| Stage {
        label: label.to_owned(),
        detail,
        tone,
        start_us: None,
        duration_us: None,
        href: Some(href.to_owned()),
    };
    let mut stages = Vec::new();
    let size =
        if entry.body_removed { "body no longer kept".to_owned() } else { format!("{} bytes", entry.original_size) };
    // The stages follow each other from the arrival on.
    let mut at_us = 0;
    let mut timed = |mut stage: Stage, took: fn(&StageTimes) -> u64| {
        if let Some(took) = entry.stage_times.as_ref().map(took) {
            (stage.start_us, stage.duration_us) = (Some(at_us), Some(took));
            at_us += took;
        }
        stage
    };
    let received = stage("Received", size, Tone::Done, "#received");
    stages.push(timed(received, |times| times.receive_us));
    let verified = outcome::verification(&entry.verification_status);
    let verified = stage("Verification", verified.label, verified.tone, "#verification");
    stages.push(timed(verified, |times| times.verify_us));
    let translated = match entry.outcome.as_str() {
        "rejected" => Tone::Failed,
        "failed" if actions.is_empty() => Tone::Failed,
        _ => Tone::Done,
    };
    let mut plugin = format!("{} {}", entry.plugin.key, entry.plugin.version);
    // An entry without measured stages has the time of the translation for the trace.
    if let Some(now_us) = trace.and_then(|trace| trace.values.duration_us).filter(|_| entry.stage_times.is_none()) {
        plugin = format!("{plugin}, measured now: {}", micros(now_us));
    }
    stages.push(timed(stage("Plugin", plugin, translated, "#plugin"), |times| times.translate_us));
    if let Some(trace) = trace {
        let matched = trace.mappings.iter().filter(|mapping| mapping.matched).count();
        let all = trace.mappings.len() + trace.mappings_left_out;
        let tone = if matched > 0 { Tone::Done } else { Tone::Quiet };
        let mappings = stage("Mappings", format!("{matched} of {all} match now"), tone, "#mappings");
        stages.push(timed(mappings, |times| times.plan_us));
    }
    let verdict = outcome::idempotency(idempotency_verdict(entry));
    stages.push(stage("Idempotency", verdict.label, verdict.tone, "#idempotency"));
    if entry.stage_times.is_some() {
        let settled = stage("Settled", "its turn in the transaction".to_owned(), Tone::Done, "#actions");
        stages.push(match trace {
            // Without a trace the plan has no line of its own.
            None => timed(settled, |times| times.plan_us + times.settle_us),
            Some(_) => timed(settled, |times| times.settle_us),
        });
    }
    let of = |status: &str| actions.iter().filter(|action| action.action_status == status).count();
    let (done, failed) = (of("success"), of("error"));
    let (detail, tone) = match (actions.len(), failed) {
        (0, _) => ("none".to_owned(), Tone::Quiet),
        (all, 0) => (format!("{done} of {all} done"), if done > 0 { Tone::Done } else { Tone::Quiet }),
        (all, failed) => (format!("{failed} of {all} failed"), Tone::Failed),
    };
    stages.push(stage("Actions", detail, tone, "#actions"));
    if let Some((detail, tone)) = outcome::delivered(entry) {
        let mut last = stage("Deliveries", detail, tone, "#deliveries");
        last.start_us = deliveries.iter().filter_map(|delivery| after(&delivery.inserted_at)).min();
        let ends = deliveries.iter().map(|delivery| delivery.finished_at.as_deref().and_then(after));
        let end = ends.collect::<Option<Vec<u64>>>().and_then(|ends| ends.into_iter().max());
        last.duration_us = last.start_us.zip(end).map(|(start, end)| end.saturating_sub(start));
        stages.push(last);
    }
    stages
}
