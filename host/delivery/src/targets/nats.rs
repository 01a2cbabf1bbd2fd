//! The target `nats`: publishes to a stream of NATS JetStream. Only the stream's acknowledgement is a success.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::{
    Method,
    header::{HeaderName, HeaderValue},
};
use inlet_store::{DeliveryInputs, DeliveryRecipient, StoredBody};
use serde_json::Value;
use url::Url;

use super::{
    BuildError, CommonOptions, Target, TargetError,
    facts::{Authentication, DuplicateRule, KeyPlace, RecipientForm, SuccessRule, TargetFacts},
    fields::Fields,
    http::{authorize, headers, segment},
    workflow_listing::WorkflowListing,
};
use crate::{
    body::{BodyParts, default_body},
    delivery_head::DeliveryHead,
    request::OutgoingRequest,
};

pub(super) const SECRETS: &[&str] = &["token", "password"];

/// A server takes messages of 1 MiB unless it is told otherwise.
const SPLIT_BYTES: usize = 900 * 1024;
const MAX_BYTES: usize = 8 << 20;

struct Nats {
    facts: TargetFacts,
    options: CommonOptions,
    url: Url,
    subject: String,
    /// The value of the `authorization` header.
    authorization: Option<String>,
}

impl std::fmt::Debug for Nats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nats")
            .field("url", &self.url.as_str())
            .field("subject", &self.subject)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn facts() -> TargetFacts {
    TargetFacts {
        kind: "nats",
        method: "PUB",
        path: "{subject}",
        authentication: Authentication::Bearer,
        recipients: RecipientForm::WithProperties,
        chunk: 1000,
        split_bytes: SPLIT_BYTES,
        max_bytes: MAX_BYTES,
        key: KeyPlace::Header("nats-msg-id".into()),
        // The stream's duplicate window, two minutes unless it is told otherwise.
        key_lifetime: Some(Duration::from_secs(120)),
        key_after_error: true,
        // A status 200 stands for an acknowledgement, also of a duplicate.
        success: SuccessRule::Status,
        duplicates: Vec::<DuplicateRule>::new(),
        dead: &[],
        wrong_credentials: &[401, 403],
        throttle: &[429],
        partial_success_headers: &[],
        rates: &[],
        cancel: None,
        downstream_id: Some("/seq".into()),
        digits_survive: true,
    }
}

pub(super) fn parse(settings: &Value, secrets: &Value) -> Result<Box<dyn Target>, TargetError> {
    let facts = facts();
    let mut fields = Fields::new(settings, "")?;
    fields.required("url", "the URL of a NATS server, such as nats://nats:4222 or tls://nats:4222")?;
    let url = fields.base_url("url", &["nats://", "tls://"])?;
    let mut options = Fields::new(fields.get("options").unwrap_or(&Value::Null), "/options")?;
    fields.finish()?;
    let subject = options.text("subject")?.unwrap_or("inlet.runs.{workflow}").to_owned();
    let is_token =
        |token: &str| !token.is_empty() && !token.contains(['*', '>']) && !token.contains(char::is_whitespace);
    if !subject.split('.').all(is_token) {
        let sentence =
            "expected names with dots between them, without white space and wildcards, such as runs.{workflow}";
        return Err(options.error("subject", sentence));
    }
    let user = options.text("user")?;
    let common = CommonOptions::read(&mut options, &facts)?;
    options.finish()?;
    let mut fields = Fields::new(secrets, "")?;
    let (token, password) = (fields.text("token")?, fields.text("password")?);
    fields.finish()?;
    let authorization = match (user, token, password) {
        (Some(user), None, password) => {
            Some(format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.unwrap_or_default()))))
        }
        (None, Some(token), None) => Some(format!("Bearer {token}")),
        (None, None, None) => None,
        _ => return Err(TargetError::new("/options/user", "expected a user and a password, or a token alone")),
    };
    let url = url.ok_or_else(|| TargetError::new("/url", "it is missing"))?;
    Ok(Box::new(Nats { facts, options: common, url, subject, authorization }))
}

