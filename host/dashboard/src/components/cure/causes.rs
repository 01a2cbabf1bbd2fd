//! The table of causes.

use super::{ACKNOWLEDGE, Cause, Cure, Send, Step};
use crate::{components::without_routes::without_routes, html::url_part};

/// Returns the cure of a cause of a source's status.
pub(super) fn cure(cause: &Cause<'_>) -> Cure {
    match cause.kind {
        "refused" => of_refusal(cause),
        "failed" => of_failure(cause),
        "rejected" => with_repair(
            cause,
            Cure::new(
                "These items could not be read as events. Read the reason, correct the sender or the source's settings, then run \
                 them again.",
            ),
        ),
        _ => Cure::new(of_api(cause)),
    }
}

/// Returns what the API says about a cause that the dashboard does not know, in words for people.
fn of_api(cause: &Cause<'_>) -> String {
    match without_routes(cause.what_to_do) {
        left if left.is_empty() => "Look at the newest of them for the reason.".to_owned(),
        left => left,
    }
}

fn of_refusal(cause: &Cause<'_>) -> Cure {
    let then_sent_again = |sentence: &str| Cure::new(sentence).then(delete(cause));
    match cause.code {
        "failed" => Cure::new(
            "The signing secret is not the sender's, or a proxy changes the body. Set the right secret, and these requests are \
             verified again.",
        )
        .then(set_secret(cause))
        .then(verify_again(cause))
        .then(delete(cause)),
        "not_configured" => Cure::new(
            "There is no signing secret to verify with. Set it, and these requests are verified again.",
        )
        .then(set_secret(cause))
        .then(delete(cause)),
        "missing" => then_sent_again(
            "The requests are not signed. Switch signing on at the sender, and delete the requests that are not the sender's.",
        ),
        "doubled" => then_sent_again(
            "The signature header came twice. Find the proxy or the setting that adds it a second time, and let the sender send \
             again.",
        ),
        "malformed" => then_sent_again(
            "The signature has not the form of this platform. Check that the source is of the sender's platform, and let it send \
             again.",
        ),
        "stale" => then_sent_again(
            "The signature is right but too old. Compare the clocks of the sender and of this server, and let it send again.",
        ),
        "no_public_url" => Cure::new(
            "The platform signs the URL that it calls, and this server does not know its own. Set public_url in the server's \
             configuration and restart it; then these requests are verified again.",
        )
        .then(verify_again(cause))
        .then(delete(cause)),
        "wrong_verify_token" => then_sent_again(
            "The platform asked for a confirmation with another verify token than the source has. Compare the two, and let the \
             platform ask again.",
        ),
        "reused" => then_sent_again("The same signed request was taken before, so nothing is lost."),
        "partly_signed" => Cure::new(
            "Only the first item of these batches is signed. Accept the other items too, or let the sender send single items.",
        )
        .then(send("Accept all items", cause.path("trust-batches"), cause))
        .then(delete(cause)),
        "wrong_write_key" => Cure::new(
            "The write key is not the source's. Set the right one here or in the SDK, and these requests are verified again.",
        )
        .then(enter("Set write key", cause.path("write-key"), ("write_key", "Write key")))
        .then(verify_again(cause))
        .then(delete(cause)),
        "missing_write_key" => then_sent_again(
            "The requests carry no write key. Let the SDK send it, and delete the requests that are not the sender's.",
        ),
        "unreadable_write_key" => then_sent_again(
            "The requests carry a credential that is no write key. Let the SDK send the write key alone, and send again.",
        ),
        "not_gzip" => then_sent_again(
            "The bodies are announced as gzip and are not. Find the proxy that unpacks them, and let the sender send again.",
        ),
        _ => Cure::new(of_api(cause)).then(verify_again(cause)).then(delete(cause)),
    }
}

fn of_failure(cause: &Cause<'_>) -> Cure {
    let of_api = of_api(cause);
    let sentence = match cause.code {
        "action_failed" => {
            "An action of a mapping could not be carried out. Read the reason, correct the mapping, then run the events again."
        }
        "delivery_dead" => {
            let cure =
                Cure::new("A target did not take the deliveries of these events. Correct the target, then retry them.");
            let deliveries = format!("/e/{}/deliveries", url_part(cause.environment));
            // Deliveries cannot be retried by source, so the page counts those of the whole environment first.
            let retry = Step::Change { label: "Retry deliveries…", href: format!("{deliveries}/~retry?status=dead") };
            let answers = Step::Link { label: "See the answers", href: format!("{deliveries}?status=dead") };
            return with_logs(cause, cure.then(retry).then(answers)).then(acknowledge(cause));
        }
        "delivery_failing" => {
            return Cure::new(
                "A target does not take deliveries. They are tried again; correct the target if it goes on.",
            );
        }
        "quarantined" => {
            "The plugin failed on most requests and is not run now. Use the previous version, or wait until it works again; then \
             run the events again."
        }
        "time" => "The plugin took too long. Raise its limit or use another version, then run the events again.",
        "memory" => {
            "The plugin needed too much memory. Raise its limit or use another version, then run the events again."
        }
        "lifted" => "The plugin returned too much data. Use another version, then run the events again.",
        "shape" => {
            "The plugin returned something that is no translation. Use another version, then run the events again."
        }
        "trap" => "The plugin crashed. Use another version, then run the events again.",
        "busy" => "No sandbox was free. Run the events again.",
        "too_many_items" => {
            "The requests hold more items than the source takes. Raise its limit, or let the sender send smaller batches; then run \
             them again."
        }
        _ => &of_api,
    };
    let is_of_plugin = matches!(cause.code, "quarantined" | "time" | "memory" | "lifted" | "shape" | "trap");
    let cure = Cure::new(sentence);
    with_repair(
        cause,
        match is_of_plugin {
            true => cure.then(Step::Change { label: "Use previous version…", href: cause.path("previous-plugin") }),
            false => cure,
        },
    )
}

