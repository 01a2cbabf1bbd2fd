//! The targets and variables that mappings refer to, which must not be deleted.

use inlet_core::actions::variable_references;
use inlet_store::MappingRecord;

use crate::{
    error::{ApiError, Kind},
    targets::mapping_targets::named_targets,
};

/// The most mappings that a refusal names.
const MAX_NAMED: usize = 10;

/// A thing that a mapping refers to, by its key.
#[derive(Debug, Clone, Copy)]
pub enum Reference<'a> {
    /// A target that it names.
    Target(&'a str),
    /// A variable that it reads.
    Variable(&'a str),
}

impl Reference<'_> {
    fn is_in(self, mapping: &MappingRecord) -> bool {
        match self {
            Self::Target(key) => {
                named_targets(&mapping.action_type, &mapping.parameters).iter().any(|named| named == key)
            }
            Self::Variable(key) => {
                variable_references(&mapping.parameters, mapping.when.as_deref()).iter().any(|name| name == key)
            }
        }
    }
}

/// Refuses a deletion if one of these mappings, each with its source's key, refers to what would be deleted.
pub fn check_unused<'a>(
    mappings: impl Iterator<Item = (&'a str, &'a MappingRecord)>,
    reference: Reference<'_>,
) -> Result<(), ApiError> {
    let users: Vec<String> = mappings
        .filter(|(_, mapping)| reference.is_in(mapping))
        .map(|(source, mapping)| format!("{source}: {:?} ({})", mapping.event_type, mapping.id))
        .collect();
    if users.is_empty() {
        return Ok(());
    }
    let more = users.len().saturating_sub(MAX_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = users.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let subject = match reference {
        Reference::Target(key) => format!("mappings name the target {key:?}"),
        Reference::Variable(key) => format!("mappings read vars.{key}"),
    };
    Err(ApiError::new(Kind::Conflict, format!("{subject}: {named}{more}; change them, then delete it")))
}
