//! `inlet user show`: prints a user.

use anyhow::Context as _;
use inlet_api_types::recipients::users::User;
use ureq::http::Method;

use crate::{
    client::{Content, EnvironmentArgument, OTHER_VERSION, ServerArguments, encoded},
    output::{OutputArguments, print, print_json, shown_json, table},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The user's id
    id: String,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let path = format!("/v1/users/{}?{}", encoded(&arguments.id), arguments.environment.query(&client)?);
    let text = client.send_for_text(Method::GET, &path, Content::None)?;
    if arguments.output.json {
        return print_json(&text);
    }
    let user: User = serde_json::from_str(&text).context(OTHER_VERSION)?;
    let known = [
        ("name", user.name),
        ("email", user.email),
        ("phone_number", user.phone_number),
        ("avatar", user.avatar),
        ("timezone", user.timezone),
        ("locale", user.locale),
    ];
    let mut rows = vec![["id".to_owned(), user.id]];
    for (name, value) in known {
        if let Some(value) = value {
            rows.push([name.to_owned(), value.to_str().unwrap_or_else(|| value.into_text())]);
        }
    }
    rows.push(["updated_at".to_owned(), user.updated_at]);
    rows.extend(user.properties.into_iter().map(|(name, value)| [name, shown_json(value.as_text())]));
    print(&table(["PROPERTY", "VALUE"], rows))
}
