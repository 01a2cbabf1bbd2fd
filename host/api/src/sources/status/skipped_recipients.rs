//! The recipients that the triggers of a source left out because they are not identified.

use inlet_api_types::sources;
use inlet_core::Uuid;
use inlet_store::SkippedRecipients;

/// The replacement of an id in an environment that hides personal data.
const HIDDEN: &str = "…";

/// The sum over environments of skipped recipients.
#[derive(Default)]
pub struct SkippedTally {
    count: i64,
    last: Vec<(Uuid, String)>,
}

impl SkippedTally {
    /// Adds the skipped recipients of one environment.
    pub fn add(&mut self, skipped: SkippedRecipients, hides_personal_data: bool) {
        self.count += skipped.count;
        let shown = |(event, id)| (event, if hides_personal_data { HIDDEN.to_owned() } else { id });
        self.last.extend(skipped.last.into_iter().map(shown));
    }

    /// Returns the response, with the last recipient first.
    pub fn into_response(mut self) -> sources::SkippedRecipients {
        // Stable: the recipients of one event stay in order.
        self.last.sort_by_key(|(event, _)| std::cmp::Reverse(*event));
        let mut last_ids: Vec<String> = self.last.into_iter().map(|(_, id)| id).collect();
        last_ids.truncate(SkippedRecipients::MAX_LAST);
        sources::SkippedRecipients { count: self.count, last_ids }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(count: i64, last: &[(u128, &str)]) -> SkippedRecipients {
        let last = last.iter().map(|(event, id)| (Uuid::from_u128(*event), (*id).to_owned())).collect();
        SkippedRecipients { count, last }
    }

    #[test]
    fn the_last_of_all_environments_come_first_and_hidden_ones_have_no_id() {
        let mut tally = SkippedTally::default();
        tally.add(skipped(7, &[(5, "b"), (5, "c"), (1, "a")]), false);
        tally.add(skipped(2, &[(3, "x")]), true);
        let response = tally.into_response();
        assert_eq!((response.count, response.last_ids), (9, vec!["b".into(), "c".into(), "…".into(), "a".into()]));
        assert_eq!(SkippedTally::default().into_response(), sources::SkippedRecipients::default());
    }
}
