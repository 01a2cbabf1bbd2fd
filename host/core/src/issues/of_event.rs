//! The causes of an event that failed.

use super::{Blamed, IssueKey, IssuePlace, IssueStage};
use crate::{
    log::{ACTION_FAILED, Outcome, Status},
    settle::{Prepared, Settlement},
};

/// Returns the causes of an item that failed or was rejected, at most `limit`: one for each action in error, or the one that
/// kept it from having actions. The first is the decisive one. `plugin` is the database id of the plugin's version.
pub fn keys_of_event<'a>(
    source_environment: i64,
    item: &'a Prepared,
    settlement: &'a Settlement,
    plugin: i64,
    limit: usize,
) -> Vec<IssueKey<'a>> {
    let place = IssuePlace::SourceEnvironment(source_environment);
    let code = item.log.code.as_deref();
    match (settlement.outcome, &item.plan) {
        (Outcome::Rejected, _) => {
            vec![IssueKey::new(place, IssueStage::Read, code.unwrap_or_default(), Blamed::Nobody)]
        }
        (Outcome::Failed, None) => {
            vec![IssueKey::new(place, IssueStage::Translate, code.unwrap_or_default(), Blamed::Plugin(plugin))]
        }
        (Outcome::Failed, Some(_)) => {
            let failed = settlement.actions.iter().filter(|action| action.status == Status::Error);
            let mut keys: Vec<IssueKey<'a>> = Vec::new();
            for action in failed {
                let blamed = action.mapping.map_or(Blamed::Action(action.action_type.as_str()), Blamed::Mapping);
                let key = IssueKey::new(place, IssueStage::Act, ACTION_FAILED, blamed);
                if keys.len() < limit && !keys.contains(&key) {
                    keys.push(key);
                }
            }
            keys
        }
        _ => Vec::new(),
    }
}
