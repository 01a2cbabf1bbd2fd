//! Memory of loaded plugins: a server with a hundred additional plugins, against one without.

use std::fs;

use anyhow::Context as _;

use crate::{
    measure::progress,
    scenario::Scenario,
    series::Series,
    server::{Program, Server},
    setup::Setup,
    table::{Line, Table, Target},
};

/// Number of additional plugins.
const COUNT: usize = 100;

/// The results.
#[derive(Debug, Default)]
pub struct PluginMemory {
    /// Size of one plugin file in bytes.
    size: usize,
    /// Memory without them, in bytes.
    without: u64,
    /// Memory with them, in bytes.
    with: u64,
}

/// Starts and measures both servers.
pub fn run(setup: &Setup) -> anyhow::Result<PluginMemory> {
    progress("a hundred plugins");
    let segment = fs::read(&setup.segment)
        .with_context(|| format!("there is no {}; build it with `make plugins`", setup.segment.display()))?;
    let directory = tempfile::tempdir_in(&setup.program().data)?;
    for n in 0..COUNT {
        let wasm = inlet_pack::repack(&segment, |manifest| manifest["key"] = format!("bench/p-{n}").into())?;
        fs::write(directory.path().join(format!("{n}.wasm")), wasm)?;
    }
    let program = Program { plugins: Some(directory.path().to_owned()), ..setup.program().clone() };
    let without = Server::start(setup.program(), Scenario::Logged)?;
    let with = Server::start(&program, Scenario::Logged)?;
    let found = PluginMemory { size: segment.len(), without: without.idle, with: with.idle };
    without.stop()?;
    with.stop()?;
    Ok(found)
}

impl PluginMemory {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        let megabytes = |bytes: u64| Series::from_iter([bytes as f64 / 1e6]);
        table.heading(&format!("Memory of {COUNT} plugins of {} KB", self.size / 1000), "");
        table.line(Line::new("without them, before any load", "MB", megabytes(self.without)));
        table.line(Line::new("with them, before any load", "MB", megabytes(self.with)));
        let each = self.with.saturating_sub(self.without) / COUNT as u64;
        table.line(Line::new("each", "MB", megabytes(each)).target(Target::AtMost(3.0)));
    }
}
