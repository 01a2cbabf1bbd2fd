//! Comparison of mappings.

use crate::json::canonical;

/// A mapping, as far as it is compared.
#[derive(Debug, Clone, Copy)]
pub struct ComparedMapping<'a> {
    /// The event type that it matches.
    pub event_type: &'a str,
    /// The action.
    pub action_type: &'a str,
    /// The condition, as JSON.
    pub when: Option<&'a str>,
    /// The parameters of the action, as JSON.
    pub parameters: &'a str,
    /// False for a mapping that matches nothing.
    pub active: bool,
}

/// A difference between two lists of mappings, which it names by their indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MappingDifference {
    /// Only `from` has it.
    Added {
        /// The index in `from`.
        from: usize,
    },
    /// Both have it, with another condition, other parameters, or switched otherwise.
    Changed {
        /// The index in `from`.
        from: usize,
        /// The index in `to`.
        to: usize,
    },
    /// Only `to` has it.
    Removed {
        /// The index in `to`.
        to: usize,
    },
}

/// Returns the differences between two lists of mappings: those of `from` in its order, then what only `to` has.
///
/// Mappings with the same event type, action, condition and parameters are one mapping. Of the others, those with the same
/// event type and action are one that was changed, in their order. The order of the lists is no difference: it decides
/// only between mappings of one action.
pub fn compare_mappings(from: &[ComparedMapping<'_>], to: &[ComparedMapping<'_>]) -> Vec<MappingDifference> {
    let [from_texts, to_texts] = [from, to].map(|side| side.iter().map(content).collect::<Vec<_>>());
    let mut free: Vec<bool> = vec![true; to.len()];
    let mut partners: Vec<Option<usize>> =
        from_texts.iter().map(|text| take(&mut free, |index| &to_texts[index] == text)).collect();
    for (index, mapping) in from.iter().enumerate().filter(|(index, _)| partners[*index].is_none()).collect::<Vec<_>>()
    {
        partners[index] = take(&mut free, |other| {
            (to[other].event_type, to[other].action_type) == (mapping.event_type, mapping.action_type)
        });
    }
    let of_from = partners.iter().enumerate().filter_map(|(index, partner)| match partner {
        None => Some(MappingDifference::Added { from: index }),
        Some(other) if from[index].active == to[*other].active && from_texts[index] == to_texts[*other] => None,
        Some(other) => Some(MappingDifference::Changed { from: index, to: *other }),
    });
    let only_in_to = free.iter().enumerate().filter(|(_, free)| **free);
    of_from.chain(only_in_to.map(|(index, _)| MappingDifference::Removed { to: index })).collect()
}

/// Takes the first free index of `to` that is wanted.
fn take(free: &mut [bool], is_wanted: impl Fn(usize) -> bool) -> Option<usize> {
    let index = (0..free.len()).find(|index| free[*index] && is_wanted(*index))?;
    free[index] = false;
    Some(index)
}

fn content<'a>(mapping: &ComparedMapping<'a>) -> (&'a str, &'a str, Option<String>, String) {
    let ComparedMapping { event_type, action_type, when, parameters, active: _ } = *mapping;
    (event_type, action_type, when.map(canonical), canonical(parameters))
}

#[cfg(test)]
mod tests {
    use super::{
        MappingDifference::{Added, Changed, Removed},
        *,
    };

    fn mapping<'a>(event_type: &'a str, parameters: &'a str, active: bool) -> ComparedMapping<'a> {
        ComparedMapping { event_type, action_type: "workflows_trigger", when: None, parameters, active }
    }

    #[test]
    fn equal_lists_do_not_differ_whatever_their_order_and_spelling() {
        let from = [mapping("a", r#"{"key":"k","data":"data.x"}"#, true), mapping("b", "{}", false)];
        let to = [mapping("b", "{ }", false), mapping("a", r#"{"data":"data.x", "key":"k"}"#, true)];
        assert_eq!(compare_mappings(&from, &to), []);
    }

    #[test]
    fn a_mapping_is_added_removed_or_changed() {
        let from = [mapping("a", r#"{"key":"k"}"#, true), mapping("b", "{}", true), mapping("c", "{}", true)];
        let to = [mapping("d", "{}", true), mapping("b", "{}", false), mapping("a", r#"{"key":"old"}"#, true)];
        let found = compare_mappings(&from, &to);
        assert_eq!(
            found,
            [Changed { from: 0, to: 2 }, Changed { from: 1, to: 1 }, Added { from: 2 }, Removed { to: 0 }]
        );
    }

    #[test]
    fn an_equal_mapping_is_found_before_a_changed_one() {
        let from = [mapping("a", r#"{"key":"new"}"#, true), mapping("a", r#"{"key":"kept"}"#, true)];
        let to = [mapping("a", r#"{"key":"kept"}"#, true)];
        assert_eq!(compare_mappings(&from, &to), [Added { from: 0 }]);
    }

    #[test]
    fn a_condition_is_part_of_a_mapping() {
        let from = [ComparedMapping { when: Some(r#"{"data.n":1}"#), ..mapping("a", "{}", true) }];
        let to = [mapping("a", "{}", true)];
        assert_eq!(compare_mappings(&from, &to), [Changed { from: 0, to: 0 }]);
    }
}
