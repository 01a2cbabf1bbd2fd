//! The health of a target: what keeps deliveries from it, and what to do.

use inlet_api_types::{
    deliveries::{Delivery, DeliveryStatus},
    targets::{Target, TargetState},
};

/// A reason that keeps deliveries from a target, and its repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The fault.
    pub what: String,
    /// The repair.
    pub cure: &'static str,
    /// True if nothing is sent.
    pub is_stopped: bool,
}

/// Returns what keeps deliveries from a target; none if nothing does. `newest` are its newest deliveries.
pub fn problem(target: &Target, newest: &[Delivery]) -> Option<Problem> {
    let reason = || target.state_reason.clone().unwrap_or_default();
    match target.state {
        TargetState::Paused if target.state_reason.is_none() => Some(Problem {
            what: "An operator paused it. Runs still get their deliveries, which wait.".to_owned(),
            cure: "Resume it to send what waits.",
            is_stopped: true,
        }),
        TargetState::Paused => Some(Problem {
            what: format!("The server paused it: {}. Its deliveries wait.", reason()),
            cure: "Correct its secret or its settings, then resume it: what waits is sent.",
            is_stopped: true,
        }),
        TargetState::Disabled => Some(Problem {
            what: format!("The server disabled it: {}. Its deliveries wait.", reason()),
            cure: "Let its receiver work again, then enable it. Retry what gave up.",
            is_stopped: true,
        }),
        TargetState::Running => failing(newest),
    }
}

/// The newest delivery with an attempt decides.
fn failing(newest: &[Delivery]) -> Option<Problem> {
    let tried = newest.iter().find(|delivery| delivery.tries > 0 && delivery.status != DeliveryStatus::Canceled)?;
    let error = || tried.last_error.clone().unwrap_or_else(|| "the last attempt failed".to_owned());
    let (what, cure) = match tried.status {
        DeliveryStatus::Retrying => {
            (format!("The last delivery failed: {}.", error()), "Correct the cause; the server tries again by itself.")
        }
        DeliveryStatus::Dead => (
            format!("The server gave up the last delivery: {}.", error()),
            "Correct the cause, then retry what gave up.",
        ),
        DeliveryStatus::Pending | DeliveryStatus::Delivered | DeliveryStatus::Canceled => return None,
    };
    Some(Problem { what, cure, is_stopped: false })
}
