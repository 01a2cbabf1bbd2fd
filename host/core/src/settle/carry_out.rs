//! Carrying out the actions of one event.

use uuid::Uuid;

use crate::{
    actions::{ActionError, AsOf, Decision, NewId, Status, View},
    effect::Effect,
    log::ActionLog,
    parked::{ParkedRecipient, Release, Released, WaitingTrigger},
    plan::{PlannedAction, ReplayMode},
    world::World,
};

/// The state of one event while its actions are carried out.
pub(super) struct CarryingOut<'w, 'i> {
    pub(super) world: &'w mut World,
    pub(super) environment: i64,
    pub(super) event: Uuid,
    pub(super) as_of: AsOf,
    /// The store's time, in milliseconds since 1970.
    pub(super) store_ms: i64,
    pub(super) new_id: NewId<'i>,
    pub(super) actions: Vec<ActionLog>,
    pub(super) effects: Vec<Effect>,
    pub(super) skipped_recipients: usize,
}

/// Returns the time at which the content of an event was true: never later than the transaction.
pub(super) fn as_of(replay: Option<ReplayMode>, now_ms: i64) -> AsOf {
    AsOf { ms: replay.map_or(now_ms, |replay| replay.as_of_ms.min(now_ms)), is_replay: replay.is_some() }
}

impl CarryingOut<'_, '_> {
    /// Carries out all actions, in order.
    pub(super) fn all(&mut self, actions: &[&PlannedAction]) {
        let too_many = |action: &&&PlannedAction| matches!(action.intent, Err(ActionError::TooManyRecipients(_)));
        if let Some(trigger) = actions.iter().find(too_many) {
            for action in actions.iter().filter(|action| action.mapping.is_none()) {
                self.one(action, None);
            }
            self.one(trigger, None);
            return;
        }
        // Inline recipients, actors and tenants are upserted before anything else of the event runs.
        let inline_errors: Vec<Option<String>> = actions.iter().map(|action| self.upsert_inline(action)).collect();
        for (action, inline_error) in actions.iter().zip(inline_errors) {
            self.one(action, inline_error);
        }
    }

    fn upsert_inline(&mut self, action: &PlannedAction) -> Option<String> {
        let intent = action.intent.as_ref().ok()?;
        self.apply(action.mapping, |view, effects| intent.upsert_inline(view, effects))
            .err()
            .map(|too_large| too_large.to_string())
    }

    fn one(&mut self, action: &PlannedAction, inline_error: Option<String>) {
        let decision = match (&action.intent, inline_error) {
            (Err(error), _) => Decision::error(error.to_string()),
            (Ok(_), Some(error)) => Decision::error(error),
            (Ok(intent), None) => self.apply(action.mapping, |view, effects| {
                let before = effects.len();
                let decision = intent.decide(view, effects);
                debug_assert!(decision.status != Status::Error || effects.len() == before, "an error has no effects");
                decision
            }),
        };
        self.skipped_recipients += decision.skipped_recipients;
        self.actions.push(ActionLog {
            id: (self.new_id)(),
            mapping: action.mapping,
            action_type: action.action_type,
            status: decision.status,
            parameters: action.parameters.clone(),
            payload: action.payload.clone(),
            result: decision.result,
            reason: decision.reason,
            found_in: action.found_in.clone(),
            warnings: action.warnings.clone(),
        });
    }

    /// Lets an action add effects and applies them, so that the actions and events after it see them.
    fn apply<T>(&mut self, mapping: Option<Uuid>, decide: impl FnOnce(&mut View<'_>, &mut Vec<Effect>) -> T) -> T {
        let from = self.effects.len();
        let mut view = View {
            world: self.world,
            environment: self.environment,
            event: self.event,
            mapping,
            as_of: self.as_of,
            store_ms: self.store_ms,
            new_id: self.new_id,
        };
        let decided = decide(&mut view, &mut self.effects);
        for effect in self.effects.iter().skip(from) {
            self.world.apply(self.environment, effect);
        }
        self.release_identified(from);
        decided
    }

    /// Creates the runs of triggers that wait for a recipient that the effects from `from` on identify.
    fn release_identified(&mut self, from: usize) {
        for at in from..self.effects.len() {
            let Some(Effect::UpsertRecipient(upsert)) = self.effects.get(at) else { continue };
            let Released { now, more } = self.world.release(self.environment, &upsert.key);
            if now.is_empty() && !more {
                continue;
            }
            let key = upsert.key.clone();
            for WaitingTrigger { trigger, trigger_data } in now {
                let run = trigger.run((self.new_id)(), &ParkedRecipient { recipient: key.clone(), trigger_data });
                let release =
                    Release { recipient: key.clone(), event: trigger.event, mapping: trigger.mapping, run: run.id };
                let effects = [Effect::CreateRun(run), Effect::Release(Box::new(release))];
                effects.iter().for_each(|effect| self.world.apply(self.environment, effect));
                self.effects.extend(effects);
            }
            if more {
                self.effects.push(Effect::ReleaseRest(key));
            }
        }
    }
}
