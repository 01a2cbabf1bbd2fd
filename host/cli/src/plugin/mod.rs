//! `inlet plugin`: the author's tool. It runs plugins in the server's own sandbox, so that a plugin that passes here passes
//! there.
//!
//! Each command has a file or folder of its name; the other modules hold the concepts that commands share.

mod add;
mod bench;
mod bind;
mod build;
mod capture;
mod catalog;
mod check;
mod comparison;
mod compiled_cache;
mod diff;
pub(crate) mod embedded_plugins;
mod inspect;
mod keygen;
mod list;
mod new;
mod pack;
mod plugin_file;
mod publisher_key;
pub(crate) mod reference;
mod remove;
mod replay;
mod rollback;
mod run;
mod sandbox;
pub(crate) mod send;
mod show;
mod switch;
mod test;
mod use_version;

pub(crate) use self::send::Unsigned;

/// A subcommand of `inlet plugin`.
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
    /// Make a key to sign plugins with
    Keygen(keygen::Arguments),
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
    /// Put a version into a running server; no source has it until `use`
    Add(add::Arguments),
    /// List the plugins that this program brings, for `add --from-catalog`
    Catalog(catalog::Arguments),
    /// List the plugins of a running server
    List(list::Arguments),
    /// Show a plugin of a running server: its versions, and which sources have them
    Show(show::Arguments),
    /// Remove a version from a running server
    Remove(remove::Arguments),
    /// Give a source a version of its plugin in one environment
    Use(use_version::Arguments),
    /// Give a source the plugin back that it had before
    Rollback(rollback::Arguments),
    /// Replay the events that a source's plugin was not run on, or failed on
    Replay(replay::Arguments),
    /// Show what another version would change for a source, on the requests that came last
    Diff(diff::Arguments),
    /// Make test cases of logged requests, personal data masked
    Capture(capture::Arguments),
    /// Send an example of its plugin's manifest, signed, to a source of a running server
    Send(send::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::New(arguments) => new::run(arguments),
        Command::Build(arguments) => build::run(arguments),
        Command::Bind(arguments) => bind::run(arguments),
        Command::Pack(arguments) => pack::run(arguments),
        Command::Keygen(arguments) => keygen::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Test(arguments) => test::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Add(arguments) => add::run(arguments),
        Command::Catalog(arguments) => catalog::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Remove(arguments) => remove::run(arguments),
        Command::Use(arguments) => use_version::run(arguments),
        Command::Rollback(arguments) => rollback::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Capture(arguments) => capture::run(arguments),
        Command::Send(arguments) => send::run(arguments),
    }
}
