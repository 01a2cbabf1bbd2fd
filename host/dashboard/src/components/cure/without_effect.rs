//! The cures of what came and had no effect, although nothing failed.

use super::{ACKNOWLEDGE, Cure, Send, Step};
use crate::{components::without_routes::without_routes, html::url_part};

/// Returns the cure of requests whose URL leads to no source. `message` is the answer that they got. They come to no
/// environment, so only who sees all of them acknowledges them.
pub fn of_wrong_url(cause: &str, message: &str, may_acknowledge: bool) -> Cure {
    let wrong = wrong_url(cause, message);
    let cure = Cure::new(format!("{wrong} What is sent there is lost, unless the sender sends it again."))
        .then(Step::Link { label: "Choose the source", href: "/sources".to_owned() });
    if !may_acknowledge {
        return cure;
    }
    cure.then(Step::Send(Send {
        label: ACKNOWLEDGE,
        action: "/cures/wrong-url".to_owned(),
        fields: vec![("code", cause.to_owned())],
        secret: None,
    }))
}

/// Returns what is wrong with the URL of requests that lead to no source, and what to do about it. `message` is the answer that
/// they got, for a cause that the dashboard does not know.
pub fn wrong_url(cause: &str, message: &str) -> String {
    let known = match cause {
        "doubled_slash" => {
            "The URL has a slash too many. Look for a base URL that ends in a slash, at the sender and in the proxy, or enter the \
             URL of the source again."
        }
        "prefixed_endpoint" => {
            "Something stands before /integrations/receive/ in the URL. Let the proxy remove the prefix that it adds, or enter the \
             URL of the source at the sender."
        }
        "capitals" => {
            "The URL is written in capitals, and only lower case leads to a source. Enter the URL of the source exactly as it is \
             shown."
        }
        "no_token" => "The URL ends before the token of the source. Enter the whole URL of the source at the sender.",
        "admin_listener" => {
            "The URL leads to the dashboard's own address, which takes no webhooks. Enter the URL of the source at the sender."
        }
        "unknown_endpoint" => {
            "The token in the URL is that of no source: the source was deleted, or its URL was replaced or cut short. Enter the URL \
             of the source at the sender."
        }
        _ => {
            let reason = Some(without_routes(message)).filter(|left| !left.is_empty());
            let reason = reason.map(|left| format!(": {left}")).unwrap_or_default();
            return format!("The URL leads to no source{reason}. Enter the URL of the source at the sender.");
        }
    };
    known.to_owned()
}

/// Returns the cure of a workflow whose runs no target takes.
pub fn of_workflow(environment: &str, workflow: &str) -> Cure {
    let [environment, workflow] = [environment, workflow].map(url_part);
    Cure::new(
        "No target takes the runs of this workflow, so they are kept and sent nowhere. Add a target; the runs that are made from \
         then on go to it.",
    )
    .then(Step::Change { label: "Add target", href: format!("/e/{environment}/targets/~new") })
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
    .then(Step::Change { label: "Identify users", href: format!("/e/{environment}/sources/{source}/settings") })
    .then(Step::Link { label: "Mappings", href: format!("/e/{environment}/sources/{source}/mappings") })
}

/// Returns the cure of event types that no mapping matches.
pub fn of_unmapped(environment: &str, source: &str, event_types: &[String]) -> Cure {
    let place = format!("/e/{}/sources/{}", url_part(environment), url_part(source));
    let step = match event_types {
        [only] => {
            let href = format!("{place}/mappings/new?event_type={}", url_part(only));
            Step::Change { label: "Create mapping", href }
        }
        _ => Step::Change { label: "Create mappings", href: format!("{place}/events") },
    };
    Cure::new(
        "No mapping that is on matches these events, so they are only logged. Create one, or switch one on, if something shall \
         happen.",
    )
    .then(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_of_a_wrong_url_has_a_sentence_of_the_dashboards_own() {
        let causes =
            ["unknown_endpoint", "prefixed_endpoint", "admin_listener", "doubled_slash", "capitals", "no_token"];
        let mut sentences = std::collections::HashSet::new();
        for cause in causes {
            let sentence = wrong_url(cause, "of the API");
            assert!(!sentence.contains("of the API") && !sentence.contains("/v1/"), "{cause}: {sentence}");
            assert!(sentences.insert(sentence), "{cause} says what another cause says");
        }
        let later = wrong_url("of_a_later_version", "it has two tokens; GET /v1/sources shows the right one");
        assert_eq!(later, "The URL leads to no source: it has two tokens. Enter the URL of the source at the sender.");
    }

    #[test]
    fn steps_that_change_something_are_told_apart() {
        let is_change = |cure: &Cure| {
            let steps = cure.steps.iter().map(|step| matches!(step, Step::Change { .. }));
            steps.collect::<Vec<_>>()
        };
        assert_eq!(is_change(&of_workflow("eu", "order")), [true, false]);
        assert_eq!(is_change(&of_nobody("eu", "shop")), [false, true, false]);
        assert_eq!(is_change(&of_unmapped("eu", "shop", &["Paid".to_owned()])), [true]);
        assert_eq!(is_change(&of_wrong_url("capitals", "", false)), [false]);
        assert_eq!(is_change(&of_wrong_url("capitals", "", true)), [false, false]);
    }
}
