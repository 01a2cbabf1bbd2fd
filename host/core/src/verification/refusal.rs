//! The causes for which requests are refused: what each means, and its cure. For operators only; senders never learn it.

/// A cause for which requests are refused, as it is stored and named in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalCause {
    /// The name.
    pub name: &'static str,
    /// The fault that was found, as a part of a sentence.
    pub meaning: &'static str,
    /// The cure: what to do so that later requests are accepted, and what becomes of those that were refused.
    pub what_to_do: &'static str,
    /// True if a refused request can be verified again. A body that could not be read cannot.
    pub is_verifiable: bool,
}

const fn verifiable(name: &'static str, meaning: &'static str, what_to_do: &'static str) -> RefusalCause {
    RefusalCause { name, meaning, what_to_do, is_verifiable: true }
}

/// The table of all causes. Status, rehearsals and the list of refused requests read it.
pub const REFUSAL_CAUSES: &[RefusalCause] = &[
    verifiable(
        "failed",
        "the credential is not what the signing secret gives for this body",
        "compare the signing secret with the sender's and correct it, or let the proxy that rewrites bodies pass them \
         unchanged; then POST …/refused/verify",
    ),
    verifiable(
        "missing",
        "the request carries no credential, and verification is enforced",
        "let the sender sign its requests, with the credential in the header that the source names; requests that are not \
         the sender's are dismissed with POST …/refused/dismiss",
    ),
    verifiable(
        "not_configured",
        "verification is enforced, and there is nothing to verify with",
        "set signing_secret, then POST …/refused/verify",
    ),
    verifiable(
        "doubled",
        "the credential's header came more than once",
        "find the proxy or the setting of the sender that adds the header a second time, and remove it; these requests \
         verify no more, so let the sender send them again, then POST …/refused/dismiss",
    ),
    verifiable(
        "malformed",
        "the credential's headers cannot be read: a signature, a time or an id has not the form that the platform gives it",
        "check that the source is of the sender's platform, and that the header is the right one and holds a signature and \
         not the secret; then let the sender send again, and POST …/refused/dismiss",
    ),
    verifiable(
        "stale",
        "the signature is right, and its time is too far from now",
        "compare this server's clock and the sender's (NTP), and look for a queue or proxy that holds requests back; an old \
         time does not become fresh, so let the sender sign and send again, then POST …/refused/dismiss",
    ),
    verifiable(
        "no_public_url",
        "the platform signs the URL that it calls, and this server does not know its own",
        "set public_url in the server's configuration to the URL of this server that the sender was given, without the endpoint's \
         path, and restart the server; then POST …/refused/verify",
    ),
    RefusalCause {
        name: "wrong_verify_token",
        meaning: "the platform asked for the endpoint's confirmation with another verify token than is set here, or none is set",
        what_to_do: "compare the verify token of the platform's page with the one that the source's plugin names, and let the \
                     platform ask again; then POST …/refused/dismiss",
        is_verifiable: false,
    },
    verifiable(
        "reused",
        "its signed bytes were accepted before, and may come from somebody who captured them",
        "nothing is lost: the request with these bytes is in the log; if the sender means a new one, let it sign another time \
         or id; then POST …/refused/dismiss",
    ),
    verifiable(
        "partly_signed",
        "only the first item of the batch is signed",
        "let the sender send single items, or set trust_unsigned_batch_items to accept the others too; then \
         POST …/refused/verify",
    ),
    verifiable(
        "wrong_write_key",
        "the request carries another write key than the source has, or several that differ",
        "compare the write key of the SDK with the source's write_key and correct one of them; then POST …/refused/verify",
    ),
    verifiable(
        "missing_write_key",
        "the request carries no write key, and verification is enforced",
        "let the sender send the write key: as the user name of HTTP Basic, as ?writeKey=, or as writeKey in the body; requests \
         that are not the sender's are dismissed with POST …/refused/dismiss",
    ),
    verifiable(
        "unreadable_write_key",
        "the request carries a credential that is no write key: another authorization than HTTP Basic with an empty password, or \
         a writeKey that is not a string",
        "let the sender send the write key as the user name of HTTP Basic with an empty password, as ?writeKey=, or as writeKey \
         in the body, and nothing else; let it send again, then POST …/refused/dismiss",
    ),
    RefusalCause {
        name: "not_gzip",
        meaning: "the body is announced as gzip and cannot be inflated",
        what_to_do: "let the sender compress what it announces as compressed, or find the proxy that inflates bodies and \
                     keeps the header content-encoding; let it send again, then POST …/refused/dismiss",
        is_verifiable: false,
    },
];

impl RefusalCause {
    /// Returns the cause of that name.
    pub fn named(name: &str) -> Option<&'static RefusalCause> {
        REFUSAL_CAUSES.iter().find(|cause| cause.name == name)
    }

    /// Returns the cure for a cause; for one that an earlier version stored, the way to look at it.
    pub fn what_to_do_about(name: &str) -> &'static str {
        Self::named(name).map_or(
            "look at one with GET …/refused/{id}; then POST …/refused/verify or …/refused/dismiss",
            |cause| cause.what_to_do,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_a_cure_of_its_own() {
        let names: Vec<_> = REFUSAL_CAUSES.iter().map(|cause| cause.name).collect();
        for (at, cause) in REFUSAL_CAUSES.iter().enumerate() {
            let others = || REFUSAL_CAUSES.iter().skip(at + 1);
            assert!(
                others().all(|other| other.name != cause.name && other.what_to_do != cause.what_to_do),
                "{names:?}"
            );
            // Only what was refused for its secret is cured by another secret.
            let names_secret = cause.what_to_do.contains("compare the signing secret");
            assert_eq!(names_secret, cause.name == "failed", "{}", cause.name);
            assert!(!cause.is_verifiable || cause.what_to_do.contains("POST …/refused/"), "{}", cause.name);
        }
    }
}
