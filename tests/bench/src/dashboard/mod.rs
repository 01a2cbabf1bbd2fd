//! The dashboard and live tails: the time of every page with many stored events, and events beside open tails.

mod browser;
mod crawl;
mod pages;
mod tails;

use self::{pages::Pages, tails::Tails};
use crate::{
    setup::{Part, Setup},
    table::Table,
};

/// The results of the parts that were measured.
#[derive(Debug, Default)]
pub struct Dashboard {
    pages: Option<Pages>,
    tails: Option<Tails>,
}

/// Measures the wanted parts.
pub fn run(setup: &Setup) -> anyhow::Result<Dashboard> {
    let mut found = Dashboard::default();
    if setup.has(Part::Pages) {
        found.pages = Some(pages::run(setup)?);
    }
    if setup.has(Part::Tails) {
        found.tails = Some(tails::run(setup)?);
    }
    Ok(found)
}

impl Dashboard {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        if let Some(pages) = &self.pages {
            pages.add_to(table);
        }
        if let Some(tails) = &self.tails {
            tails.add_to(table);
        }
    }
}
