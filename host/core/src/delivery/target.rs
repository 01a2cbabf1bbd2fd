//! Targets as far as routing needs them.

use serde::{Deserialize, Serialize};

/// The longest key of a target, in bytes.
pub const MAX_TARGET_KEY_BYTES: usize = 64;

/// A target of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutedTarget {
    /// The database id.
    pub id: i64,
    /// The key, unique in the environment.
    pub key: Box<str>,
    /// The rules by which it takes runs.
    pub routing: TargetRouting,
}

/// The way in which a target takes runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRouting {
    /// The most recipients of one delivery; at least 1.
    pub chunk: u32,
    /// The deliveries that never overtake each other; none if all may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<DeliveryOrder>,
    /// The keys of the workflows that it wants; none for all. A mapping that names targets chooses without regard to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflows: Option<Vec<Box<str>>>,
    /// True if it can be told to cancel what it was told to trigger.
    #[serde(default)]
    pub has_cancel: bool,
    /// True if a trigger can be canceled for all of its recipients only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancels_wholly: bool,
    /// The least time between a trigger's end and its cancel, in milliseconds.
    #[serde(default)]
    pub cancel_gap_ms: i64,
}

/// The deliveries of a target that never overtake each other, also over retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOrder {
    /// Those of one user, object or tenant. Each delivery has one recipient.
    User,
    /// Those of one workflow with one cancellation key. A target with a cancel call always orders these.
    CancellationKey,
}

impl TargetRouting {
    /// The most recipients of one delivery.
    pub const MAX_CHUNK: u32 = 1000;

    /// Returns the routing of a target that takes as many recipients at once, in any order.
    pub fn of_chunks(chunk: u32) -> Self {
        Self { chunk, order: None, workflows: None, has_cancel: false, cancels_wholly: false, cancel_gap_ms: 0 }
    }

    /// Returns the number of recipients of one delivery.
    pub fn recipients_each(&self) -> usize {
        match self.order {
            Some(DeliveryOrder::User) => 1,
            _ => self.chunk.clamp(1, Self::MAX_CHUNK) as usize,
        }
    }
}

impl RoutedTarget {
    /// Returns true if the target gets a run of this workflow. `named` are the targets that the mapping names; none if it
    /// names none.
    pub fn wants(&self, workflow: &str, named: Option<&[String]>) -> bool {
        match (named, &self.routing.workflows) {
            (Some(named), _) => named.iter().any(|key| **key == *self.key),
            (None, Some(workflows)) => workflows.iter().any(|key| **key == *workflow),
            (None, None) => true,
        }
    }
}

/// Checks the key of a target; returns what is wrong with it.
pub fn check_target_key(key: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    match key {
        "" => Err("it is empty; expected a key such as \"orders\"".to_owned()),
        _ if key.len() > MAX_TARGET_KEY_BYTES => {
            Err(format!("it has {} characters; at most {MAX_TARGET_KEY_BYTES} are allowed", key.chars().count()))
        }
        _ => match key.chars().find(|c| !allowed(*c)) {
            Some(bad) => Err(format!("it holds {bad:?}; expected lower-case letters, digits, `-` and `_`")),
            None => Ok(()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(workflows: Option<&[&str]>) -> RoutedTarget {
        let workflows = workflows.map(|keys| keys.iter().map(|key| Box::from(*key)).collect());
        let routing = TargetRouting { workflows, ..TargetRouting::of_chunks(10) };
        RoutedTarget { id: 1, key: "crm".into(), routing }
    }

    #[test]
    fn a_mapping_that_names_targets_chooses_and_otherwise_the_target_does() {
        let named = ["crm".to_owned()];
        let others = ["other".to_owned()];
        for (workflows, named, wants) in [
            (None, None, true),
            (None, Some(&named[..]), true),
            (None, Some(&others[..]), false),
            (None, Some(&[][..]), false),
            (Some(&["welcome"][..]), None, true),
            (Some(&["goodbye"][..]), None, false),
            (Some(&["goodbye"][..]), Some(&named[..]), true),
        ] {
            assert_eq!(target(workflows).wants("welcome", named), wants, "{workflows:?} {named:?}");
        }
    }

    #[test]
    fn keys_are_checked() {
        assert_eq!(check_target_key("orders-eu_2"), Ok(()));
        insta::assert_snapshot!(check_target_key("").unwrap_err(), @r#"it is empty; expected a key such as "orders""#);
        insta::assert_snapshot!(check_target_key("Orders").unwrap_err(), @"it holds 'O'; expected lower-case letters, digits, `-` and `_`");
        insta::assert_snapshot!(check_target_key(&"x".repeat(65)).unwrap_err(), @"it has 65 characters; at most 64 are allowed");
    }

    #[test]
    fn routing_is_read_back() {
        let routing = TargetRouting {
            order: Some(DeliveryOrder::CancellationKey),
            workflows: Some(vec!["welcome".into()]),
            has_cancel: true,
            cancel_gap_ms: 5000,
            ..TargetRouting::of_chunks(1000)
        };
        let text = serde_json::to_string(&routing).unwrap();
        assert_eq!(serde_json::from_str::<TargetRouting>(&text).unwrap(), routing);
        let short: TargetRouting = serde_json::from_str(r#"{"chunk":1000}"#).unwrap();
        assert_eq!(short, TargetRouting::of_chunks(1000));
    }
}
