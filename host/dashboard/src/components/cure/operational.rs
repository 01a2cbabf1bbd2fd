//! The advice about operational events, in words of the dashboard.

use crate::components::without_routes::without_routes;

/// Returns the advice about an event of a type. `of_api` is the API's own, for a type that the dashboard does not know.
pub fn of_operational_event(event_type: &str, of_api: &str) -> String {
    let known = match event_type {
        "test" => "Nothing is to be done: the webhook works.",
        "target.failing" => "Read its answers among the deliveries that are retried. What waits is kept.",
        "target.disabled" => {
            "Correct the target or its receiver, then enable it. Its deliveries are kept and go on from there."
        }
        "target.recovered" => "Nothing is to be done: what waited is being sent.",
        "delivery.exhausted" => {
            "Read the answers among the deliveries that gave up. Once the target works, retry them."
        }
        "source.needs_attention" => {
            "Open the source: each cause has its cure there. Repair it, then run the events again."
        }
        "source.silent" => {
            "Check that the sender still sends, and to the right endpoint. Refused requests are listed with the source."
        }
        "source.rate_limited" => {
            "The sender gets 503 or 429 and should send again. Let it send less at once, or raise the limits of the source or the server."
        }
        "plugin.quarantined" => "Use another version of the plugin, then run again what was held.",
        "disk.low" => {
            "Make room, or shorten the retention of environments. Webhooks are refused once the disk is full."
        }
        "retention.paused" => "If the system's clock is right, take its time on this page. Else correct the clock.",
        _ => return without_routes(of_api),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use inlet_core::operational::OperationalEventType;

    use super::*;

    #[test]
    fn every_type_that_the_server_knows_has_advice_of_the_dashboards_own() {
        for event_type in OperationalEventType::ALL {
            let advice = of_operational_event(event_type.as_str(), "unknown");
            assert!(
                advice != "unknown" && !advice.contains("/v1/") && !advice.contains('…'),
                "{}",
                event_type.as_str()
            );
        }
        assert_eq!(of_operational_event("of.later", "wait; then POST /v1/x"), "wait");
    }
}
