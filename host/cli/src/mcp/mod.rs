//! `inlet mcp`: a server of the Model Context Protocol on the standard input and output, with which an agent looks into a
//! running Inlet server. It can change nothing.
//!
//! The protocol is written here: of JSON-RPC over lines it needs four methods. The official SDK (`rmcp`) is asynchronous,
//! brings seven more crates, and turns on further features of the runtime under the whole server. The tests call every
//! tool with the official TypeScript client instead.

mod answer;
mod given;
mod lines;
mod parameter;
mod protocol;
mod tools;

use std::io::{stdin, stdout};

use crate::{
    client::{Client, EnvironmentArgument, ServerArguments},
    output::note,
};

/// The arguments of `inlet mcp`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
An agent starts this command and talks to it, for example with this configuration:

  {\"mcpServers\": {\"inlet\": {\"command\": \"inlet\", \"args\": [\"mcp\", \"--profile\", \"production\"]}}}

The tools list sources, events, runs and deliveries, show an event, explain it, and say what needs attention. With a token of the
scope operate there is `rehearse` too, which carries nothing out. A token of the scope read is enough for the others: make one for the
agent with `inlet token create agent --scope read --env production`.

What senders wrote comes to the agent between marks that they cannot know, without control characters, and says that it is data.
No answer has more than about 40 KB. The output is JSON of the protocol, so there is no --json.")]
pub struct Arguments {
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    server: ServerArguments,
}

/// The surroundings of the tools.
pub(crate) struct Session {
    client: Client,
    /// The environment of calls that name none.
    environment: Option<String>,
}

/// Serves until the input ends.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let environment = arguments.environment.slug(&client).ok().map(str::to_owned);
    note(&format!("serving {} to an agent on the standard input and output", client.base()));
    protocol::serve(&Session { client, environment }, stdin().lock(), stdout().lock())
}
