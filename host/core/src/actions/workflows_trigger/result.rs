//! The result of a trigger, as the action log shows it.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    actions::parties::{self, reference_with},
    json,
    recipient::{Party, RecipientKey},
};

/// The parts of a result.
pub(super) struct TriggerResult<'a> {
    /// The runs; none if no recipient is left.
    pub(super) runs: &'a [Uuid],
    pub(super) recipients: &'a [&'a Party],
    /// Each with the reason.
    pub(super) skipped: &'a [(&'a Party, String)],
    /// None if the trigger waits for nobody.
    pub(super) waiting: Option<&'a [&'a Party]>,
    pub(super) notes: &'a [String],
}

impl TriggerResult<'_> {
    pub(super) fn to_json(&self) -> String {
        let run_ids: Vec<String> = self.runs.iter().map(|id| json::quote(&id.to_string())).collect();
        let all_runs = json::array(&run_ids);
        let recipients = parties::references(parties::keys(self.recipients));
        let skipped = self.skipped.iter().map(|(party, reason)| reference_with(&party.key, "reason", reason));
        let skipped = json::array(skipped);
        let waiting = self.waiting.map(|waiting| parties::references(parties::keys(waiting)));
        let notes = json::array(self.notes);
        let mut members = vec![("workflow_run_id", run_ids.first().map_or("null", String::as_str))];
        if self.runs.len() > 1 {
            members.push(("workflow_run_ids", &all_runs));
        }
        members.extend([("recipients", recipients.as_str()), ("skipped_recipients", skipped.as_str())]);
        members.extend(waiting.as_deref().map(|waiting| ("waiting_recipients", waiting)));
        if !self.notes.is_empty() {
            members.push(("notes", &notes));
        }
        json::object(members)
    }
}

/// A recipient that a trigger no longer waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedWait {
    /// The recipient.
    pub recipient: RecipientKey,
    /// The way in which the wait ended.
    pub end: WaitEnd,
}

/// The way in which a wait ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitEnd {
    /// The recipient was identified, and this run was created.
    Released(Uuid),
    /// No run was created, for this reason.
    Skipped(&'static str),
}

/// Returns the result of a trigger after some of its waits ended: released recipients with their runs, the others among
/// the skipped ones with their reasons. A recipient that the result does not name as waiting is left out.
pub fn end_waits(result: &str, ended: &[EndedWait]) -> String {
    let mut members = json::members(result).unwrap_or_default();
    let list = |name: &str| members.get(name).copied().and_then(json::items).unwrap_or_default();
    let ended: HashMap<(Option<&str>, &str), &EndedWait> =
        ended.iter().map(|ended| ((ended.recipient.shown_collection(), ended.recipient.id.as_str()), ended)).collect();
    let mut waiting = Vec::new();
    let mut skipped: Vec<String> = list("skipped_recipients").into_iter().map(str::to_owned).collect();
    let mut released: Vec<String> = list("released_recipients").into_iter().map(str::to_owned).collect();
    for item in list("waiting_recipients") {
        let text = |member| json::member(item, member).and_then(json::string);
        let (id, collection) = (text("id").unwrap_or_default(), text("collection"));
        match ended.get(&(collection.as_deref(), &*id)) {
            None => waiting.push(item.to_owned()),
            Some(EndedWait { recipient, end: WaitEnd::Released(run) }) => {
                released.push(reference_with(recipient, "workflow_run_id", &run.to_string()));
            }
            Some(EndedWait { recipient, end: WaitEnd::Skipped(reason) }) => {
                skipped.push(reference_with(recipient, "reason", reason));
            }
        }
    }
    let lists = [
        ("skipped_recipients", json::array(&skipped)),
        ("waiting_recipients", json::array(&waiting)),
        ("released_recipients", json::array(&released)),
    ];
    for (name, list) in &lists {
        if *name != "released_recipients" || !released.is_empty() {
            members.insert((*name).into(), list);
        }
    }
    json::object(members)
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
