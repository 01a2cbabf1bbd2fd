//! The types of operational events.

/// The type of an operational event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperationalEventType {
    /// An operator tries the webhook.
    Test,
    /// A target fails on everything.
    TargetFailing,
    /// The server stopped a target.
    TargetDisabled,
    /// A target works again.
    TargetRecovered,
    /// A delivery was given up.
    DeliveryExhausted,
    /// Items of a source need attention for a cause for which none did before.
    SourceNeedsAttention,
    /// Events of a source did not come for much longer than usual.
    SourceSilent,
    /// Requests of a source were refused for minutes because it takes its whole share.
    SourceRateLimited,
    /// A plugin is quarantined.
    PluginQuarantined,
    /// The disk of the data directory is nearly full.
    DiskLow,
    /// Retention does not delete what it should by the system's clock.
    RetentionPaused,
}

impl OperationalEventType {
    /// Every type.
    pub const ALL: [Self; 11] = [
        Self::Test,
        Self::TargetFailing,
        Self::TargetDisabled,
        Self::TargetRecovered,
        Self::DeliveryExhausted,
        Self::SourceNeedsAttention,
        Self::SourceSilent,
        Self::SourceRateLimited,
        Self::PluginQuarantined,
        Self::DiskLow,
        Self::RetentionPaused,
    ];

    /// Returns the name in bodies and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::TargetFailing => "target.failing",
            Self::TargetDisabled => "target.disabled",
            Self::TargetRecovered => "target.recovered",
            Self::DeliveryExhausted => "delivery.exhausted",
            Self::SourceNeedsAttention => "source.needs_attention",
            Self::SourceSilent => "source.silent",
            Self::SourceRateLimited => "source.rate_limited",
            Self::PluginQuarantined => "plugin.quarantined",
            Self::DiskLow => "disk.low",
            Self::RetentionPaused => "retention.paused",
        }
    }

    /// Returns the type of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event_type| event_type.as_str() == name)
    }

    /// Returns the advice to an operator.
    pub fn what_to_do(self) -> &'static str {
        match self {
            Self::Test => "nothing: the webhook works",
            Self::TargetFailing => {
                "look at GET /v1/deliveries?environment=…&target=…&status=retrying for the answers; what waits is kept, and \
                 uses up no attempts while the target is only probed"
            }
            Self::TargetDisabled => {
                "correct the target or its receiver, then POST /v1/targets/{key}/enable, or …/resume if it is paused; its \
                 deliveries are kept and go on from there"
            }
            Self::TargetRecovered => "nothing: what waited is being sent",
            Self::DeliveryExhausted => {
                "look at GET /v1/deliveries?environment=…&target=…&status=dead; once the target works, POST \
                 /v1/deliveries/redrive sends all dead ones again"
            }
            Self::SourceNeedsAttention => {
                "look at needs_attention in GET /v1/sources/{key}/status and at the source's logs; repair the cause, then \
                 replay with POST …/replays, or dismiss with POST …/attention/dismiss"
            }
            Self::SourceSilent => {
                "see whether the sender still sends, and to the right endpoint: GET …/refused lists what was refused; if the \
                 type is no longer sent, there is nothing to do"
            }
            Self::SourceRateLimited => {
                "the sender gets 503 and should send again, or 429 after too many requests that were refused; let it send less at \
                 once or what is not refused, or raise max_in_flight_bytes or writer_queue (see Memory and overload in OPERATING.md)"
            }
            Self::PluginQuarantined => {
                "use another version (POST /v1/sources/{key}/plugin), then replay what was held with POST …/replays and the \
                 code \"quarantined\""
            }
            Self::DiskLow => {
                "make room, or shorten retention_days or body_retention_days of environments; webhooks are answered 503 once \
                 the disk is full"
            }
            Self::RetentionPaused => {
                "if the system's clock is right, POST /v1/clock/accept lets retention and idempotency windows go on at once; \
                 else correct the clock"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for event_type in OperationalEventType::ALL {
            assert_eq!(OperationalEventType::parse(event_type.as_str()), Some(event_type));
            assert!(!event_type.what_to_do().is_empty());
        }
        assert_eq!(OperationalEventType::parse("Test"), None);
    }
}
