//! The cures of an event that did not become what it should.

use inlet_api_types::deliveries::DeliveryStatus;

use super::{Trace, story::has_run};
use crate::{
    output::text::clean,
    route_commands::{Subject, with_commands_for},
};

/// Returns the cures; none if nothing is wrong.
pub fn lines(trace: &Trace) -> Vec<String> {
    let event = &trace.event;
    let (id, at) = (&event.id, format!("{}@{}", event.source, event.environment));
    let mut cures = Vec::new();
    match event.outcome.as_str() {
        "failed" | "rejected" => {
            // The server knows the cure of each cause.
            let causes = trace.status.iter().flat_map(|status| &status.needs_attention.causes);
            let of_event = causes.filter(|cause| {
                cause.environment == event.environment
                    && cause.kind == event.outcome
                    && Some(&cause.cause) == event.code.as_ref()
            });
            let subject =
                Subject { source: Some(event.source.as_str()), environment: Some(event.environment.as_str()) };
            cures.extend(of_event.map(|cause| clean(&with_commands_for(subject, &cause.what_to_do))));
            if event.retry_at.is_some() {
                cures.push("wait: the server tries it again by itself".to_owned());
            } else if event.rerun_as.is_empty() {
                cures.push(format!("once the cause is gone: inlet event replay {id}"));
            }
        }
        "skipped" => cures.push(format!(
            "nobody of its recipients is identified: identify them (an identify event, `inlet user import`), or let the \
             mapping do it with a recipient such as {{\"id\": \"user_id\", \"email\": \"data.email\"}}, then inlet event replay {id}"
        )),
        "logged" => {
            let matches = trace.rehearsed.as_ref().is_some_and(|item| item.mappings.iter().any(|found| found.matched));
            cures.push(match matches {
                true => format!("a mapping matches it now: inlet event replay {id}"),
                false => format!(
                    "if something should happen: inlet mapping set {at} --event {} --action workflows_trigger \
                     --param 'key={{\"value\":\"KEY\"}}', then inlet event replay {id}",
                    quoted(&clean(&event.event_type))
                ),
            });
        }
        "replayed" => {
            cures.push(format!("nothing; to execute it once more all the same: inlet event replay {id} --force"))
        }
        _ => {}
    }
    let status = event.verification_status.as_str();
    if matches!(status, "failed" | "missing") {
        cures.push(format!(
            "it was taken without a proof of who sent it: check the secret (inlet source set {at} --secret-file FILE), then \
             enforce it (--setting enforce_verification=true)"
        ));
    }
    let deliveries = event.deliveries.as_deref().unwrap_or_default();
    if deliveries.is_empty() && has_run(event) {
        cures.push(format!(
            "its run is not sent, for want of a target: inlet target set KEY --env {} --kind webhook --url URL",
            event.environment
        ));
    }
    for delivery in deliveries.iter().filter(|delivery| delivery.status == DeliveryStatus::Dead) {
        cures.push(format!(
            "the target {} did not take it: look at inlet delivery show {} --env {}, then inlet delivery redrive {} --env {}",
            delivery.target, delivery.id, event.environment, delivery.id, event.environment
        ));
    }
    cures
}

/// Returns a text as one word of a shell: whoever pastes the command runs nothing that a sender wrote.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_sender_cannot_add_a_command() {
        assert_eq!(quoted("track/Order"), "'track/Order'");
        assert_eq!(quoted("a'; reboot; '"), r"'a'\''; reboot; '\'''");
    }
}
