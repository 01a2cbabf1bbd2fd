//! The attempt to translate one request, as the quarantine counts it.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use inlet_core::{quarantine::Admission, verification::Verdict};

use crate::snapshot::Endpoint;

/// One request's attempt to use its plugin: whether the plugin may be called, and how its calls ended. Shared by the
/// request and its calls, of which one may go on after the sender disconnected. Counted once, when the last of them ends.
pub(crate) struct PluginAttempt {
    endpoint: Arc<Endpoint>,
    /// `None`: the quarantine neither stops the attempt nor counts it.
    admission: Option<Admission>,
    is_alert: bool,
    /// The worst end of a call so far.
    worst: AtomicU8,
}

/// No call ended that says anything about the plugin.
const NOTHING: u8 = 0;
const SUCCESS: u8 = 1;
const FAULT: u8 = 2;

impl PluginAttempt {
    /// Begins the attempt of a request that a sender sends now.
    ///
    /// Requests that did not verify, at a source whose scheme is not enforced, are held like all others and count for
    /// nothing: those who do not know the secret must not stop the plugin for those who do, nor use up its probes. Without a
    /// scheme, senders cannot be told apart, and all count.
    pub(crate) fn begin(endpoint: &Arc<Endpoint>, verdict: Verdict) -> Self {
        let (admission, is_alert) = match verdict {
            Verdict::Verified(_) | Verdict::WriteKey | Verdict::NotConfigured => endpoint.guard.admit(),
            Verdict::Failed | Verdict::Missing if endpoint.guard.is_quarantined() => (Admission::Hold, false),
            Verdict::Failed | Verdict::Missing => return Self::uncounted(endpoint),
        };
        Self::new(endpoint, Some(admission), is_alert)
    }

    /// Begins an attempt that the quarantine neither stops nor counts.
    pub(crate) fn uncounted(endpoint: &Arc<Endpoint>) -> Self {
        Self::new(endpoint, None, false)
    }

    fn new(endpoint: &Arc<Endpoint>, admission: Option<Admission>, is_alert: bool) -> Self {
        Self { endpoint: endpoint.clone(), admission, is_alert, worst: AtomicU8::new(NOTHING) }
    }

    /// Returns the endpoint whose plugin is used.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns true if the plugin must not be called.
    pub(crate) fn is_held_back(&self) -> bool {
        self.admission == Some(Admission::Hold)
    }

    /// Notes that a call succeeded.
    pub(crate) fn succeeded(&self) {
        // Relaxed: read only after the last owner is gone.
        self.worst.fetch_max(SUCCESS, Ordering::Relaxed);
    }

    /// Notes that the plugin failed.
    pub(crate) fn failed(&self) {
        self.worst.fetch_max(FAULT, Ordering::Relaxed);
    }
}

impl Drop for PluginAttempt {
    fn drop(&mut self) {
        let worst = *self.worst.get_mut();
        if let Some(admission) = self.admission.filter(|_| worst != NOTHING) {
            self.endpoint.count_attempt(admission, self.is_alert, worst == FAULT);
        }
    }
}
