//! Finding the mappings of an event type.

use std::{collections::HashMap, sync::Arc};

use super::{CALL_TYPES, Mapping};

/// The active mappings of a source environment by event type.
#[derive(Debug, Clone, Default)]
pub struct MappingIndex {
    by_event_type: HashMap<String, Vec<Arc<Mapping>>>,
}

impl MappingIndex {
    /// Indexes the active mappings.
    pub fn new(mappings: impl IntoIterator<Item = Mapping>) -> Self {
        let mut by_event_type: HashMap<String, Vec<Arc<Mapping>>> = HashMap::new();
        for mapping in mappings.into_iter().filter(|mapping| mapping.active) {
            let mapping = Arc::new(mapping);
            for name in matched_by(&mapping.event_type) {
                by_event_type.entry(name).or_default().push(mapping.clone());
            }
        }
        for found in by_event_type.values_mut() {
            found.sort_by_key(|mapping| (mapping.action.action_type(), mapping.created_at_ms, mapping.id));
        }
        Self { by_event_type }
    }

    /// Returns the mappings of an event type, in the order in which they are carried out.
    pub fn matching(&self, event_type: &str) -> &[Arc<Mapping>] {
        self.by_event_type.get(event_type).map_or(&[], Vec::as_slice)
    }
}

/// Returns the event types that a mapping's name matches: the name itself and, for a plain name, the track event of that
/// name.
pub(super) fn matched_by(name: &str) -> Vec<String> {
    let is_call = CALL_TYPES
        .iter()
        .any(|call| name == *call || name.strip_prefix(call).is_some_and(|rest| rest.starts_with('/')));
    match is_call {
        true => vec![name.to_owned()],
        false => vec![name.to_owned(), format!("track/{name}")],
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::actions::parse_action;

    fn mapping(event_type: &str, action_type: &str, parameters: &str, created_at_ms: i64) -> Mapping {
        Mapping {
            id: Uuid::from_u128(created_at_ms as u128),
            event_type: event_type.to_owned(),
            action: parse_action(action_type, parameters).unwrap(),
            parameters: parameters.into(),
            active: true,
            created_at_ms,
            updated_at_ms: created_at_ms,
        }
    }

    #[test]
    fn a_plain_name_that_is_no_call_type_also_matches_the_track_event() {
        let trigger = r#"{"key":"k"}"#;
        let index = MappingIndex::new([
            mapping("Order Completed", "workflows_trigger", trigger, 1),
            mapping("track/Order Completed", "workflows_trigger", trigger, 2),
            mapping("identify", "workflows_trigger", trigger, 3),
            mapping("page", "workflows_trigger", trigger, 4),
        ]);
        let ids = |event_type: &str| -> Vec<u128> {
            index.matching(event_type).iter().map(|mapping| mapping.id.as_u128()).collect()
        };
        assert_eq!(ids("track/Order Completed"), [1, 2]);
        assert_eq!(ids("Order Completed"), [1]);
        assert_eq!(ids("identify"), [3]);
        assert_eq!(ids("track/identify"), [0_u128; 0]);
        assert_eq!(ids("page"), [4]);
        assert_eq!(ids("page/Home"), [0_u128; 0]);
        assert_eq!(ids("track/track/Order Completed"), [0_u128; 0]);
    }

    #[test]
    fn the_order_is_fixed_by_type_then_age() {
        let index = MappingIndex::new([
            mapping("e", "workflows_trigger", r#"{"key":"young"}"#, 9),
            mapping("e", "workflows_trigger", r#"{"key":"old"}"#, 1),
            mapping("e", "users_identify", "{}", 20),
        ]);
        let order: Vec<_> = index.matching("e").iter().map(|mapping| mapping.created_at_ms).collect();
        assert_eq!(order, [20, 1, 9]);
    }

    #[test]
    fn an_inactive_mapping_matches_nothing() {
        let mut inactive = mapping("e", "users_identify", "{}", 1);
        inactive.active = false;
        assert!(MappingIndex::new([inactive]).matching("e").is_empty());
    }
}