/// Returns a workflow's key as one name of a subject.
fn subject_name(workflow: &str) -> String {
    workflow.chars().map(|c| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).collect()
}

impl Target for Nats {
    fn facts(&self) -> &TargetFacts {
        &self.facts
    }

    fn options(&self) -> &CommonOptions {
        &self.options
    }

    fn workflow_listing(&self) -> Result<WorkflowListing, &'static str> {
        Err("a stream has no list of workflows")
    }

    fn body(
        &self,
        head: &DeliveryHead,
        inputs: &DeliveryInputs,
        recipients: &[DeliveryRecipient],
    ) -> Result<StoredBody, BuildError> {
        let body = default_body(&BodyParts::new(head, inputs, recipients));
        Ok(StoredBody { content_type: "application/json".to_owned(), body: Bytes::from(body) })
    }

    fn request(&self, head: &DeliveryHead, body: &StoredBody, _: i64) -> Result<Option<OutgoingRequest>, BuildError> {
        let mut headers = headers(body);
        if let Some(authorization) = &self.authorization {
            authorize(&mut headers, authorization);
        }
        if let Ok(key) = HeaderValue::from_str(&head.key.to_string()) {
            headers.insert(HeaderName::from_static("nats-msg-id"), key);
        }
        let subject = self.subject.replace("{workflow}", &subject_name(&head.workflow));
        let mut url = self.url.clone();
        url.set_path(&segment(&subject));
        let header_case = self.options.header_case;
        Ok(Some(OutgoingRequest { method: Method::POST, url, headers, header_case, body: body.body.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use inlet_core::delivery::DeliveryCall;
    use serde_json::json;

    use super::*;
    use crate::targets::tests::{answer, body_text, head, header, inputs, request_of};

    fn nats(options: Value, secrets: Value) -> Result<Box<dyn Target>, TargetError> {
        parse(&json!({"url": "nats://nats.internal:4222", "options": options}), &secrets)
    }

    #[test]
    fn a_message_has_its_subject_and_the_key_as_its_id() {
        let target = nats(Value::Null, json!({"token": "t0"})).unwrap();
        assert!(body_text(&*target, &head(), &inputs()).contains("9007199254740993"));
        let head = DeliveryHead { workflow: "a.b > c".to_owned(), ..head() };
        let request = request_of(&*target, &head, &inputs());
        assert_eq!(request.url.as_str(), "nats://nats.internal:4222/inlet.runs.a_b___c");
        assert_eq!(
            (header(&request, "nats-msg-id"), header(&request, "authorization")),
            (&*head.key.to_string(), "Bearer t0")
        );
    }

    #[test]
    fn only_an_acknowledgement_is_a_success() {
        let target = nats(Value::Null, Value::Null).unwrap();
        let judge = |status, body: &str| target.judge(DeliveryCall::Trigger, &answer(status, &[], body), 0);
        let taken = crate::verdict::Verdict::Delivered { downstream_id: Some("7".to_owned()), note: None };
        assert_eq!(judge(200, r#"{"stream":"RUNS","seq":7}"#), taken);
        assert_eq!(judge(200, r#"{"stream":"RUNS","seq":7,"duplicate":true}"#), taken);
        assert_eq!((judge(503, "").outcome(), judge(401, "").outcome()), ("failed", "wrong_credentials"));
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let refused = |options: Value, secrets: Value| nats(options, secrets).unwrap_err().pointer;
        for subject in ["", "a b", "a..b", "runs.>", "*"] {
            assert_eq!(refused(json!({"subject": subject}), Value::Null), "/options/subject", "{subject}");
        }
        assert_eq!(refused(json!({"user": "u"}), json!({"token": "t"})), "/options/user");
        assert_eq!(refused(Value::Null, json!({"password": "p"})), "/options/user");
    }
}
