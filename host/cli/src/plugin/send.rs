//! `inlet plugin send`: posts an example of a plugin's manifest to a source, signed as its platform signs.

use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, bail};
use inlet_api_types::{
    providers::{ExamplePayload, SourceProvider},
    sources::{Source, SourceSettings},
};
use inlet_core::{
    Uuid,
    verification::{HeaderFamily, Template, ToSign, VerificationHeaders},
};
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Request, header};

use super::reference::SourceRef;
use crate::{
    client::{Client, OTHER_VERSION, ServerArguments, encoded, post_webhook},
    secret_file,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The source, for example shop@development
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: SourceRef,
    /// The event type of the example
    #[arg(long, value_name = "NAME")]
    example: String,
    /// What to sign with (for Ed25519: the private key); the server tells nobody its own
    #[arg(long, value_name = "SECRET", conflicts_with = "secret_file")]
    secret: Option<String>,
    /// The file that holds it
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let SourceRef { source, environment } = &arguments.source;
    let found: Source = client.get(&format!("/v1/sources/{}?environment={}", encoded(source), encoded(environment)))?;
    let in_environment = found.environment_settings.unwrap_or_default().remove(environment);
    let settings = in_environment
        .with_context(|| format!("the source {source:?} is not set up in the environment {environment:?}"))?
        .settings;
    let (method, example) = example(&client, &found.preconfigured_provider, &arguments.example)?;
    let request = signed(&settings, &method, example, secret(arguments)?.as_deref())?;
    let (status, body) = post_webhook(request)?;
    println!("{status} {}", body.trim_end());
    match status {
        200..300 => Ok(()),
        _ => bail!("the example was not accepted"),
    }
}

fn example(client: &Client, key: &str, name: &str) -> anyhow::Result<(String, ExamplePayload)> {
    let path = format!("/v1/source_providers/{}?include=example_payloads", encoded(key));
    let SourceProvider { methods, example_payloads, .. } = client.get(&path)?;
    let mut example_payloads = example_payloads.unwrap_or_default();
    let Some(example) = example_payloads.get_mut(name).and_then(|examples| examples.drain(..).next()) else {
        let names: Vec<&str> = example_payloads.keys().map(String::as_str).collect();
        bail!("{key} has no example {name:?}; expected one of {}", names.join(", "));
    };
    Ok((methods.into_iter().next().unwrap_or_else(|| "POST".to_owned()), example))
}

fn secret(arguments: &Arguments) -> anyhow::Result<Option<String>> {
    let Some(file) = &arguments.secret_file else {
        return Ok(arguments.secret.as_deref().map(|secret| secret.trim().to_owned()));
    };
    let secret = secret_file::read(file)?;
    secret.map(Some).with_context(|| format!("there is no secret in {}; correct --secret-file", file.display()))
}

fn signed(
    settings: &SourceSettings,
    method: &str,
    example: ExamplePayload,
    secret: Option<&str>,
) -> anyhow::Result<Request<Vec<u8>>> {
    let ExamplePayload { headers: given, raw_body, .. } = example;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut insert = |name: &str, value: &str| {
        let name: HeaderName = name.parse().with_context(|| format!("{name:?} is no header's name"))?;
        let value: HeaderValue = value.parse().with_context(|| format!("no header {name} can hold its value"))?;
        anyhow::Ok(headers.insert(name, value))
    };
    for (name, value) in &given {
        insert(name, value)?;
    }
    let scheme = settings.verification_scheme.clone().map(serde_json::from_value::<Template>).transpose();
    match (&scheme.context(OTHER_VERSION)?, secret) {
        (Some(scheme), Some(secret)) => {
            let sent: Vec<(String, &[u8])> =
                given.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes())).collect();
            let sent: Vec<(&str, &[u8])> = sent.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let to_sign = ToSign {
                credential_header: settings.verification_header.as_deref().unwrap_or_else(|| scheme.header()),
                method,
                headers: &sent,
                id: &format!("msg_{}", Uuid::now_v7().simple()),
                at_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
                body: raw_body.as_bytes(),
            };
            let chosen = settings.verification_headers.as_deref().and_then(VerificationHeaders::parse);
            for field in scheme.sign(secret, &to_sign)? {
                insert(HeaderFamily::sent_name(scheme, chosen, &field.name), &field.value)?;
            }
        }
        (None, Some(_)) => bail!("the source's platform has no verification scheme; leave the secret out"),
        (Some(_), None) if settings.enforce_verification => {
            eprintln!(
                "note: it is sent unsigned, and the source takes signed requests only; sign it with --secret-file"
            );
        }
        (_, None) => {}
    }
    let endpoint = settings.endpoint.as_deref().context(OTHER_VERSION)?;
    let mut request = Request::builder().method(method).uri(endpoint).body(raw_body.into_bytes())?;
    *request.headers_mut() = headers;
    Ok(request)
}
