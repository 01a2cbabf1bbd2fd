//! Committing: the items become durable, and are executed, in one transaction.

use std::collections::HashSet;

use inlet_core::{
    log::Outcome,
    settle::{Job, Prepared},
    verification::Nonce,
};
use inlet_store::{CommitError, CommitExtras, Hold, Settled};

use super::error::IngestError;
use crate::{Engine, Happening, snapshot::Endpoint};

/// The reason why items were not committed.
pub(super) enum NotCommitted {
    /// Verification refuses the request, for this cause.
    Refused(&'static str),
    /// The request is not accepted.
    Error(IngestError),
}

impl From<IngestError> for NotCommitted {
    fn from(error: IngestError) -> Self {
        Self::Error(error)
    }
}

/// Commits items, with the request that their repair will need. `hold` is kept until they are written or dropped. If the
/// same signed bytes were taken before, the items are those of the first time.
pub(super) async fn commit(
    engine: &Engine,
    endpoint: &Endpoint,
    items: Vec<Prepared>,
    nonce: Option<Nonce>,
    extras: Option<Box<CommitExtras>>,
    hold: Hold,
) -> Result<Vec<Settled>, NotCommitted> {
    let not_accepted = NotAcceptedItems::among(&items);
    let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items, nonce };
    let settled = engine.store.commit_for_sender(job, extras, hold).await.map_err(|error| match error {
        CommitError::Overloaded { .. } => IngestError::Overloaded.into(),
        CommitError::Reused => NotCommitted::Refused("reused"),
        CommitError::Forgotten(_) => NotCommitted::Refused("stale"),
        // The writer logs the error itself.
        _ => {
            engine.notice(endpoint.notice(Happening::NotStored, "storage_unavailable"));
            IngestError::NotStored.into()
        }
    })?;
    count_outcomes(engine, endpoint, not_accepted, &settled);
    Ok(settled)
}

/// The most codes of one request that are noticed. Its plugin chooses them.
const MAX_CODES: usize = 8;
/// The longest code that is logged.
const MAX_CODE_BYTES: usize = 64;
/// Stands in the log for all other codes.
const OTHER: &str = "other";

/// The kinds of items of a request that failed or were rejected, each once.
pub(crate) struct NotAcceptedItems(Vec<(Happening, String)>);

impl NotAcceptedItems {
    /// Finds them among the items that no plan can change any more.
    pub(crate) fn among(items: &[Prepared]) -> Self {
        let decided = items.iter().filter(|item| item.plan.is_none());
        Self::of(decided.filter_map(|item| Some((happening(item.log.outcome)?, item.log.code.as_deref()))))
    }

    fn of<'a>(items: impl Iterator<Item = (Happening, Option<&'a str>)>) -> Self {
        let mut kinds = HashSet::new();
        for (happening, code) in items {
            let kind = (happening, logged_code(code.unwrap_or_default()));
            let has_room = kinds.len() < MAX_CODES || kinds.contains(&kind);
            kinds.insert(if has_room { kind } else { (happening, OTHER) });
        }
        Self(kinds.into_iter().map(|(happening, code)| (happening, code.to_owned())).collect())
    }
}

/// Returns the code if it is a plain word, so that a plugin cannot write sentences or line breaks to the log.
fn logged_code(code: &str) -> &str {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    match (1..=MAX_CODE_BYTES).contains(&code.len()) && code.bytes().all(is_plain) {
        true => code,
        false => OTHER,
    }
}

fn happening(outcome: Outcome) -> Option<Happening> {
    match outcome {
        Outcome::Failed => Some(Happening::Failed),
        Outcome::Rejected => Some(Happening::Rejected),
        _ => None,
    }
}

/// Counts the outcomes of committed items, and notices those that failed or were rejected.
pub(crate) fn count_outcomes(
    engine: &Engine,
    endpoint: &Endpoint,
    not_accepted: NotAcceptedItems,
    settled: &[Settled],
) {
    endpoint.meters.settled(settled);
    for (happening, code) in &not_accepted.0 {
        engine.notice(endpoint.notice(*happening, code));
    }
    if not_accepted.0.is_empty() && settled.iter().any(|item| item.outcome == Outcome::Failed) {
        engine.notice(endpoint.notice(Happening::Failed, "action_failed"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noticed<'a>(codes: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let NotAcceptedItems(kinds) =
            NotAcceptedItems::of(codes.into_iter().map(|code| (Happening::Rejected, Some(code))));
        let mut codes: Vec<String> = kinds.into_iter().map(|(_, code)| code).collect();
        codes.sort();
        codes
    }

    #[test]
    fn each_code_is_noticed_once_and_at_most_eight_of_a_request() {
        assert_eq!(noticed(["no_user", "no_time", "no_user"]), ["no_time", "no_user"]);
        let many: Vec<String> = (0..20_000).map(|number| format!("code_{number}")).collect();
        let noticed = noticed(many.iter().map(String::as_str));
        assert_eq!(noticed.len(), MAX_CODES + 1);
        assert_eq!((noticed[0].as_str(), noticed[MAX_CODES].as_str()), ("code_0", OTHER));
    }

    #[test]
    fn a_code_that_is_no_plain_word_is_not_logged() {
        let long = "x".repeat(MAX_CODE_BYTES + 1);
        assert_eq!(noticed(["a\nERROR forged", "No User", "", "é", &long]), [OTHER]);
        assert_eq!(noticed([&long[1..]]), [&long[1..]]);
    }
}
