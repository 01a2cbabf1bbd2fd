//! The log entry of one item, and shortcuts into it.

use inlet_core::{
    event::LoggedEvent,
    json,
    log::{ActionLog, EventLog, Original},
    run::Run,
    settle::Settlement,
};

/// The log entry of one item with its settlement.
pub struct Entry {
    pub log: EventLog,
    pub done: Settlement,
}

impl Entry {
    /// Returns the event as the log keeps it.
    pub fn logged(&self) -> LoggedEvent {
        let data = self.log.data.clone().unwrap();
        let item = self.original();
        let data_at =
            (data.as_ptr().addr().checked_sub(item.as_ptr().addr())).filter(|at| at + data.len() <= item.len());
        LoggedEvent {
            event_type: self.log.event_type.clone(),
            user_id: self.log.user_id.clone(),
            data_at,
            // A database gives back copies.
            data: data.to_string().into(),
            original: match &self.log.original {
                Original::Json(_) => Original::Json(item.to_owned().into()),
                Original::Text(_) => Original::Text(item.to_owned().into()),
                Original::Bytes(bytes) => Original::Bytes(bytes.clone()),
            },
            idempotency_key: self.log.idempotency_key.clone(),
            occurred_at_us: self.log.occurred_at_us,
            verification_status: self.log.verification_status.clone(),
            headers: self.log.headers.clone(),
            hints: self.log.hints.clone(),
            redacted: self.log.redacted.clone(),
        }
    }

    pub fn outcome(&self) -> &'static str {
        self.done.outcome.as_str()
    }

    pub fn reason(&self) -> &str {
        self.done.reason.as_deref().unwrap_or("(none)")
    }

    pub fn data(&self) -> &str {
        self.log.data.as_deref().unwrap_or("(none)")
    }

    pub fn original(&self) -> &str {
        match &self.log.original {
            Original::Json(text) | Original::Text(text) => text,
            Original::Bytes(_) => "(bytes)",
        }
    }

    /// Type and status of every action, in order.
    pub fn statuses(&self) -> Vec<(&str, &str)> {
        self.done.actions.iter().map(|action| (action.action_type.as_str(), action.status.as_str())).collect()
    }

    /// The only action.
    pub fn action(&self) -> &ActionLog {
        assert_eq!(self.done.actions.len(), 1, "{:?}", self.done.actions);
        &self.done.actions[0]
    }

    /// A member of the only action's payload.
    pub fn payload(&self, member: &str) -> &str {
        json::member(&self.action().payload, member).unwrap_or("(none)")
    }

    /// A member of the only action's result.
    pub fn result(&self, member: &str) -> &str {
        self.action().result.as_deref().and_then(|result| json::member(result, member)).unwrap_or("(none)")
    }

    /// Returns the origin of a parameter of the only action.
    pub fn found_in(&self, parameter: &str) -> String {
        json::member(&self.action().found_in, parameter).and_then(json::string).unwrap_or("(none)".to_owned())
    }

    /// The only run.
    pub fn run(&self) -> &Run {
        assert_eq!(self.done.runs().count(), 1, "{:?}", self.done.actions);
        self.done.runs().next().unwrap()
    }

    /// The ids of the only run's recipients.
    pub fn recipients(&self) -> Vec<&str> {
        self.run().recipients.iter().map(|recipient| recipient.id.as_str()).collect()
    }
}
