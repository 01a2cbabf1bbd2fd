//! Deliveries: draining a backlog, events beside deliveries, and very many deliveries that wait.
//!
//! The receiver is the bare handler, on the same cores as the server and the generator.

mod draining;
mod ingestion;
mod receiver;
pub mod target;
mod waiting;

use self::{draining::Draining, ingestion::Ingestion, waiting::Waiting};
use crate::{
    measure::start_bare,
    setup::{Part, Setup},
    table::Table,
};

/// The results of the parts that were measured.
#[derive(Debug, Default)]
pub struct Deliveries {
    draining: Option<Draining>,
    ingestion: Option<Ingestion>,
    waiting: Option<Waiting>,
}

/// Measures the wanted parts.
pub fn run(setup: &Setup) -> anyhow::Result<Deliveries> {
    let mut found = Deliveries::default();
    if ![Part::Draining, Part::Targets, Part::Waiting].into_iter().any(|part| setup.has(part)) {
        return Ok(found);
    }
    let directory = tempfile::tempdir_in(&setup.program().data)?;
    let bare = start_bare(directory.path())?;
    if setup.has(Part::Draining) {
        found.draining = Some(draining::run(setup, &bare)?);
    }
    if setup.has(Part::Targets) {
        found.ingestion = Some(ingestion::run(setup, &bare)?);
    }
    if setup.has(Part::Waiting) {
        found.waiting = Some(waiting::run(setup, &bare)?);
    }
    bare.stop()?;
    Ok(found)
}

impl Deliveries {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        if let Some(draining) = &self.draining {
            draining.add_to(table);
        }
        if let Some(ingestion) = &self.ingestion {
            ingestion.add_to(table);
        }
        if let Some(waiting) = &self.waiting {
            waiting.add_to(table);
        }
    }
}
