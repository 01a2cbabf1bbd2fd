//! Targets and variables that would be deleted, and that mappings still refer to.

use inlet_engine::ChangedPart;
use inlet_store::{Environment, MappingRecord};

use super::Planner;
use crate::{
    error::ApiError,
    mapping_references::{Reference, check_unused},
};

impl Planner<'_> {
    /// Refuses deletions that the mappings that there will be stand against.
    pub(super) fn check_references(&self) -> Result<(), ApiError> {
        for deletion in &self.deletions {
            match deletion {
                ChangedPart::DeletedTarget(environment, target) => {
                    check_unused(self.mappings_after(environment), Reference::Target(&target.key))?;
                }
                ChangedPart::DeletedVariable(environment, variable) => {
                    check_unused(self.mappings_after(environment), Reference::Variable(&variable.key))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Iterates over the mappings of an environment as they will be. Those of new sources were checked when they were
    /// planned.
    fn mappings_after<'s>(
        &'s self,
        environment: &'s Environment,
    ) -> impl Iterator<Item = (&'s str, &'s MappingRecord)> {
        let endpoints = self.snapshot.endpoints().filter(|endpoint| endpoint.environment_id == environment.id);
        let left = endpoints.filter(|endpoint| !self.deleted_sources.contains(&endpoint.source));
        left.flat_map(|endpoint| {
            let mappings = self.mappings.get(&endpoint.id).unwrap_or(&endpoint.record.mappings);
            mappings.iter().map(move |mapping| (endpoint.source.as_str(), mapping))
        })
    }
}
