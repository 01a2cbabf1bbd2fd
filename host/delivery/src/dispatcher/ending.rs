//! Ending claims.

use inlet_store::{AttemptNext, AttemptRecord, Claim, FinishedAttempt};

use super::{
    claims::{Held, Stage},
    run::Run,
};

impl Run {
    /// Gives back claims whose request was not begun.
    pub(super) fn hand_back(&mut self, wanted: impl Fn(&Held) -> bool) {
        let claims: Vec<Claim> =
            self.claims.iter().filter(|held| held.is_unsent() && wanted(held)).map(|held| held.claim).collect();
        for claim in claims {
            self.end(claim, None, AttemptNext::HandBack);
        }
    }

    /// Lets the next turn end a claim.
    pub(super) fn end(&mut self, claim: Claim, attempt: Option<AttemptRecord>, next: AttemptNext) {
        let Some(held) = self.claims.get_mut(claim).filter(|held| held.stage != Stage::Ending) else { return };
        if held.stage == Stage::Storing && next == AttemptNext::HandBack {
            // The body need not be stored: whoever claims it next builds another one.
            self.bodies.retain(|built| built.claim != claim);
        }
        held.stage = Stage::Ending;
        self.claims.take_body(claim);
        self.finished.push(FinishedAttempt { claim, attempt, next });
    }

    /// Forgets a claim that is lost, and ends its request.
    pub(super) fn forget(&mut self, claim: Claim) {
        if let Some(held) = self.claims.remove(claim) {
            self.release(&held);
        }
        self.finished.retain(|finished| finished.claim != claim);
        self.bodies.retain(|built| built.claim != claim);
    }

    /// Gives back what a lost claim holds.
    pub(super) fn release(&mut self, held: &Held) {
        if held.stage == Stage::Sending {
            self.requests -= 1;
            if let Some(target) = self.targets.get_mut(&held.delivery.target_id) {
                target.slots.give_back(held.class);
                target.breaker.dropped();
            }
        }
        if let Some(abort) = &held.abort {
            abort.abort();
        }
    }
}
