//! The reason why a mapping does not match an event, for an operator who expected an action.
//!
//! [`super::MappingIndex`] finds matches fast and without reasons; a test compares the two.

use super::{Mapping, index::matched_by};

/// The reason why a mapping does not match an event type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The mapping is switched off.
    #[error("it is inactive, and only active mappings match")]
    Inactive,
    /// Only upper and lower case differ.
    #[error("it matches {} as it is written; upper and lower case count", either(.matches))]
    OtherCase {
        /// The event types that it matches.
        matches: Vec<String>,
    },
    /// The mapping is about other event types.
    #[error("it matches {}, and the event is of another type", either(.matches))]
    OtherType {
        /// The event types that it matches.
        matches: Vec<String>,
    },
}

impl Mapping {
    /// Returns true if the mapping's name matches an event type, whether the mapping is active or not.
    pub fn matches(&self, event_type: &str) -> bool {
        matched_by(&self.event_type).iter().any(|name| name == event_type)
    }

    /// Returns the reason why this mapping does not match an event type; none if it matches.
    pub fn mismatch(&self, event_type: &str) -> Option<Mismatch> {
        let matches = matched_by(&self.event_type);
        let is_other_case = |name: &String| name.to_lowercase() == event_type.to_lowercase();
        match self.matches(event_type) {
            true if self.active => None,
            true => Some(Mismatch::Inactive),
            // Switching on a mapping that would not match anyway does not help.
            false if matches.iter().any(is_other_case) => Some(Mismatch::OtherCase { matches }),
            false => Some(Mismatch::OtherType { matches }),
        }
    }
}

fn either(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    quoted.join(" or ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{super::MappingIndex, *};
    use crate::actions::parse_action;

    fn mapping(event_type: &str, active: bool) -> Mapping {
        Mapping {
            id: Uuid::nil(),
            event_type: event_type.to_owned(),
            when: None,
            action: parse_action("workflows_trigger", r#"{"key":"k"}"#).unwrap(),
            parameters: r#"{"key":"k"}"#.into(),
            active,
            created_at_ms: 1,
            updated_at_ms: 1,
        }
    }

    #[test]
    fn a_mapping_that_does_not_match_says_why() {
        let why = |name: &str, active, event: &str| {
            mapping(name, active).mismatch(event).map_or_else(|| "it matches".to_owned(), |why| why.to_string())
        };
        insta::assert_snapshot!(why("Order Completed", true, "track/Order Completed"), @"it matches");
        insta::assert_snapshot!(why("Order Completed", false, "track/Order Completed"), @"it is inactive, and only active mappings match");
        insta::assert_snapshot!(why("Order Completed", true, "identify"), @r#"it matches "Order Completed" or "track/Order Completed", and the event is of another type"#);
        insta::assert_snapshot!(why("order completed", true, "track/Order Completed"), @r#"it matches "order completed" or "track/order completed" as it is written; upper and lower case count"#);
        insta::assert_snapshot!(why("page", true, "page/Home"), @r#"it matches "page", and the event is of another type"#);
        insta::assert_snapshot!(why("page", false, "page/Home"), @r#"it matches "page", and the event is of another type"#);
    }

    proptest! {
        /// The reason agrees with what is carried out.
        #[test]
        fn it_says_why_not_exactly_when_the_index_does_not_match(
            name in "(track/|page/)?(track|page|identify|a|A|b)",
            event in "(track/|page/)?(track|page|identify|a|A|b)",
            active: bool,
        ) {
            let mapping = mapping(&name, active);
            let index = MappingIndex::new([mapping.clone()]);
            prop_assert_eq!(mapping.mismatch(&event).is_none(), !index.matching(&event).is_empty());
        }
    }
}
