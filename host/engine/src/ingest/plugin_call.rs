//! The guard of one call into a plugin: it keeps what the call uses, and counts the call's end.

use std::sync::Arc;

use inlet_core::{
    blame::Blame,
    contract::{Request, Spent},
};
use inlet_sandbox::{CallGuard, Fault, Permit};

use super::{incoming_request::IncomingRequest, plugin_attempt::PluginAttempt};
use crate::admission::Reservation;

/// The guard of one call. It is told of the call's end, and dropped then, even if the sender disconnected before.
pub(super) struct PluginCall {
    _permit: Permit,
    /// The call uses the body to its end.
    _reservation: Option<Arc<Reservation>>,
    attempt: Arc<PluginAttempt>,
    request: Arc<Request>,
    /// The message in the server's log if the call ends in a fault.
    complaint: &'static str,
}

impl PluginCall {
    pub(super) fn new(
        permit: Permit,
        request: &IncomingRequest,
        attempt: &Arc<PluginAttempt>,
        complaint: &'static str,
    ) -> Self {
        Self {
            _permit: permit,
            _reservation: request.reservation.clone(),
            attempt: attempt.clone(),
            request: request.plugin_request.clone(),
            complaint,
        }
    }
}

impl CallGuard for PluginCall {
    fn source(&self) -> i64 {
        self.attempt.endpoint().id
    }

    fn ended(&self, fault: Option<&Fault>, spent: &Spent) {
        let endpoint = self.attempt.endpoint();
        endpoint.meters.sandbox(spent.wall);
        endpoint.guard.note_memory(spent.memory as u64);
        match fault {
            None => self.attempt.succeeded(),
            // The plugin was not called.
            Some(Fault::Busy) => {}
            Some(fault) => {
                let cause = fault.cause();
                endpoint.meters.fault(cause);
                let (source, environment, plugin) = (&endpoint.source, &endpoint.environment, &endpoint.plugin_ref.key);
                tracing::warn!(source, environment, plugin, cause, "{}", self.complaint);
                if fault.blame_for(&self.request) == Blame::Plugin {
                    self.attempt.failed();
                }
            }
        }
    }
}
