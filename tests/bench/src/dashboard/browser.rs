//! A session of the dashboard, as a browser has it: signed in by the form, with the cookie afterwards.

use std::{
    io::Read,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use ureq::{
    Agent, Body,
    http::{Response, header},
};

/// The longest page that is read, in bytes.
const MAX_PAGE: u64 = 64 << 20;
/// The longest time that a page may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A session.
#[derive(Debug)]
pub struct Browser {
    agent: Agent,
    origin: String,
    cookie: String,
}

/// An answer.
pub struct Page {
    /// The status.
    pub status: u16,
    /// The address that it leads to instead, of a redirection.
    pub location: Option<String>,
    /// The text.
    pub text: String,
    /// The time from the request to the last byte.
    pub time: Duration,
}

impl Browser {
    /// Signs in with a management token.
    pub fn sign_in(address: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let config =
            Agent::config_builder().http_status_as_error(false).max_redirects(0).max_redirects_will_error(false);
        let agent = config.timeout_connect(Some(PATIENCE)).build().new_agent();
        let origin = format!("http://{address}");
        let answer = agent
            .post(format!("{origin}/sign-in"))
            .header("sec-fetch-site", "same-origin")
            .send_form([("token", token), ("next", "/")])
            .context("cannot sign in to the dashboard")?;
        let cookie = answer.headers().get(header::SET_COOKIE).and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|value| value.split(';').next()).map(str::to_owned);
        let cookie = cookie.with_context(|| format!("signing in to the dashboard answered {}", answer.status()))?;
        Ok(Self { agent, origin, cookie })
    }

    /// Gets a page, and the time that it took.
    pub fn get(&self, path: &str) -> anyhow::Result<Page> {
        let start = Instant::now();
        let mut answer = self.send(path)?;
        let text = answer.body_mut().with_config().limit(MAX_PAGE).read_to_string();
        let text = text.with_context(|| format!("GET {path}"))?;
        let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Page { status: answer.status().as_u16(), location, text, time: start.elapsed() })
    }

    /// Opens an answer that goes on for ever.
    pub fn follow(&self, path: &str) -> anyhow::Result<impl Read + Send + 'static> {
        let answer = self.send(path)?;
        ensure!(answer.status() == 200, "GET {path} answered {}", answer.status());
        Ok(answer.into_body().into_reader())
    }

    fn send(&self, path: &str) -> anyhow::Result<Response<Body>> {
        let request = self.agent.get(format!("{}{path}", self.origin)).header(header::COOKIE, &self.cookie);
        request.header(header::ACCEPT, "text/html").call().with_context(|| format!("GET {path}"))
    }
}
