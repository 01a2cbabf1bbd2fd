//! The cures of targets: stopped ones, those with a backlog, and runs without one.

use inlet_api_types::targets::{Target, TargetState};
use inlet_core::time;

use super::{Cure, Send, Step};
use crate::html::url_part;

/// The age from which the deliveries that wait for a target are a backlog, in milliseconds: a day, as in the notes of sources.
const BACKLOG_MS: i64 = 24 * 60 * 60 * 1000;

/// Returns the cure of a target that does not run, or for which deliveries have waited for a day; none of another one.
pub fn of_target(environment: &str, target: &Target, now_ms: i64) -> Option<Cure> {
    let waiting = match target.open_deliveries {
        0 => "Nothing waits for it.".to_owned(),
        1 => "1 delivery waits for it.".to_owned(),
        count => format!("{} deliveries wait for it.", crate::html::grouped(count.cast_signed())),
    };
    let (sentence, label, call) = match target.state {
        TargetState::Running => return backlog(environment, target, &waiting, now_ms),
        TargetState::Paused => (format!("The target is paused. {waiting}"), "Resume", "resume"),
        TargetState::Disabled => {
            let reason = target.state_reason.as_deref().map_or_else(String::new, |reason| format!(" ({reason})"));
            (format!("The target is disabled{reason}. {waiting} Correct it, then enable it."), "Enable", "enable")
        }
    };
    let action = format!("/e/{}/targets/{}/cures/{call}", url_part(environment), url_part(&target.key));
    Some(Cure::new(sentence).then(Step::Send(Send { label, action, fields: Vec::new(), secret: None })))
}

fn backlog(environment: &str, target: &Target, waiting: &str, now_ms: i64) -> Option<Cure> {
    let oldest_ms = time::parse(target.oldest_open_delivery_at.as_deref()?)? / 1000;
    if now_ms - oldest_ms < BACKLOG_MS {
        return None;
    }
    let sentence =
        format!("{waiting} The oldest has waited for more than a day. See why, then retry or discard what waits.");
    let href = |status: &str| {
        format!("/e/{}/deliveries?target={}&status={status}", url_part(environment), url_part(&target.key))
    };
    let retried = Step::Link { label: "See what is retried", href: href("retrying") };
    Some(Cure::new(sentence).then(retried).then(Step::Link { label: "See what waits", href: href("pending") }))
}

#[cfg(test)]
mod tests {
    use inlet_api_types::RawJson;

    use super::*;

    fn target(state: TargetState, oldest: Option<&str>) -> Target {
        Target {
            key: "crm".to_owned(),
            kind: "webhook".to_owned(),
            url: None,
            options: RawJson::parse("{}").unwrap(),
            workflows: None,
            secrets: Vec::new(),
            active: true,
            state,
            state_reason: None,
            state_since: String::new(),
            open_deliveries: 1200,
            oldest_open_delivery_at: oldest.map(str::to_owned),
            inserted_at: String::new(),
            updated_at: String::new(),
        }
    }

    #[test]
    fn deliveries_that_have_waited_for_a_day_have_a_cure() {
        let day_ms = BACKLOG_MS;
        let at = Some("1970-01-01T00:00:00.000Z");
        assert_eq!(of_target("eu", &target(TargetState::Running, at), day_ms - 1), None);
        assert_eq!(of_target("eu", &target(TargetState::Running, None), day_ms), None);
        let cure = of_target("eu", &target(TargetState::Running, at), day_ms).unwrap();
        assert_eq!(
            cure.sentence,
            "1,200 deliveries wait for it. The oldest has waited for more than a day. See why, then retry or discard what waits."
        );
        let retried = "/e/eu/deliveries?target=crm&status=retrying".to_owned();
        assert_eq!(cure.steps[0], Step::Link { label: "See what is retried", href: retried });
        assert!(of_target("eu", &target(TargetState::Paused, at), day_ms).unwrap().sentence.contains("paused"));
    }
}
