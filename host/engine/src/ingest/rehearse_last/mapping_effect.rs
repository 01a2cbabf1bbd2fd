//! The effect of one mapping on many rehearsed events.

use std::collections::{BTreeMap, HashSet};

use inlet_core::{Uuid, log::Status, settle::Settlement};

/// The most distinct recipients that are counted for one mapping.
const MAX_RECIPIENTS: usize = 100_000;

/// The effect that a mapping would have had.
#[derive(Debug, Default)]
pub struct MappingEffect {
    /// The number of items that it applied to.
    pub items: usize,
    /// The number of its actions that would have succeeded.
    pub successful: usize,
    /// The number of its actions that would have been skipped.
    pub skipped: usize,
    /// The number of its actions that would have failed.
    pub failed: usize,
    /// The number of workflow runs.
    pub runs: usize,
    /// The distinct recipients of these runs: collection and id.
    recipients: HashSet<(Option<String>, String)>,
    /// True if there are more distinct recipients than are counted.
    pub has_more_recipients: bool,
}

impl MappingEffect {
    /// Adds what the mappings do with one item.
    pub(super) fn add(effects: &mut BTreeMap<Uuid, Self>, settlement: &Settlement) {
        for action in &settlement.actions {
            let Some(mapping) = action.mapping else { continue };
            let effect = effects.entry(mapping).or_default();
            effect.items += 1;
            match action.status {
                Status::Success => effect.successful += 1,
                Status::Skipped => effect.skipped += 1,
                Status::Error => effect.failed += 1,
            }
        }
        for run in settlement.runs() {
            let Some(effect) = run.mapping.and_then(|mapping| effects.get_mut(&mapping)) else { continue };
            effect.runs += 1;
            for recipient in &run.recipients {
                let recipient = (recipient.collection.clone(), recipient.id.clone());
                match effect.recipients.len() < MAX_RECIPIENTS || effect.recipients.contains(&recipient) {
                    true => _ = effect.recipients.insert(recipient),
                    false => effect.has_more_recipients = true,
                }
            }
        }
    }

    /// The number of distinct recipients of the runs.
    pub fn recipients(&self) -> usize {
        self.recipients.len()
    }
}
