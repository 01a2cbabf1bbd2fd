//! `workflows_trigger`: creates a run of a workflow for its identified recipients.
//!
//! Parameters: `key` (a constant, required), `recipients` (default: the path `user_id`), `data` (default: the path
//! `data`), `actor`, `tenant` and `cancellation_key`. Source of the rules: semantics.md §5.

use std::collections::HashSet;

use bytestring::ByteString;
use uuid::Uuid;

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, Parameter, ParameterReader, Resolver, View,
};
use crate::{
    effect::Effect,
    json,
    recipient::{Party, PartyRole},
    run::{Run, RunRecipient},
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
        })
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        resolver.constant("key", &self.key);
        let recipients = resolver.parameter("recipients", &self.recipients);
        let data = resolver.parameter("data", &self.data);
        let actor = resolver.optional("actor", self.actor.as_ref());
        let tenant = resolver.optional("tenant", self.tenant.as_ref());
        let cancellation_key = resolver.optional("cancellation_key", self.cancellation_key.as_ref());
        let mut trigger = Box::new(Trigger {
            workflow: self.key.clone(),
            recipients: recipients.recipients()?,
            actor: actor.map_or(Ok(None), |actor| actor.party(PartyRole::Recipient))?,
            tenant: tenant.map_or(Ok(None), |tenant| tenant.party(PartyRole::Tenant))?,
            data: data.object_or_null()?,
            cancellation_key: cancellation_key.map_or(Ok(None), |key| key.string())?,
        });
        for party in trigger.parties_mut() {
            for warning in std::mem::take(&mut party.warnings) {
                resolver.warn(format!("{:?}: {warning}", party.key.id));
            }
        }
        Ok(trigger)
    }
}

impl Trigger {
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

    fn run(&self, id: Uuid, source_event: Uuid, recipients: Vec<&Party>) -> Run {
        let recipients = recipients.into_iter().map(|party| RunRecipient {
            collection: party.key.shown_collection().map(str::to_owned),
            id: party.key.id.clone(),
            trigger_data: party.trigger_data.clone(),
        });
        Run {
            id,
            workflow: self.workflow.clone(),
            recipients: recipients.collect(),
            actor: self.actor.as_ref().map(|party| party.key.to_json()),
            tenant: self.tenant.as_ref().map(|party| party.key.to_json()),
            data: self.data.clone(),
            cancellation_key: self.cancellation_key.clone(),
            source_event,
        }
    }
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        for party in self.parties() {
            match party.inline {
                Some(_) => needs.properties(&party.key),
                None => needs.existence(&party.key),
            }
        }
    }

    fn upsert_inline(&self, view: &View<'_>, effects: &mut Vec<Effect>) -> Result<(), TooLarge> {
        view.upsert(self.parties().filter_map(|party| Some((&party.key, party.inline.as_deref()?))), effects)
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        let mut seen = HashSet::new();
        let (identified, unidentified): (Vec<&Party>, Vec<&Party>) = self
            .recipients
            .iter()
            .filter(|party| seen.insert(&party.key))
            .partition(|party| view.is_identified(&party.key));
        let run_id = (!identified.is_empty()).then(|| view.new_id());
        let result = result(run_id, &identified, &unidentified, &self.notes(view));
        let Some(id) = run_id else {
            let reason = "no recipient is identified; no workflow run was created";
            return Decision::skipped(result, reason).with_skipped_recipients(unidentified.len());
        };
        effects.push(Effect::CreateRun(self.run(id, view.event(), identified)));
        Decision::success(result).with_skipped_recipients(unidentified.len())
    }
}

/// Returns the recipients that an action log's result names as skipped: a user's id, or `collection/id` of an object.
pub fn skipped_in(result: &str) -> Vec<String> {
    let skipped = json::member(result, "skipped_recipients").and_then(json::items).unwrap_or_default();
    let text = |item: &str, member: &str| json::member(item, member).and_then(json::string);
    skipped
        .into_iter()
        .filter_map(|item| {
            let id = text(item, "id")?;
            Some(text(item, "collection").map_or_else(|| id.clone(), |collection| format!("{collection}/{id}")))
        })
        .collect()
}

/// Returns the result that the action log shows.
fn result(run_id: Option<Uuid>, identified: &[&Party], unidentified: &[&Party], notes: &[String]) -> String {
    let run_id = run_id.map_or_else(|| "null".to_owned(), |id| json::quote(&id.to_string()));
    let recipients = json::array(identified.iter().map(|party| reference(party, None)));
    let skipped = json::array(unidentified.iter().map(|party| reference(party, Some("\"not identified\""))));
    let notes_text = json::array(notes);
    let mut members = vec![
        ("workflow_run_id", run_id.as_str()),
        ("recipients", recipients.as_str()),
        ("skipped_recipients", skipped.as_str()),
    ];
    if !notes.is_empty() {
        members.push(("notes", &notes_text));
    }
    json::object(members)
}

fn reference(party: &Party, reason: Option<&str>) -> String {
    let (id, collection) = (json::quote(&party.key.id), party.key.shown_collection().map(json::quote));
    let mut members = vec![("id", id.as_str())];
    members.extend(collection.as_deref().map(|collection| ("collection", collection)));
    members.extend(reason.map(|reason| ("reason", reason)));
    json::object(members)
}
