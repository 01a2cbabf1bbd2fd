//! The commands that are clients of a running server, beside `serve` and `secrets`.

use std::process::ExitCode;

use crate::{
    change,
    configuration::{apply, plan, promote, pull, schema, validate},
    delivery, environment, event, exit_code, issue, key, listen, logs, mapping, mcp, open, plugin, profile, refused,
    source, status, system, tail, target, token, trigger, user, variable, why, workflow, workflow_run,
};

/// A command.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = exit_code::help())]
pub enum Command {
    /// Create, change and list the sources of events
    #[command(subcommand)]
    Source(source::Command),
    /// Turn event types into actions, and test it
    #[command(subcommand)]
    Mapping(mapping::Command),
    /// Find, show, replay and dismiss events
    #[command(subcommand)]
    Event(event::Command),
    /// List requests that verification refused, verify them again or dismiss them
    #[command(subcommand)]
    Refused(refused::Command),
    /// Print events as they are logged
    Tail(Box<tail::Arguments>),
    /// Forward events to a local server as they are logged
    Listen(Box<listen::Arguments>),
    /// Send an example of the plugin to a source, with the values that you choose
    Trigger(trigger::Arguments),
    /// Explain the outcome of an event, and what to do about it
    Why(why::Arguments),
    /// Search the event logs of a running server's source
    Logs(Box<logs::Arguments>),
    /// List workflows, with what triggers them and where they go
    #[command(subcommand)]
    Workflow(workflow::Command),
    /// List and show the runs of workflows
    #[command(subcommand)]
    Run(workflow_run::Command),
    /// Manage the targets that receive runs
    #[command(subcommand)]
    Target(target::Command),
    /// List deliveries to targets, send them again or discard them
    #[command(subcommand)]
    Delivery(delivery::Command),
    /// List failures by their cause, acknowledge, mute and resolve them
    #[command(subcommand)]
    Issue(issue::Command),
    /// Show, import, export and forget the users of an environment
    #[command(subcommand)]
    User(user::Command),
    /// Write the configuration of a server into files
    Pull(pull::Arguments),
    /// Check configuration files, without a server
    Validate(validate::Arguments),
    /// Show what configuration files would change
    Plan(plan::Arguments),
    /// Change a server to match configuration files
    Apply(apply::Arguments),
    /// Copy settings and mappings of one environment to another
    Promote(promote::Arguments),
    /// Print the JSON Schema of configuration files
    Schema(schema::Arguments),
    /// Show sources and targets, and what needs attention
    Status(status::Arguments),
    /// Show the state of the server itself: storage, load, jobs and clocks
    System(system::Arguments),
    /// List who changed what
    #[command(subcommand)]
    Change(change::Command),
    /// Open the dashboard in a browser, signed in
    Open(open::Arguments),
    /// Let an agent read from a running server (Model Context Protocol); it can change nothing
    Mcp(mcp::Arguments),
    /// Manage environments
    #[command(subcommand)]
    Env(environment::Command),
    /// Manage the keys of an environment's own code
    #[command(subcommand)]
    Key(key::Command),
    /// Manage management tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Manage variables, the values that mappings share
    #[command(subcommand)]
    Variable(variable::Command),
    /// Name servers, each with its address and its token
    #[command(subcommand)]
    Profile(profile::Command),
    /// Write, build, test and try plugins
    #[command(subcommand)]
    Plugin(plugin::Command),
}

/// Runs a command and returns the exit code of the process.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Source(command) => source::run(command)?,
        Command::Mapping(command) => mapping::run(command)?,
        Command::Event(command) => event::run(command)?,
        Command::Refused(command) => refused::run(command)?,
        Command::Tail(arguments) => tail::run(arguments)?,
        Command::Listen(arguments) => listen::run(arguments)?,
        Command::Trigger(arguments) => trigger::run(arguments)?,
        Command::Why(arguments) => why::run(arguments)?,
        Command::Logs(arguments) => logs::run(arguments)?,
        Command::Workflow(command) => workflow::run(command)?,
        Command::Run(command) => workflow_run::run(command)?,
        Command::Target(command) => target::run(command)?,
        Command::Delivery(command) => delivery::run(command)?,
        Command::Issue(command) => issue::run(command)?,
        Command::User(command) => return user::run(command),
        Command::Pull(arguments) => pull::run(arguments)?,
        Command::Validate(arguments) => return validate::run(arguments),
        Command::Plan(arguments) => return plan::run(arguments),
        Command::Apply(arguments) => apply::run(arguments)?,
        Command::Promote(arguments) => promote::run(arguments)?,
        Command::Schema(arguments) => schema::run(arguments)?,
        Command::Status(arguments) => return status::run(arguments),
        Command::System(arguments) => system::run(arguments)?,
        Command::Change(command) => change::run(command)?,
        Command::Open(arguments) => open::run(arguments)?,
        Command::Mcp(arguments) => mcp::run(arguments)?,
        Command::Env(command) => environment::run(command)?,
        Command::Key(command) => key::run(command)?,
        Command::Token(command) => token::run(command)?,
        Command::Variable(command) => variable::run(command)?,
        Command::Profile(command) => profile::run(command)?,
        Command::Plugin(command) => plugin::run(command)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser};

    #[derive(Parser)]
    struct Inlet {
        #[command(subcommand)]
        _command: super::Command,
    }

    #[test]
    fn the_help_ends_with_the_exit_codes() {
        let help = Inlet::command().render_help().to_string();
        assert!(help.contains("Exit codes:") && help.contains("75  No server answers"), "{help}");
        assert!(help.contains("10  `plan`"), "{help}");
    }

    fn without_json(command: &mut clap::Command, path: &str, found: &mut Vec<String>) {
        if command.has_subcommands() {
            for command in command.get_subcommands_mut() {
                let path = format!("{path} {}", command.get_name());
                without_json(command, &path, found);
            }
            return;
        }
        let has_json = command.get_arguments().any(|argument| argument.get_long() == Some("json"));
        let says_why = command.render_long_help().to_string().contains("so there is no --json");
        if has_json == says_why {
            found.push(path.to_owned());
        }
    }

    #[test]
    fn every_command_prints_json_or_says_why_not() {
        let mut found = Vec::new();
        without_json(&mut Inlet::command(), "inlet", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
