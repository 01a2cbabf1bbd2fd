//! `workflows_trigger`: creates a run of a workflow for its identified recipients.
//!
//! Parameters: `key` (a constant, required), `recipients` (default: the path `user_id`), `data` (default: the path
//! `data`), `actor`, `tenant` and `cancellation_key`. Options: `on_overflow`, `unidentified` and `targets`. Source of the
//! rules: semantics.md §5 and §8.

mod on_overflow;
mod result;
mod targets;
mod unidentified;

use std::sync::Arc;

use bytestring::ByteString;

use self::result::TriggerResult;
pub use self::{
    on_overflow::{MAX_SPLIT_RECIPIENTS, OnOverflow},
    result::{EndedWait, WaitEnd, end_waits, skipped_in},
    unidentified::Unidentified,
};

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, Parameter, ParameterReader, Resolver, View,
    parties::{self, NOT_IDENTIFIED, Named},
};
use crate::{
    effect::Effect,
    json,
    parked::{MAX_PARKED_BYTES, Park, ParkedRecipient, ParkedTrigger},
    recipient::{MAX_RECIPIENTS, Party, PartyRole},
    run::{Run, RunPart, RunRecipient, run_key},
    user::TooLarge,
    world::EnvironmentNeeds,
};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    key: String,
    recipients: Parameter,
    data: Parameter,
    actor: Option<Parameter>,
    tenant: Option<Parameter>,
    cancellation_key: Option<Parameter>,
    on_overflow: OnOverflow,
    unidentified: Unidentified,
    targets: Option<Vec<String>>,
}

/// A trigger with its values.
pub type Intent = Box<Trigger>;

/// A workflow to trigger.
#[derive(Debug, Clone)]
pub struct Trigger {
    workflow: String,
    /// In the order of the event, duplicates included.
    recipients: Vec<Party>,
    actor: Option<Party>,
    tenant: Option<Party>,
    /// A JSON object or null.
    data: ByteString,
    cancellation_key: Option<String>,
    /// A JSON object; only an API call has settings.
    settings: Option<String>,
    unidentified: Unidentified,
    targets: Option<Vec<String>>,
}

impl Parameters {
    /// Returns the keys of the targets that the mapping names; none if it names none.
    pub fn targets(&self) -> Option<&[String]> {
        self.targets.as_deref()
    }
}

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        Ok(Self {
            key: reader.take_constant("key")?,
            recipients: reader.take_party_or_path("recipients", "user_id")?,
            data: reader.take_or_path("data", "data")?,
            actor: reader.take_party("actor")?,
            tenant: reader.take("tenant")?,
            cancellation_key: reader.take("cancellation_key")?,
            on_overflow: OnOverflow::take(reader)?,
            unidentified: Unidentified::take(reader)?,
            targets: targets::take(reader)?,
        })
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        resolver.constant("key", &self.key);
        let max_recipients = self.on_overflow.max_recipients();
        let recipients = resolver.parameter_of("recipients", &self.recipients, max_recipients);
        let data = resolver.parameter("data", &self.data);
        let actor = resolver.optional("actor", self.actor.as_ref());
        let tenant = resolver.optional("tenant", self.tenant.as_ref());
        let cancellation_key = resolver.optional("cancellation_key", self.cancellation_key.as_ref());
        let mut trigger = Box::new(Trigger {
            workflow: self.key.clone(),
            recipients: recipients.recipients(max_recipients)?,
            actor: actor.map_or(Ok(None), |actor| actor.party(PartyRole::Recipient))?,
            tenant: tenant.map_or(Ok(None), |tenant| tenant.party(PartyRole::Tenant))?,
            data: data.object_or_null()?,
            cancellation_key: cancellation_key.map_or(Ok(None), |key| key.checked_cancellation_key()?.string())?,
            settings: None,
            unidentified: self.unidentified,
            targets: self.targets.clone(),
        });
        parties::warn(trigger.parties_mut(), resolver);
        Ok(trigger)
    }
}

impl Trigger {
    /// Sets the settings of the run, a JSON object.
    pub fn set_settings(&mut self, settings: String) {
        self.settings = Some(settings);
    }

    /// Returns the recipients, the actor and the tenant.
    fn parties(&self) -> impl Iterator<Item = &Party> {
        self.recipients.iter().chain(&self.actor).chain(&self.tenant)
    }

    fn parties_mut(&mut self) -> impl Iterator<Item = &mut Party> {
        self.recipients.iter_mut().chain(&mut self.actor).chain(&mut self.tenant)
    }

    /// Returns a note for an actor or a tenant that is not identified: it is passed on as a reference.
    fn notes(&self, view: &View<'_>) -> Vec<String> {
        [("actor", &self.actor), ("tenant", &self.tenant)]
            .into_iter()
            .filter_map(|(role, party)| Some((role, party.as_ref()?)))
            .filter(|(_, party)| !view.is_identified(&party.key))
            .map(|(role, _)| json::quote(&format!("the {role} is not identified and is passed on as a reference")))
            .collect()
    }

