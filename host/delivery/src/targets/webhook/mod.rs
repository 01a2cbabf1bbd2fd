//! The target `webhook`: a request with a body of ours, signed by Standard Webhooks.

mod presets;
mod signature;
#[cfg(test)]
mod tests;
mod workflows;

use bytes::Bytes;
use hyper::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use inlet_core::json;
use inlet_store::{DeliveryInputs, DeliveryRecipient, StoredBody};
use serde_json::Value;
use url::Url;

use self::{
    signature::{SigningSecret, signatures},
    workflows::Engine,
};
use super::{
    BuildError, CommonOptions, Target, TargetError,
    facts::{
        Authentication, CancelFacts, DuplicateMark, DuplicateRule, KeyPlace, RecipientForm, SuccessRule, TargetFacts,
    },
    fields::Fields,
    http::{headers, read_headers, segment},
    workflow_listing::WorkflowListing,
};
use crate::{
    body::{BodyParts, Template, cloud_event, default_body},
    delivery_head::DeliveryHead,
    request::OutgoingRequest,
};

pub(super) const SECRETS: &[&str] = &["signing_secret", "secret_headers"];

/// The size above which a body is split.
const SPLIT_BYTES: usize = 1 << 20;
/// The largest body: of one recipient with much data.
const MAX_BYTES: usize = 16 << 20;
/// The most secrets in rotation.
const MAX_SECRETS: usize = 5;

#[derive(Debug)]
enum Form {
    Default,
    CloudEvents,
    Template(Template),
}

#[derive(Debug)]
struct Webhook {
    facts: TargetFacts,
    options: CommonOptions,
    /// May hold `{workflow}` and `{key}`.
    url: String,
    method: Method,
    form: Form,
    headers: HeaderMap,
    key_header: Option<HeaderName>,
    secrets: Vec<SigningSecret>,
    preset: Option<&'static str>,
    /// The address of Restate's admin API.
    admin_url: Option<Url>,
}

pub(super) fn parse(settings: &Value, secrets: &Value) -> Result<Box<dyn Target>, TargetError> {
    let mut fields = Fields::new(settings, "")?;
    let url = read_url(&mut fields)?;
    let mut options = Fields::new(fields.get("options").unwrap_or(&Value::Null), "/options")?;
    fields.finish()?;

    let names: Vec<&str> = presets::PRESETS.iter().map(|preset| preset.name).collect();
    let preset = options.word("preset", &names)?.and_then(presets::find);
    let form = read_form(&mut options, preset)?;
    let admin_url = read_admin_url(&mut options, preset)?;
    let key_header = match options.text("key_header")?.or(preset.and_then(|preset| preset.key_header)) {
        Some(name) => Some(name.parse().map_err(|_| options.error("key_header", "it is no header name"))?),
        None => None,
    };
    let method = match options.word("method", &["POST", "PUT", "PATCH"])? {
        Some("PUT") => Method::PUT,
        Some("PATCH") => Method::PATCH,
        _ => Method::POST,
    };
    let with_cancellations = options.boolean("cancellations")?.unwrap_or(false);
    let facts = TargetFacts {
        kind: "webhook",
        method: "POST",
        path: "",
        authentication: Authentication::Signature,
        recipients: RecipientForm::WithProperties,
        chunk: preset.map_or(1000, |preset| preset.chunk),
        split_bytes: preset.map_or(SPLIT_BYTES, |preset| preset.split_bytes),
        max_bytes: MAX_BYTES,
        key: KeyPlace::Header(
            key_header.as_ref().map_or("webhook-id".into(), |name: &HeaderName| name.to_string().into()),
        ),
        key_lifetime: None,
        key_after_error: true,
        success: read_success(&mut options)?,
        duplicates: read_duplicates(&mut options, preset)?,
        dead: &[],
        wrong_credentials: &[],
        throttle: &[429],
        partial_success_headers: &[],
        rates: &[],
        cancel: with_cancellations.then_some(CancelFacts {
            method: "POST",
            path: "",
            is_whole: false,
            min_gap: std::time::Duration::ZERO,
            done: &[404],
        }),
        downstream_id: match options.text("downstream_id")? {
            Some(pointer) => Some(check_pointer(&options, "downstream_id", pointer)?.into()),
            None => preset.and_then(|preset| preset.downstream_id).map(Into::into),
        },
        digits_survive: preset.is_none_or(|preset| preset.digits_survive),
    };
    let common = CommonOptions::read(&mut options, &facts)?;
    let mut all_headers = read_headers(&mut options, "headers", false)?;
    options.finish()?;

    let mut fields = Fields::new(secrets, "")?;
    let signing = read_secrets(&mut fields)?;
    all_headers.extend(read_headers(&mut fields, "secret_headers", true)?);
    fields.finish()?;
    Ok(Box::new(Webhook {
        facts,
        options: common,
        url,
        method,
        form,
        headers: all_headers,
        key_header,
        secrets: signing,
        preset: preset.map(|preset| preset.name),
        admin_url,
    }))
}

