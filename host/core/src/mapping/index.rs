//! Finding the mappings of an event type, and the nearest one where none matches.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use super::{CALL_TYPES, Mapping};

/// The active mappings of a source environment by event type.
#[derive(Debug, Clone, Default)]
pub struct MappingIndex {
    by_event_type: HashMap<String, Vec<Arc<Mapping>>>,
    /// The names of all mappings, also inactive ones, by their folded form.
    folded: HashMap<String, Named>,
}

/// The name of a mapping.
#[derive(Debug, Clone)]
struct Named {
    name: String,
    is_active: bool,
}

/// The reason of an event that no mapping matches, if no mapping is near.
const NO_MAPPING: &str = "no mapping matches this event type";

impl MappingIndex {
    /// Indexes the active mappings.
    pub fn new(mappings: impl IntoIterator<Item = Mapping>) -> Self {
        let mut by_event_type: HashMap<String, Vec<Arc<Mapping>>> = HashMap::new();
        let mut folded: HashMap<String, Named> = HashMap::new();
        for mapping in mappings {
            let named = Named { name: mapping.event_type.clone(), is_active: mapping.active };
            let known = folded.entry(fold(&mapping.event_type)).or_insert_with(|| named.clone());
            if !known.is_active {
                *known = named;
            }
            if !mapping.active {
                continue;
            }
            let mapping = Arc::new(mapping);
            for name in matched_by(&mapping.event_type) {
                by_event_type.entry(name).or_default().push(mapping.clone());
            }
        }
        for found in by_event_type.values_mut() {
            found.sort_by_key(|mapping| (mapping.action.action_type(), mapping.created_at_ms, mapping.id));
        }
        Self { by_event_type, folded }
    }

    /// Returns the reason why no mapping matches an event type that [`Self::matching`] found none for. It names the nearest
    /// mapping: one of another case, with another prefix such as `track/`, or an inactive one. One look-up by the folded
    /// name, because it is computed for every event without a mapping.
    pub fn mismatch(&self, event_type: &str) -> Cow<'static, str> {
        if self.folded.is_empty() {
            return Cow::Borrowed("the source has no mappings in this environment");
        }
        let Some(Named { name, is_active }) = self.folded.get(&fold(event_type)) else {
            return Cow::Borrowed(NO_MAPPING);
        };
        let matched = matched_by(name);
        let lower = event_type.to_lowercase();
        let difference = match (matched.iter().any(|name| name == event_type), is_active) {
            (true, _) => "is inactive, and only active mappings match",
            (false, _) if matched.iter().any(|name| name.to_lowercase() == lower) => {
                "is written with other upper and lower case, which counts"
            }
            (false, _) if without_call(name) == without_call(event_type) => {
                "has another prefix; a mapping matches the event type as it is, such as `track/Name`"
            }
            (false, _) => "is spelled otherwise",
        };
        let inactive = if *is_active || difference.starts_with("is inactive") { "" } else { ", and is inactive" };
        Cow::Owned(format!("{NO_MAPPING}; the nearest, `{name}`, {difference}{inactive}"))
    }

    /// Returns the mappings of an event type, in the order in which they are carried out.
    pub fn matching(&self, event_type: &str) -> &[Arc<Mapping>] {
        self.by_event_type.get(event_type).map_or(&[], Vec::as_slice)
    }
}

/// Folds a name, so that names which people confuse are equal: letters and digits in lower case, without the call type
/// before them.
fn fold(name: &str) -> String {
    let folded = |text: &str| -> String {
        text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    match folded(without_call(name)) {
        // A name of signs alone stays itself.
        nothing if nothing.is_empty() => name.to_owned(),
        folded => folded,
    }
}

/// Returns a name without the call type before it.
fn without_call(name: &str) -> &str {
    let of_call =
        |(call, rest): (&str, _)| CALL_TYPES.iter().any(|known| call.eq_ignore_ascii_case(known)).then_some(rest);
    name.split_once('/').and_then(of_call).unwrap_or(name)
}

/// Returns the event types that a name in a mapping or a search matches: the name itself and, for a plain name, the track
/// event of that
/// name.
pub fn matched_by(name: &str) -> Vec<String> {
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
            when: None,
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
    fn a_mismatch_names_the_nearest_mapping() {
        let named = |event_type: &str, active| Mapping { active, ..mapping(event_type, "users_identify", "{}", 1) };
        let index = MappingIndex::new([
            named("Order Completed", true),
            named("track/Paid", true),
            named("Cart", false),
            named("page/Home", true),
            named("old name", false),
        ]);
        let why = |event_type: &str| index.mismatch(event_type).into_owned();
        insta::assert_snapshot!(why("track/order completed"), @"no mapping matches this event type; the nearest, `Order Completed`, is written with other upper and lower case, which counts");
        insta::assert_snapshot!(why("track/order_completed"), @"no mapping matches this event type; the nearest, `Order Completed`, is spelled otherwise");
        insta::assert_snapshot!(why("Paid"), @"no mapping matches this event type; the nearest, `track/Paid`, has another prefix; a mapping matches the event type as it is, such as `track/Name`");
        insta::assert_snapshot!(why("track/Cart"), @"no mapping matches this event type; the nearest, `Cart`, is inactive, and only active mappings match");
        insta::assert_snapshot!(why("screen/Home"), @"no mapping matches this event type; the nearest, `page/Home`, has another prefix; a mapping matches the event type as it is, such as `track/Name`");
        insta::assert_snapshot!(why("track/Old Name"), @"no mapping matches this event type; the nearest, `old name`, is written with other upper and lower case, which counts, and is inactive");
        insta::assert_snapshot!(why("track/Refunded"), @"no mapping matches this event type");
        insta::assert_snapshot!(why("/"), @"no mapping matches this event type");
        insta::assert_snapshot!(MappingIndex::default().mismatch("x"), @"the source has no mappings in this environment");
    }

    #[test]
    fn an_active_mapping_is_named_before_an_inactive_one() {
        let named = |event_type: &str, active| Mapping { active, ..mapping(event_type, "users_identify", "{}", 1) };
        for mappings in [[named("paid", false), named("PAID", true)], [named("PAID", true), named("paid", false)]] {
            assert!(MappingIndex::new(mappings).mismatch("track/Paid").contains("`PAID`"));
        }
    }

    #[test]
    fn an_inactive_mapping_matches_nothing() {
        let mut inactive = mapping("e", "users_identify", "{}", 1);
        inactive.active = false;
        assert!(MappingIndex::new([inactive]).matching("e").is_empty());
    }
}
