//! An operational event as data.

use super::OperationalEventType;
use crate::json;

/// The most characters of one text in an event. Names of event types and answers of targets may be long.
const MAX_CHARS: usize = 512;

/// The environment that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventEnvironment {
    /// The database id.
    pub id: i64,
    /// The slug.
    pub slug: String,
}

/// When an event is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RaiseRule {
    /// Unless one of its type and subject was raised within [`QUIET_MS`](super::QUIET_MS); then it is counted, and the next
    /// one tells the number.
    Rarely,
    /// Like [`Self::Rarely`], but not counted: it opens a condition, and is tried again while the condition lasts.
    OpensCondition,
    /// Always.
    Always,
}

/// Something that an operator should know. It holds no secret, no body and nothing of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationalEvent {
    /// The type.
    pub event_type: OperationalEventType,
    /// The environment; none if it is about the whole server.
    pub environment: Option<EventEnvironment>,
    /// The subject within the environment, such as `target/crm`.
    pub subject: String,
    /// The human-readable reason.
    pub reason: String,
    /// Further members of `data`, each a JSON text.
    pub details: Vec<(&'static str, String)>,
}

impl OperationalEvent {
    /// Makes an event without further members.
    pub fn new(
        event_type: OperationalEventType,
        environment: Option<EventEnvironment>,
        subject: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self { event_type, environment, subject: subject.into(), reason: reason.into(), details: Vec::new() }
    }

    /// Adds a member that is a text. A long one is shortened.
    pub fn text(mut self, name: &'static str, value: &str) -> Self {
        self.details.push((name, json::quote(&shortened(value))));
        self
    }

    /// Adds a member that is a whole number.
    pub fn number(mut self, name: &'static str, value: i64) -> Self {
        self.details.push((name, value.to_string()));
        self
    }

    /// Adds a member that is a JSON text.
    pub fn json(mut self, name: &'static str, value: String) -> Self {
        self.details.push((name, value));
        self
    }

    /// Returns `data`, a JSON object. `repeated` counts equal events that were not raised since the last one, `dropped` events
    /// of any kind that were dropped before they were sent.
    pub fn data(&self, repeated: i64, dropped: i64) -> String {
        let environment = self.environment.as_ref().map_or_else(|| "null".to_owned(), |found| json::quote(&found.slug));
        let mut members = vec![("environment", environment)];
        members.extend(self.details.iter().map(|(name, value)| (*name, value.clone())));
        members.push(("reason", json::quote(&shortened(&self.reason))));
        members.push(("what_to_do", json::quote(self.event_type.what_to_do())));
        let counts = [("repeated", repeated), ("dropped", dropped)];
        members
            .extend(counts.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name, count.to_string())));
        json::object(members.iter().map(|(name, value)| (*name, value.as_str())))
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_says_where_why_and_what_to_do() {
        let environment = Some(EventEnvironment { id: 1, slug: "production".to_owned() });
        let event = OperationalEvent::new(
            OperationalEventType::TargetDisabled,
            environment,
            "target/crm",
            "the target answered 410 Gone: it wants nothing more",
        );
        let event = event.text("target", "crm").number("attempts", 3);
        insta::assert_snapshot!(event.data(0, 0), @r#"{"environment":"production","target":"crm","attempts":3,"reason":"the target answered 410 Gone: it wants nothing more","what_to_do":"correct the target or its receiver, then POST /v1/targets/{key}/enable, or …/resume if it is paused; its deliveries are kept and go on from there"}"#);
        insta::assert_snapshot!(event.data(2, 7), @r#"{"environment":"production","target":"crm","attempts":3,"reason":"the target answered 410 Gone: it wants nothing more","what_to_do":"correct the target or its receiver, then POST /v1/targets/{key}/enable, or …/resume if it is paused; its deliveries are kept and go on from there","repeated":2,"dropped":7}"#);
        let whole = OperationalEvent::new(OperationalEventType::DiskLow, None, "disk", "x".repeat(1000));
        assert!(whole.data(0, 0).starts_with(r#"{"environment":null,"reason":"xxx"#));
        assert!(whole.data(0, 0).len() < 1000);
    }
}
