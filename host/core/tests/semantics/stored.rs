//! The subscriptions, memberships and runs that live between the transactions of the scenarios.

use std::collections::{BTreeMap, BTreeSet};

use inlet_core::{
    Uuid,
    audience::Membership,
    effect::{Effect, recipient_changes, relation_changes},
    recipient::{RecipientKey, TENANTS, USERS},
    run::{Run, RunCancellation},
    world::{Needs, OpenRun, OpenRuns, World},
};

#[derive(Default)]
pub struct Stored {
    /// Properties by object and subscriber.
    pub subscriptions: BTreeMap<(RecipientKey, RecipientKey), String>,
    pub members: BTreeSet<Membership>,
    pub runs: Vec<StoredRun>,
    /// Cancellations that a job goes on with.
    pub unfinished: Vec<RunCancellation>,
}

pub struct StoredRun {
    pub run: Run,
    pub is_canceled: bool,
    /// Positions of recipients that are canceled one by one.
    pub canceled: BTreeSet<i64>,
}

impl Stored {
    pub fn load(&self, needs: &Needs<'_>, world: &mut World) {
        for (environment, object, recipient) in &needs.subscriptions {
            if self.subscriptions.contains_key(&((*object).clone(), (*recipient).clone())) {
                world.load_subscription(*environment, (*object).clone(), (*recipient).clone());
            }
        }
        for (environment, membership) in &needs.members {
            if self.members.contains(membership) {
                world.load_member(*environment, (*membership).clone());
            }
        }
        for ((environment, workflow, key), recipients) in &needs.open_runs {
            let is_open = |stored: &&StoredRun| {
                let run = &stored.run;
                !stored.is_canceled && run.workflow == *workflow && run.cancellation_key.as_deref() == Some(*key)
            };
            let mut left = OpenRuns::MAX_LOOK_UPS;
            let all: Vec<_> = self.runs.iter().filter(is_open).collect();
            let runs = all.iter().take(OpenRuns::MAX_RUNS).map(|stored| {
                let is_read = !recipients.is_empty() && left >= recipients.len();
                left -= if is_read { recipients.len() } else { 0 };
                let open = stored.open().filter(|(_, key)| recipients.contains(key)).map(|(at, key)| (key, at));
                OpenRun {
                    id: stored.run.id,
                    recipients_count: (stored.run.recipients.len() - stored.canceled.len()) as i64,
                    may_grow: false,
                    recipients: is_read.then(|| open.collect()),
                }
            });
            let runs: Vec<_> = runs.collect();
            let cut_after = (all.len() > OpenRuns::MAX_RUNS).then(|| runs.last().unwrap().id);
            world.load_open_runs(*environment, workflow, key, OpenRuns { runs, cut_after, is_waited: false });
        }
    }

    pub fn write(&mut self, effects: &[&Effect]) {
        let of_environment = || effects.iter().map(|effect| (1, *effect));
        for change in recipient_changes(of_environment()).into_iter().filter(|change| change.is_deleted) {
            let key = change.key;
            self.subscriptions.retain(|(object, recipient), _| object != key && recipient != key);
            self.members.retain(|member| match &*key.collection {
                USERS => member.user != key.id,
                TENANTS => member.tenant.as_ref() != Some(&key.id),
                _ => true,
            });
        }
        let changes = relation_changes(of_environment());
        for change in changes.subscriptions {
            let key = (change.object.clone(), change.recipient.clone());
            match change.properties {
                Some(properties) => _ = self.subscriptions.insert(key, properties.to_string()),
                None => _ = self.subscriptions.remove(&key),
            }
        }
        for change in changes.members {
            match change.is_member {
                true => self.members.insert(change.membership.clone()),
                false => self.members.remove(change.membership),
            };
        }
        for effect in effects {
            match effect {
                Effect::CreateRun(run) => {
                    self.runs.push(StoredRun { run: run.clone(), is_canceled: false, canceled: BTreeSet::new() });
                }
                Effect::CancelRuns(cancellation) => self.cancel(cancellation),
                _ => {}
            }
        }
    }

    fn cancel(&mut self, cancellation: &RunCancellation) {
        for canceled in &cancellation.runs {
            let stored = self.runs.iter_mut().find(|stored| stored.run.id == canceled.id).unwrap();
            assert!(!stored.is_canceled, "a run is canceled once");
            match &canceled.recipients {
                None => stored.is_canceled = true,
                Some(positions) => {
                    for at in positions {
                        assert!(stored.canceled.insert(*at), "a recipient is canceled once");
                    }
                    assert!(stored.canceled.len() < stored.run.recipients.len(), "a run with nobody left is canceled");
                }
            }
        }
        self.unfinished.extend(cancellation.rest.is_some().then(|| cancellation.clone()));
    }

    pub fn run(&self, id: Uuid) -> &StoredRun {
        self.runs.iter().find(|stored| stored.run.id == id).unwrap()
    }

    /// The members of an audience as `user` or `user@tenant`.
    pub fn members(&self, audience: &str) -> Vec<String> {
        let of_audience = self.members.iter().filter(|member| member.audience == audience);
        of_audience
            .map(|member| match &member.tenant {
                None => member.user.clone(),
                Some(tenant) => format!("{}@{tenant}", member.user),
            })
            .collect()
    }

    /// The subscribers of an object with the properties of their subscriptions.
    pub fn subscribers(&self, collection: &str, id: &str) -> Vec<(String, String)> {
        let object = object(collection, id);
        let of_object = self.subscriptions.iter().filter(|((of, _), _)| *of == object);
        of_object.map(|((_, recipient), properties)| (recipient.id.clone(), properties.clone())).collect()
    }
}

impl StoredRun {
    fn open(&self) -> impl Iterator<Item = (i64, RecipientKey)> {
        let recipients = self.run.recipients.iter().enumerate().map(|(at, recipient)| (at as i64, recipient.key()));
        recipients.filter(|(at, _)| !self.canceled.contains(at))
    }
}

pub fn object(collection: &str, id: &str) -> RecipientKey {
    RecipientKey { collection: collection.to_owned().into(), id: id.to_owned() }
}
