//! The lines that the demo prints: what to paste, and what follows.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_cli::secret_file;
use inlet_engine::Engine;
use inlet_store::TargetState;

use super::{
    ENVIRONMENT,
    receiver::Receiver,
    sources::EXAMPLES,
    target::{self, DemoTarget},
};
use crate::config::Config;

/// The values that the lines are made of.
pub struct Instructions<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// The configuration.
    pub config: &'a Config,
    /// The API key.
    pub key: &'a str,
    /// The path of a link that signs in to the dashboard once.
    pub sign_in: &'a str,
    /// The target.
    pub target: &'a DemoTarget,
    /// The receiver that it leads to.
    pub receiver: &'a Receiver,
}

impl Instructions<'_> {
    /// Returns the lines.
    pub fn text(&self) -> String {
        let (base, admin, key) = (self.config.base_url(), self.config.admin_url(), self.key);
        let mut text = format!("\nInlet is ready at {base}. The demo's API key for `{ENVIRONMENT}` is {key}\n");
        let sign_in = self.sign_in;
        let _ = writeln!(text, "The dashboard, with a link that signs in once, within ten minutes: {admin}{sign_in}");
        text.push_str(&self.deliveries());
        for example in &EXAMPLES {
            let snapshot = self.engine.snapshot();
            let endpoint = snapshot.sources.get(example.key).and_then(|source| source.endpoints.get(ENVIRONMENT));
            let Some(endpoint) = endpoint else { continue };
            let (name, token, body, user) = (example.name, &endpoint.record.token, example.body, example.user);
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\n# {name}: send what it sends\n\
                 curl -sS {base}/integrations/receive/{token} -H 'content-type: application/json' -d '{body}'\n\
                 # the user, and the workflow run\n\
                 curl -sS {admin}/v1/users/{user} -H 'authorization: Bearer {key}'\n\
                 curl -sS '{admin}/v1/workflow_runs?limit=1' -H 'authorization: Bearer {key}'\n"
            );
        }
        text.push_str(&self.verification());
        let token = self.management_token();
        let _ = write!(
            text,
            "\n# every step that was logged\n\
             curl -sS '{admin}/v1/sources/segment/logs?environment={ENVIRONMENT}&include=actions' -H \"authorization: Bearer {token}\"\n"
        );
        text
    }

    /// Says where deliveries arrive.
    fn deliveries(&self) -> String {
        let page = self.receiver.url();
        match self.target {
            DemoTarget::Own { state: TargetState::Running, .. } => format!(
                "Workflow runs are delivered to a small receiver: each delivery is printed here as it arrives, and shown whole at {page}\n"
            ),
            DemoTarget::Own { .. } => format!(
                "Workflow runs would be delivered to a small receiver at {page}, but its target is not running:\n\
                 curl -sS -X POST '{}/v1/targets/{}/resume?environment={ENVIRONMENT}' -H \"authorization: Bearer {}\"\n",
                self.config.admin_url(),
                target::KEY,
                self.management_token(),
            ),
            DemoTarget::Foreign => format!(
                "No receiver runs, because `{ENVIRONMENT}` has a target `{}` of another purpose.\n",
                target::KEY
            ),
        }
    }

    /// Shows how a signature is verified without Inlet.
    fn verification(&self) -> String {
        let DemoTarget::Own { secret, .. } = self.target else { return String::new() };
        let Ok(key) = STANDARD.decode(secret.trim_start_matches("whsec_")) else { return String::new() };
        let page = self.receiver.url();
        let hex = key.iter().fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        format!(
            "\n# verify the last delivery by hand: both lines are the same (the key is what the secret {secret} holds in base64)\n\
             curl -sS {page}last/signature; curl -sS {page}last/signed | openssl dgst -sha256 -mac HMAC -macopt hexkey:{hex} -binary | base64\n"
        )
    }

    /// Returns the management token, or what a shell replaces by it.
    fn management_token(&self) -> String {
        let file = self.config.data_dir.join(secret_file::MANAGEMENT_TOKEN);
        match self.config.management_token {
            Some(_) => "$INLET_MANAGEMENT_TOKEN".to_owned(),
            None => format!("$(cat '{}')", file.display()),
        }
    }
}