/// Reads the URL. Its host holds no placeholder.
fn read_url(fields: &mut Fields<'_>) -> Result<String, TargetError> {
    let text = fields.required("url", "a URL that starts with https:// or http://")?;
    fields.url("url", &["https://", "http://"])?;
    let filled = fill(text, "w", "k");
    let is_same_host = |one: &Url, other: &Url| one.host() == other.host() && one.port() == other.port();
    match (Url::parse(text), Url::parse(&filled)) {
        (Ok(one), Ok(other)) if is_same_host(&one, &other) => Ok(text.to_owned()),
        _ => Err(fields.error("url", "it has a placeholder in its host; only the path and the query may have one")),
    }
}

/// Reads the URL of the API that lists what the engine of a preset has.
fn read_admin_url(options: &mut Fields<'_>, preset: Option<&presets::Preset>) -> Result<Option<Url>, TargetError> {
    let url = options.base_url("admin_url", &["https://", "http://"])?;
    match url.is_some() && preset.is_none_or(|preset| preset.name != "restate") {
        true => Err(options.error("admin_url", "only the preset restate has an admin API; leave it out")),
        false => Ok(url),
    }
}

fn read_form(options: &mut Fields<'_>, preset: Option<&presets::Preset>) -> Result<Form, TargetError> {
    let template = |options: &Fields<'_>, value: &Value| {
        Template::parse(value).map(Form::Template).map_err(|error| options.error("body/template", error.to_string()))
    };
    match options.get("body") {
        Some(Value::String(name)) if name == "default" => Ok(Form::Default),
        Some(Value::String(name)) if name == "cloudevents" => Ok(Form::CloudEvents),
        Some(Value::Object(object)) if object.len() == 1 && object.contains_key("template") => {
            template(options, object.get("template").unwrap_or(&Value::Null))
        }
        Some(_) => Err(options.error("body", r#"expected "default", "cloudevents" or {"template": …}"#)),
        None => match preset.and_then(|preset| preset.template) {
            None => Ok(Form::Default),
            Some(text) => {
                let value = serde_json::from_str(text).map_err(|error| options.error("preset", error.to_string()))?;
                template(options, &value)
            }
        },
    }
}

fn read_success(options: &mut Fields<'_>) -> Result<SuccessRule, TargetError> {
    let Some(value) = options.get("success") else { return Ok(SuccessRule::Status) };
    let mut success = Fields::new(value, &options.at("success"))?;
    let pointer = success.required("pointer", "a JSON Pointer into the answer, such as /ok")?;
    let pointer = check_pointer(&success, "pointer", pointer)?;
    let values = match success.get("equals") {
        Some(Value::Array(values)) if !values.is_empty() => {
            values.iter().map(|value| value.to_string().into()).collect()
        }
        Some(value @ (Value::String(_) | Value::Bool(_) | Value::Number(_))) => vec![value.to_string().into()],
        _ => return Err(success.error("equals", "expected a value, or a list of values, of which a success says one")),
    };
    success.finish()?;
    Ok(SuccessRule::Member { pointers: vec![pointer.into()], values })
}

fn read_duplicates(
    options: &mut Fields<'_>,
    preset: Option<&presets::Preset>,
) -> Result<Vec<DuplicateRule>, TargetError> {
    let status = options.integer("duplicate_status", 400, 499)?.and_then(|status| u16::try_from(status).ok());
    let own = status.map(|status| DuplicateRule { status, mark: DuplicateMark::None });
    Ok(own.or(preset.and_then(|preset| preset.duplicate)).into_iter().collect())
}

fn check_pointer(fields: &Fields<'_>, name: &str, pointer: &str) -> Result<String, TargetError> {
    match pointer.starts_with('/') {
        true => Ok(pointer.to_owned()),
        false => Err(fields.error(name, "expected a JSON Pointer, which starts with /")),
    }
}

/// Reads one secret or a list of them.
fn read_secrets(fields: &mut Fields<'_>) -> Result<Vec<SigningSecret>, TargetError> {
    let texts: Vec<&Value> = match fields.get("signing_secret") {
        None => return Ok(Vec::new()),
        Some(Value::Array(texts)) => texts.iter().collect(),
        Some(text) => vec![text],
    };
    if texts.len() > MAX_SECRETS {
        return Err(fields
            .error("signing_secret", format!("there are {} secrets; at most {MAX_SECRETS} are allowed", texts.len())));
    }
    let parsed: Option<_> = texts.into_iter().map(|text| SigningSecret::parse(text.as_str()?)).collect();
    parsed.ok_or_else(|| {
        fields.error(
            "signing_secret",
            "expected whsec_ and base64 of 24 to 64 bytes, or a list of these with the newest first",
        )
    })
}

/// Fills the placeholders of a URL in.
fn fill(url: &str, workflow: &str, key: &str) -> String {
    url.replace("{workflow}", &segment(workflow)).replace("{key}", &segment(key))
}

impl Target for Webhook {
    fn facts(&self) -> &TargetFacts {
        &self.facts
    }

    fn options(&self) -> &CommonOptions {
        &self.options
    }

    fn workflow_listing(&self) -> Result<WorkflowListing, &'static str> {
        let engine = Engine {
            preset: self.preset,
            url: &self.url,
            admin_url: self.admin_url.as_ref(),
            headers: &self.headers,
            header_case: self.options.header_case,
        };
        engine.workflow_listing()
    }

    fn body(
        &self,
        head: &DeliveryHead,
        inputs: &DeliveryInputs,
        recipients: &[DeliveryRecipient],
    ) -> Result<StoredBody, BuildError> {
        let parts = BodyParts::new(head, inputs, recipients);
        let (content_type, body) = match &self.form {
            Form::Default => ("application/json", default_body(&parts)),
            Form::CloudEvents => ("application/cloudevents+json", cloud_event(head, &parts)),
            Form::Template(template) => {
                let (key, kind) = (json::quote(&head.key.to_string()), json::quote(parts.kind));
                let timestamp = json::quote(&parts.timestamp);
                let roots = [("key", key.as_str()), ("type", &kind), ("timestamp", &timestamp)];
                ("application/json", template.render(&parts.data, &roots))
            }
        };
        Ok(StoredBody { content_type: content_type.to_owned(), body: Bytes::from(body) })
    }

    fn request(
        &self,
        head: &DeliveryHead,
        body: &StoredBody,
        now_ms: i64,
    ) -> Result<Option<OutgoingRequest>, BuildError> {
        let key = head.key.to_string();
        let url = Url::parse(&fill(&self.url, &head.workflow, &key))
            .map_err(|_| BuildError::Impossible("the target's URL is not valid".to_owned()))?;
        let mut headers = headers(body);
        headers.extend(self.headers.clone());
        let timestamp = now_ms / 1000;
        let own = [
            (HeaderName::from_static("webhook-id"), key.clone()),
            (HeaderName::from_static("webhook-timestamp"), timestamp.to_string()),
        ];
        let signed = (!self.secrets.is_empty()).then(|| signatures(&self.secrets, &key, timestamp, &body.body));
        let signed = signed.map(|value| (HeaderName::from_static("webhook-signature"), value));
        let repeated = self.key_header.clone().map(|name| (name, key.clone()));
        for (name, value) in own.into_iter().chain(signed).chain(repeated) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        Ok(Some(OutgoingRequest {
            method: self.method.clone(),
            url,
            headers,
            header_case: self.options.header_case,
            body: body.body.clone(),
        }))
    }
}
