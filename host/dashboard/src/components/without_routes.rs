//! Sentences of the API without the API's routes: a page has its own buttons and links for them.

/// The words before a route.
const METHODS: [&str; 5] = ["GET ", "POST ", "PUT ", "PATCH ", "DELETE "];

/// Returns a sentence without the clauses that name a route of the API. It is empty if nothing else is left.
pub fn without_routes(sentence: &str) -> String {
    let kept: Vec<&str> = sentence.split("; ").map(before_route).filter(|clause| !clause.is_empty()).collect();
    match kept.is_empty() {
        false => kept.join("; "),
        // All that there is to do stands in one clause.
        true => {
            let steps = sentence.split(", ").take_while(|step| route(step).is_none());
            steps.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Returns a clause up to the colon before its route; nothing if there is no colon.
fn before_route(clause: &str) -> &str {
    match route(clause) {
        None => clause,
        Some(at) => clause[..at].rfind(": ").map_or("", |colon| &clause[..colon]),
    }
}

/// Returns the position of the first route.
fn route(text: &str) -> Option<usize> {
    let places = METHODS.iter().flat_map(|method| {
        text.match_indices(method).filter(|(at, _)| text[at + method.len()..].starts_with(['/', '…'])).map(|(at, _)| at)
    });
    places.min()
}

#[cfg(test)]
mod tests {
    use inlet_core::{operational::OperationalEventType, verification::REFUSAL_CAUSES};

    use super::*;

    #[test]
    fn what_is_left_is_for_people() {
        for (sentence, left) in [
            ("it waits; let it run again with POST /v1/targets/crm/resume", "it waits"),
            (
                "nothing is deleted: GET /v1/deliveries says why, and POST /v1/deliveries/discard cancels it",
                "nothing is deleted",
            ),
            ("it jumped; if the clock is right, POST /v1/clock/accept takes it; wait", "it jumped; wait"),
            (
                "read the reasons, correct the mappings, then replay them with POST …/replays",
                "read the reasons, correct the mappings",
            ),
            ("POST …/verify", ""),
            ("let the sender POST again", "let the sender POST again"),
            ("Größe; then GET …/é", "Größe"),
        ] {
            assert_eq!(without_routes(sentence), left);
        }
    }

    #[test]
    fn no_advice_of_the_server_keeps_a_route() {
        let events = OperationalEventType::ALL.into_iter().map(OperationalEventType::what_to_do);
        for advice in REFUSAL_CAUSES.iter().map(|cause| cause.what_to_do).chain(events) {
            let left = without_routes(advice);
            assert!(route(&left).is_none() && !left.contains("/v1/") && !left.contains('…'), "{advice}: {left}");
        }
    }
}