fn with_logs(cause: &Cause<'_>, cure: Cure) -> Cure {
    cure.then(Step::Link { label: "See the events", href: cause.logs() })
}

fn with_repair(cause: &Cause<'_>, cure: Cure) -> Cure {
    let cure = cure.then(send("Run again", cause.path("replay"), cause));
    with_logs(cause, cure).then(acknowledge(cause))
}

fn acknowledge(cause: &Cause<'_>) -> Step {
    send(ACKNOWLEDGE, cause.path("acknowledge"), cause)
}

/// The page of the refused requests, which counts those of the cause and asks for the source's key.
fn delete(cause: &Cause<'_>) -> Step {
    Step::Change { label: "Delete requests…", href: cause.refused() }
}

fn verify_again(cause: &Cause<'_>) -> Step {
    send("Verify again", cause.path("verify"), cause)
}

fn set_secret(cause: &Cause<'_>) -> Step {
    enter("Set secret", cause.path("secret"), ("signing_secret", "Signing secret"))
}

fn send(label: &'static str, action: String, cause: &Cause<'_>) -> Step {
    let fields = vec![("kind", cause.kind.to_owned()), ("code", cause.code.to_owned())];
    Step::Send(Send { label, action, fields, secret: None })
}

fn enter(label: &'static str, action: String, secret: (&'static str, &'static str)) -> Step {
    Step::Send(Send { label, action, fields: Vec::new(), secret: Some(secret) })
}

#[cfg(test)]
mod tests {
    use inlet_core::verification::REFUSAL_CAUSES;

    use super::*;

    const API: &str = "read the reasons, then POST …/replays";
    const FOR_PEOPLE: &str = "read the reasons";

    fn cause<'a>(kind: &'a str, code: &'a str) -> Cause<'a> {
        Cause { environment: "production", source: "shop", kind, code, what_to_do: API }
    }

    #[test]
    fn every_cause_that_the_server_knows_has_a_sentence_without_words_of_the_api() {
        let refusals = REFUSAL_CAUSES.iter().map(|cause| ("refused", cause.name));
        let failures = [
            "action_failed",
            "delivery_dead",
            "quarantined",
            "time",
            "memory",
            "lifted",
            "shape",
            "trap",
            "busy",
            "too_many_items",
        ];
        let all = refusals.chain(failures.map(|code| ("failed", code))).chain([("rejected", "no_type")]);
        let mut sentences = std::collections::HashSet::new();
        for (kind, code) in all {
            let cure = cause(kind, code).cure();
            assert!(
                !cure.sentence.contains("POST") && !cure.sentence.contains('…'),
                "{kind} {code}: {}",
                cure.sentence
            );
            assert!(!cure.steps.is_empty(), "{kind} {code}");
            assert!(sentences.insert(cure.sentence), "{kind} {code} says what another cause says");
        }
    }

    #[test]
    fn an_unknown_code_falls_back_to_the_sentence_of_the_api_without_its_routes() {
        assert_eq!(cause("failed", "of_a_later_version").cure().sentence, FOR_PEOPLE);
        assert_eq!(cause("refused", "of_a_later_version").cure().sentence, FOR_PEOPLE);
        assert_eq!(cause("of_a_later_version", "x").cure(), Cure::new(FOR_PEOPLE));
        let only = Cause { what_to_do: "POST …/replays", ..cause("failed", "x") };
        assert_eq!(only.cure().sentence, "Look at the newest of them for the reason.");
    }

    #[test]
    fn names_cannot_leave_their_part_of_an_address() {
        let cause = Cause { environment: "../x", source: "a/b?", kind: "failed", code: "a&b", what_to_do: API };
        assert_eq!(cause.path("replay"), "/e/%2E%2E%2Fx/sources/a%2Fb%3F/cures/replay");
        assert_eq!(cause.logs(), "/e/%2E%2E%2Fx/logs?source=a%2Fb%3F&outcome=failed&code=a%26b");
    }
}
