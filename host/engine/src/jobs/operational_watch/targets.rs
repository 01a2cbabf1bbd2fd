//! The conditions of targets.

use inlet_core::{
    operational::{Observation, OpenCondition, OperationalEvent, OperationalEventType, TargetHealth},
    time,
};
use inlet_store::{TargetRecord, TargetState};

use super::{TargetHealthOf, environment, is_of};
use crate::snapshot::Snapshot;

/// The conditions that end when a target works again.
const TOLD: [OperationalEventType; 2] = [OperationalEventType::TargetFailing, OperationalEventType::TargetDisabled];

/// Observes whether targets fail, and whether the server stopped them.
pub(super) fn observe(targets: &[TargetRecord], snapshot: &Snapshot, health: &TargetHealthOf) -> Vec<Observation> {
    let observed = targets.iter().filter_map(|target| {
        let health = health(target.id);
        Some([failing(target, snapshot, health)?, disabled(target, snapshot, health)?])
    });
    observed.flatten().flatten().collect()
}

fn event(
    event_type: OperationalEventType,
    target: &TargetRecord,
    snapshot: &Snapshot,
    reason: String,
) -> Option<OperationalEvent> {
    let environment = environment(snapshot, target.environment_id)?;
    let event = OperationalEvent::new(event_type, Some(environment), subject(target), reason);
    Some(event.text("target", &target.key).text("kind", &target.kind))
}

fn subject(target: &TargetRecord) -> String {
    format!("target/{}", target.key)
}

fn unknown(event_type: OperationalEventType, target: &TargetRecord) -> Option<Observation> {
    Some(Observation::Unknown { event_type, environment_id: Some(target.environment_id), subject: subject(target) })
}

/// Returns none if the target is gone, and no observation if it works.
#[allow(clippy::option_option, reason = "an absent environment, and a condition that does not hold")]
fn failing(target: &TargetRecord, snapshot: &Snapshot, health: Option<TargetHealth>) -> Option<Option<Observation>> {
    let event_type = OperationalEventType::TargetFailing;
    Some(match health {
        // A target that does not run shows nothing new.
        None => unknown(event_type, target),
        _ if target.state != TargetState::Running => unknown(event_type, target),
        Some(TargetHealth::Works { .. }) => None,
        Some(TargetHealth::Fails { since_ms, failures, percent, told_ms }) => {
            let since = time::write_ms(since_ms);
            let end = match percent {
                0 => String::new(),
                _ => format!("; that is {percent} % of the three days after which it is disabled"),
            };
            let reason = format!("{failures} attempts in a row failed; since {since} it is only probed{end}");
            let event = event(event_type, target, snapshot, reason)?;
            let event = event.text("since", &since).number("failures", failures.into());
            Some(Observation::Holds {
                event: event.number("percent_of_disabling", percent.into()),
                began_ms: (percent > 0).then_some(told_ms),
            })
        }
    })
}

#[allow(clippy::option_option, reason = "an absent environment, and a condition that does not hold")]
fn disabled(target: &TargetRecord, snapshot: &Snapshot, health: Option<TargetHealth>) -> Option<Option<Observation>> {
    let event_type = OperationalEventType::TargetDisabled;
    Some(match (target.state, &target.state_reason) {
        // Only the server gives a reason.
        (TargetState::Paused | TargetState::Disabled, Some(reason)) => {
            let since = time::write_ms(target.state_since_ms);
            let event = event(event_type, target, snapshot, reason.clone())?;
            let event = event.text("state", target.state.as_str()).text("since", &since);
            Some(Observation::Holds { event, began_ms: Some(target.state_since_ms) })
        }
        // An operator paused it, and knows.
        (TargetState::Paused | TargetState::Disabled, None) => unknown(event_type, target),
        // It runs again, and works once something was delivered since.
        (TargetState::Running, _) => match health {
            Some(TargetHealth::Works { at_ms }) if at_ms >= target.state_since_ms => None,
            _ => unknown(event_type, target),
        },
    })
}

/// Returns the events of targets that work again, given the conditions that end.
pub(super) fn recovered(
    close: &[OpenCondition],
    targets: &[TargetRecord],
    snapshot: &Snapshot,
) -> Vec<OperationalEvent> {
    let works_again = targets.iter().filter(|target| {
        let subject = subject(target);
        close.iter().any(|condition| is_of(condition, &TOLD, target.environment_id, &subject))
    });
    let reason = "deliveries to it succeed again";
    works_again
        .filter_map(|target| event(OperationalEventType::TargetRecovered, target, snapshot, reason.to_owned()))
        .collect()
}