    /// Creates the run of a part of the recipients.
    fn run(&self, view: &mut View<'_>, chunk: usize, recipients: &[&Party]) -> Run {
        let recipients = recipients.iter().map(|party| RunRecipient {
            collection: party.key.shown_collection().map(str::to_owned),
            id: party.key.id.clone(),
            trigger_data: party.trigger_data.clone(),
        });
        Run {
            id: view.new_id(),
            key: run_key(view.event(), view.mapping(), RunPart::Chunk(chunk)),
            workflow: self.workflow.clone(),
            recipients: recipients.collect(),
            actor: self.actor.as_ref().map(|party| party.key.to_json()),
            tenant: self.tenant.as_ref().map(|party| party.key.to_json()),
            data: self.data.clone(),
            cancellation_key: self.cancellation_key.clone(),
            settings: self.settings.clone(),
            source_event: view.event(),
            mapping: view.mapping(),
            targets: self.targets.clone(),
        }
    }

    /// Decides about the recipients that are not identified: returns those to wait for, and the others with the reason.
    fn part_unidentified<'a>(
        &self,
        view: &View<'_>,
        unidentified: Vec<&'a Party>,
    ) -> (Vec<&'a Party>, Vec<(&'a Party, String)>) {
        let (mut waiting, mut skipped) = (Vec::new(), Vec::new());
        for party in unidentified {
            let may_wait = match self.unidentified {
                // An inline recipient is not identified only if its event deletes it, and the deletion wins.
                Unidentified::Wait { .. } if party.inline.is_none() => {
                    view.may_wait(&party.key, waiting.len()).and_then(|()| self.may_hold_data(waiting.len() + 1))
                }
                _ => Err(String::new()),
            };
            match may_wait {
                Ok(()) => waiting.push(party),
                Err(full) if full.is_empty() => skipped.push((party, NOT_IDENTIFIED.to_owned())),
                Err(full) => skipped.push((party, format!("{NOT_IDENTIFIED}; {full}"))),
            }
        }
        (waiting, skipped)
    }

    /// Returns why so many recipients may not wait: the run of each holds the data.
    fn may_hold_data(&self, recipients: usize) -> Result<(), String> {
        match recipients > 1 && recipients.saturating_mul(self.data.len()) > MAX_PARKED_BYTES {
            true => Err(format!(
                "the runs of those who wait for one trigger hold at most {MAX_PARKED_BYTES} bytes of data in all"
            )),
            false => Ok(()),
        }
    }

    /// Returns the effect that parks recipients.
    fn park(&self, view: &View<'_>, seconds: i64, waiting: &[&Party]) -> Effect {
        let recipients = waiting
            .iter()
            .map(|party| ParkedRecipient { recipient: party.key.clone(), trigger_data: party.trigger_data.clone() });
        Effect::Park(Box::new(Park {
            recipients: recipients.collect(),
            expires_at_ms: view.store_ms().saturating_add(seconds.saturating_mul(1000)),
            trigger: Arc::new(ParkedTrigger {
                event: view.event(),
                mapping: view.mapping(),
                workflow: self.workflow.clone(),
                actor: self.actor.as_ref().map(|party| party.key.to_json()),
                tenant: self.tenant.as_ref().map(|party| party.key.to_json()),
                data: self.data.clone(),
                cancellation_key: self.cancellation_key.clone(),
                targets: self.targets.clone(),
            }),
        }))
    }
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        parties::needs(self.parties(), needs);
    }

    fn listed_recipients(&self) -> usize {
        self.recipients.len()
    }

    fn upsert_inline(&self, view: &View<'_>, effects: &mut Vec<Effect>) -> Result<(), TooLarge> {
        parties::upsert_inline(self.parties(), view, effects)
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        let Named { identified, unidentified } = Named::of(&self.recipients, view);
        let (waiting, skipped) = self.part_unidentified(view, unidentified);
        let runs: Vec<Run> = identified
            .chunks(MAX_RECIPIENTS)
            .enumerate()
            .map(|(chunk, recipients)| self.run(view, chunk, recipients))
            .collect();
        let waits = match self.unidentified {
            Unidentified::Skip => None,
            Unidentified::Wait { seconds } => Some(seconds),
        };
        let result = TriggerResult {
            runs: &runs.iter().map(|run| run.id).collect::<Vec<_>>(),
            recipients: &identified,
            skipped: &skipped,
            waiting: waits.map(|_| waiting.as_slice()),
            notes: &self.notes(view),
        }
        .to_json();
        if let Some(seconds) = waits.filter(|_| !waiting.is_empty()) {
            effects.push(self.park(view, seconds, &waiting));
        }
        let decision = match (runs.is_empty(), waiting.is_empty()) {
            (true, true) => Decision::skipped(result, "no recipient is identified; no workflow run was created"),
            _ => Decision::success(result),
        };
        effects.extend(runs.into_iter().map(Effect::CreateRun));
        decision.with_skipped_recipients(skipped.len())
    }
}
