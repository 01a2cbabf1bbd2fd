//! The cures of targets: stopped ones, those with a backlog, and runs without one.

use inlet_api_types::targets::{Target, TargetState};

use super::{Cure, Send, Step};
use crate::html::url_part;

/// Returns the cure of a target that does not run; none if it runs.
pub fn of_target(environment: &str, target: &Target) -> Option<Cure> {
    let waiting = match target.open_deliveries {
        0 => "Nothing waits for it.".to_owned(),
        1 => "1 delivery waits for it.".to_owned(),
        count => format!("{} deliveries wait for it.", crate::html::grouped(count.cast_signed())),
    };
    let (sentence, label, call) = match target.state {
        TargetState::Running => return None,
        TargetState::Paused => (format!("The target is paused. {waiting}"), "Resume", "resume"),
        TargetState::Disabled => {
            let reason = target.state_reason.as_deref().map_or_else(String::new, |reason| format!(" ({reason})"));
            (
                format!("The target was switched off{reason}. {waiting} Correct it, then switch it on."),
                "Switch on",
                "enable",
            )
        }
    };
    let action = format!("/e/{}/targets/{}/cures/{call}", url_part(environment), url_part(&target.key));
    Some(Cure::new(sentence).then(Step::Send(Send { label, action, fields: Vec::new(), secret: None })))
}

/// The address that sends the dead deliveries of an environment again.
pub(super) fn redrive_of(environment: &str) -> String {
    format!("/e/{}/cures/redrive", url_part(environment))
}
