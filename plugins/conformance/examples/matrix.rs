//! Prints a table of plugins and the checks they pass: `cargo run -p inlet-conformance --example matrix --
//! FILE.wasm=CASES ...`.

use std::{error::Error, fs, process::ExitCode};

use cap_std::{ambient_authority, fs::Dir};
use inlet_conformance::suite::{self, GROWTH, Level, Options};
use inlet_sandbox::{EngineConfig, Sandbox};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    // The law about cost needs instruction counts.
    let sandbox = Sandbox::new(EngineConfig { count_instructions: true, ..EngineConfig::default() })?;
    let mut conform = true;
    println!("{:24} {:>12} {:>12} {:>12} {:>12}  cost", "plugin", "must passed", "failed", "should pass", "failed");
    for argument in std::env::args().skip(1) {
        let (file, directory) = match argument.split_once('=') {
            Some((file, cases)) => (file, Some(Dir::open_ambient_dir(cases, ambient_authority())?)),
            None => (argument.as_str(), None),
        };
        let plugin = sandbox.load(&fs::read(file)?)?;
        let report = suite::run(&plugin, directory.as_ref(), &Options::default()).await?;
        let ((must, broken), (should, lacking)) = (report.count(Level::Must), report.count(Level::Should));
        let cost = report.checks.iter().find(|check| check.id == GROWTH.id).map_or("", |check| check.note.as_str());
        println!("{:24} {must:>12} {broken:>12} {should:>12} {lacking:>12}  {cost}", report.plugin);
        if !report.conforms() {
            eprint!("{report}");
            conform = false;
        }
    }
    Ok(if conform { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
