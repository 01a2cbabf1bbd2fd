//! The recipients that triggers wait for.

use std::sync::Arc;

use inlet_core::{
    ByteString, Uuid,
    effect::Effect,
    parked::{MAX_RELEASED_AT_ONCE, ParkedTrigger, WaitingTrigger},
    recipient::RecipientKey,
    world::{Needs, World},
};

/// Recipients with the triggers that wait for them, the oldest first.
#[derive(Default)]
pub struct ParkedRecipients(Vec<(RecipientKey, WaitingTrigger)>);

impl ParkedRecipients {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Parks a recipient for the trigger of an event.
    pub fn park(&mut self, recipient: RecipientKey, event: Uuid) {
        let trigger = ParkedTrigger {
            event,
            mapping: None,
            workflow: "k".to_owned(),
            actor: None,
            tenant: None,
            data: ByteString::from_static("{}"),
            cancellation_key: None,
            targets: None,
        };
        self.0.push((recipient, WaitingTrigger { trigger: Arc::new(trigger), trigger_data: None }));
    }

    /// Loads what a transaction finds, as the store does. `in_environment` is their number, if it is another one.
    pub fn load(&self, needs: &Needs<'_>, in_environment: Option<usize>, world: &mut World) {
        for ((environment, key), with_properties) in &needs.recipients {
            let parked = world.load_parked(*environment);
            parked.load_total(in_environment.unwrap_or(self.len()));
            let waiting: Vec<_> = self.0.iter().filter(|(parked, _)| parked == *key).collect();
            if !waiting.is_empty() {
                parked.load_count((*key).clone(), waiting.len());
            }
            for (_, trigger) in waiting.into_iter().take(if *with_properties { MAX_RELEASED_AT_ONCE } else { 0 }) {
                parked.load_trigger((*key).clone(), trigger.clone());
            }
        }
    }

    pub fn write(&mut self, effect: &Effect) {
        match effect {
            Effect::Park(park) => {
                for parked in &park.recipients {
                    let (trigger, trigger_data) = (park.trigger.clone(), parked.trigger_data.clone());
                    self.0.push((parked.recipient.clone(), WaitingTrigger { trigger, trigger_data }));
                }
            }
            Effect::Release(release) => {
                let is_it = |(key, waiting): &(RecipientKey, WaitingTrigger)| {
                    *key == release.recipient
                        && (waiting.trigger.event, waiting.trigger.mapping) == (release.event, release.mapping)
                };
                let at = self.0.iter().position(is_it).expect("a release of a parked recipient");
                self.0.remove(at);
            }
            Effect::ReleaseRest(key) | Effect::DropParked(key) => self.0.retain(|(parked, _)| parked != key),
            _ => {}
        }
    }
}
