//! The cures of what came and had no effect, although nothing failed.

use super::{Cure, Step};
use crate::html::url_part;

/// Returns the cure of requests whose URL leads to no source. `message` is the answer that they got.
pub fn of_wrong_url(message: &str) -> Cure {
    let sentence = format!(
        "Requests came to a URL that leads to no source, so they are lost: {message}. Copy the URL of the source again, and enter \
         it at the sender."
    );
    Cure::new(sentence).then(Step::Link { label: "Copy the URL", href: "/sources".to_owned() })
}

/// Returns the cure of a workflow whose runs no target takes.
pub fn of_workflow(environment: &str, workflow: &str) -> Cure {
    let [environment, workflow] = [environment, workflow].map(url_part);
    Cure::new(
        "No target takes the runs of this workflow, so they are kept and sent nowhere. Add a target; the runs that are made from \
         then on go to it.",
    )
    .then(Step::Link { label: "Add target", href: format!("/e/{environment}/targets/~new") })
    .then(Step::Link { label: "See the runs", href: format!("/e/{environment}/runs?workflow={workflow}") })
}

/// Returns the cure of events whose actions had nobody to reach.
pub fn of_nobody(environment: &str, source: &str) -> Cure {
    let [environment, source] = [environment, source].map(url_part);
    Cure::new(
        "Mappings matched these events, but the users that they name are not known, or they name none. Read the reason in an event. \
         Let the source identify users, or correct the recipients of the mapping.",
    )
    .then(Step::Link {
        label: "See the events",
        href: format!("/e/{environment}/logs?source={source}&outcome=skipped"),
    })
    .then(Step::Link { label: "Identify users", href: format!("/e/{environment}/sources/{source}/settings") })
    .then(Step::Link { label: "Mappings", href: format!("/e/{environment}/sources/{source}/mappings") })
}

/// Returns the cure of event types that no mapping matches.
pub fn of_unmapped(environment: &str, source: &str, event_types: &[String]) -> Cure {
    let place = format!("/e/{}/sources/{}", url_part(environment), url_part(source));
    let step = match event_types {
        [only] => {
            Step::Link { label: "Create mapping", href: format!("{place}/mappings/new?event_type={}", url_part(only)) }
        }
        _ => Step::Link { label: "Create mappings", href: format!("{place}/events") },
    };
    Cure::new(
        "No mapping that is on matches these events, so they are only logged. Create one, or switch one on, if something shall \
         happen.",
    )
    .then(step)
}
