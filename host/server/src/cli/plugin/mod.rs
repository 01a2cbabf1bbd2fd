//! `inlet plugin`: the author's tool. It loads and runs plugins in the very sandbox that the server has, so that what passes
//! here passes there.

mod bench;
mod bind;
mod build;
mod check;
mod file;
mod inspect;
mod language;
mod new;
mod pack;
mod request;
mod run;
mod test;

/// What can be done.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Start a plugin: a project that builds and passes its tests
    New(new::Arguments),
    /// Build the plugin of a directory and leave NAME.wasm in it
    Build(build::Arguments),
    /// Write the contract as C, to compile a plugin with
    Bind(bind::Arguments),
    /// Make a plugin of a core module or a component and a plugin.toml
    Pack(pack::Arguments),
    /// Check all that the server checks when it loads a plugin
    Check(check::Arguments),
    /// Show what a plugin says about itself
    Inspect(inspect::Arguments),
    /// Show what a plugin makes of one request, and what it takes
    Run(run::Arguments),
    /// Run a plugin's cases and the laws that every plugin keeps
    Test(test::Arguments),
    /// Measure a plugin on its manifest's examples
    Bench(bench::Arguments),
}

/// Does it.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::New(arguments) => new::run(arguments),
        Command::Build(arguments) => build::run(arguments),
        Command::Bind(arguments) => bind::run(arguments),
        Command::Pack(arguments) => pack::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Test(arguments) => test::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
    }
}
