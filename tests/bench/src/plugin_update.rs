//! Throughput while a plugin is replaced: the same load with and without adding and using a version, in alternation.

use std::{fs, thread};

use anyhow::{Context as _, anyhow};

use crate::{
    measure::{measure_maximum, progress},
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table, Target},
};

/// The results.
#[derive(Debug, Default)]
pub struct PluginUpdate {
    /// Events per second without a change.
    alone: Series,
    /// Events per second while a version was added and used once.
    beside: Series,
    /// Duration of adding and using the version, in milliseconds.
    took: Series,
}

/// Measures with and without a change.
pub fn run(setup: &Setup) -> anyhow::Result<PluginUpdate> {
    let segment = fs::read(&setup.segment)
        .with_context(|| format!("there is no {}; build it with `make plugins`", setup.segment.display()))?;
    let server = Server::start(setup.program(), Scenario::Logged)?;
    let mut found = PluginUpdate::default();
    for round in 1..=setup.rounds {
        progress(&format!("installing, round {round} of {}", setup.rounds));
        let version = format!("9.{round}.0");
        let wasm = inlet_pack::repack(&segment, |manifest| manifest["version"] = version.as_str().into())?;
        // The order alternates, so that neither always runs first.
        for is_installing in [round % 2 == 0, round % 2 == 1] {
            if !is_installing {
                found.alone.push(measure_maximum(setup, &server)?.0);
                continue;
            }
            let (rate, took) = thread::scope(|scope| {
                let installer = scope.spawn(|| {
                    // The change happens in the middle of the measurement.
                    thread::sleep(setup.warm_up + setup.time / 4);
                    let start = std::time::Instant::now();
                    server.add_plugin("segment", &wasm)?;
                    server.use_plugin(&version)?;
                    anyhow::Ok(start.elapsed())
                });
                let rate = measure_maximum(setup, &server)?.0;
                let took = installer.join().map_err(|_| anyhow!("the installer panicked"))??;
                anyhow::Ok((rate, took))
            })?;
            found.beside.push(rate);
            found.took.push(took.as_secs_f64() * 1e3);
        }
    }
    server.stop()?;
    Ok(found)
}

impl PluginUpdate {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        table.heading("While a version of the plugin is added and used, logged only", "÷ without");
        table.line(Line::new("left alone", "events/s", self.alone.clone()));
        let line = Line::new("with one add and one use", "events/s", self.beside.clone());
        table.line(line.ratio(self.beside.divided_by(&self.alone)).target(Target::AtLeast(0.9)));
        table.line(Line::new("the add and the use, under that load", "ms", self.took.clone()));
    }
}
