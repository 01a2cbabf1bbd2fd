//! The argument that selects a server.

use anyhow::ensure;

use super::{
    Client,
    agent::{agent, is_loopback},
};

/// The server to call.
#[derive(Debug, clap::Args)]
pub struct ServerAddress {
    /// The server's management address
    #[arg(long, value_name = "URL", env = "INLET_SERVER", default_value = "http://127.0.0.1:8080")]
    server: String,
}

impl ServerAddress {
    /// Returns a client of the server with the token or key that `bearer` reads; sends no request yet.
    pub fn client(&self, bearer: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<Client> {
        let base = self.server.trim_end_matches('/').to_owned();
        ensure!(
            base.starts_with("http://") || base.starts_with("https://"),
            "--server is {base:?}; expected a URL such as https://inlet.example.com"
        );
        if !base.starts_with("https://") && !is_loopback(&base) {
            eprintln!("note: the token goes to {base} in clear text; a server on another machine wants https://");
        }
        Ok(Client { agent: agent(false, 0), base, token: bearer()? })
    }
}
