//! The target `temporal`: the HTTP API of Temporal's frontend. The id of the workflow execution is the delivery's key, so a
//! repeated call starts nothing.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::Method;
use inlet_core::{delivery::DeliveryCall, json};
use inlet_store::{DeliveryInputs, DeliveryRecipient, StoredBody};
use serde_json::Value;
use url::Url;

use super::{
    BuildError, CommonOptions, Target, TargetError,
    facts::{
        Authentication, CancelFacts, DuplicateMark, DuplicateRule, KeyPlace, RecipientForm, SuccessRule, TargetFacts,
    },
    fields::Fields,
    http::{authorize, headers, join, segment},
    workflow_listing::WorkflowListing,
};
use crate::{body::BodyParts, delivery_head::DeliveryHead, request::OutgoingRequest};

pub(super) const SECRETS: &[&str] = &["api_key"];

/// Payloads are sent as bytes in base64, so that no part of Temporal reads their numbers.
const CONTENT_TYPE: &str = "application/json+no-payload-shorthand";
/// Temporal takes payloads of 2 MiB; base64 makes them a third longer.
const SPLIT_BYTES: usize = 1 << 20;
const MAX_BYTES: usize = (2 << 20) * 4 / 3;

struct Temporal {
    facts: TargetFacts,
    options: CommonOptions,
    url: Url,
    namespace: String,
    task_queue: String,
    /// Before the key in the id of a workflow execution.
    id_prefix: String,
    api_key: Option<String>,
}

impl std::fmt::Debug for Temporal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Temporal")
            .field("url", &self.url.as_str())
            .field("namespace", &self.namespace)
            .field("task_queue", &self.task_queue)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn facts() -> TargetFacts {
    TargetFacts {
        kind: "temporal",
        method: "POST",
        path: "/api/v1/namespaces/{namespace}/workflows/{id}",
        authentication: Authentication::Bearer,
        recipients: RecipientForm::WithProperties,
        chunk: 1000,
        split_bytes: SPLIT_BYTES,
        max_bytes: MAX_BYTES,
        key: KeyPlace::Path,
        // As long as the namespace retains the execution.
        key_lifetime: None,
        key_after_error: true,
        success: SuccessRule::Status,
        // A repeated call has the same `requestId`, so it is answered as the first one was, also when the execution has ended. 6
        // is gRPC's ALREADY_EXISTS: an execution of this id that another request started has ended.
        duplicates: vec![DuplicateRule { status: 409, mark: DuplicateMark::Member("/code", "6") }],
        dead: &[400],
        wrong_credentials: &[401, 403],
        throttle: &[429],
        partial_success_headers: &[],
        rates: &[],
        cancel: Some(CancelFacts {
            method: "POST",
            path: "/api/v1/namespaces/{namespace}/workflows/{id}/cancel",
            is_whole: true,
            min_gap: Duration::ZERO,
            // The namespace has no such execution any more. One that has ended is answered 200.
            done: &[404],
        }),
        downstream_id: Some("/runId".into()),
        digits_survive: true,
    }
}

pub(super) fn parse(settings: &Value, secrets: &Value) -> Result<Box<dyn Target>, TargetError> {
    let facts = facts();
    let mut fields = Fields::new(settings, "")?;
    fields.required("url", "the URL of Temporal's HTTP API, such as http://temporal:7243")?;
    let url = fields.base_url("url", &["https://", "http://"])?;
    let mut options = Fields::new(fields.get("options").unwrap_or(&Value::Null), "/options")?;
    fields.finish()?;
    let namespace = options.text("namespace")?.unwrap_or("default").to_owned();
    let task_queue = options.text("task_queue")?.unwrap_or("inlet").to_owned();
    let id_prefix = options.text("id_prefix")?.unwrap_or("inlet-").to_owned();
    let common = CommonOptions::read(&mut options, &facts)?;
    options.finish()?;
    let mut fields = Fields::new(secrets, "")?;
    let api_key = fields.text("api_key")?.map(str::to_owned);
    fields.finish()?;
    let url = url.ok_or_else(|| TargetError::new("/url", "it is missing"))?;
    Ok(Box::new(Temporal { facts, options: common, url, namespace, task_queue, id_prefix, api_key }))
}

impl Target for Temporal {
    fn facts(&self) -> &TargetFacts {
        &self.facts
    }

    fn options(&self) -> &CommonOptions {
        &self.options
    }

    fn workflow_listing(&self) -> Result<WorkflowListing, &'static str> {
        Err("Temporal has no list of workflow types: only its workers know them")
    }

    fn body(
        &self,
        head: &DeliveryHead,
        inputs: &DeliveryInputs,
        recipients: &[DeliveryRecipient],
    ) -> Result<StoredBody, BuildError> {
        let quote = |text: &str| json::quote(text);
        let request_id = quote(&head.key.to_string());
        let body = match head.call {
            DeliveryCall::Trigger => {
                let input = BodyParts::new(head, inputs, recipients).data;
                // json/plain
                let payload = json::object([
                    ("metadata", r#"{"encoding":"anNvbi9wbGFpbg=="}"#),
                    ("data", &quote(&STANDARD.encode(input))),
                ]);
                let payloads = json::object([("payloads", json::array([payload]).as_str())]);
                json::object([
                    ("workflowType", json::object([("name", quote(&inputs.workflow).as_str())]).as_str()),
                    ("taskQueue", &json::object([("name", quote(&self.task_queue).as_str())])),
                    ("input", &payloads),
                    ("requestId", &request_id),
                    ("workflowIdReusePolicy", r#""WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE""#),
                    ("workflowIdConflictPolicy", r#""WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING""#),
                ])
            }
            DeliveryCall::Cancel => {
                if !inputs.is_canceled && (recipients.len() as u64) < u64::from(head.recipients) {
                    let sentence = "a Temporal workflow is canceled for all of its recipients only, and some of them are not canceled";
                    return Err(BuildError::Impossible(sentence.to_owned()));
                }
                let id = quote(&format!("{}{}", self.id_prefix, inputs.trigger_key));
                json::object([
                    ("workflowExecution", json::object([("workflowId", id.as_str())]).as_str()),
                    ("requestId", &request_id),
                    ("reason", r#""canceled in Inlet""#),
                ])
            }
        };
        Ok(StoredBody { content_type: CONTENT_TYPE.to_owned(), body: Bytes::from(body) })
    }

    fn request(&self, head: &DeliveryHead, body: &StoredBody, _: i64) -> Result<Option<OutgoingRequest>, BuildError> {
        let mut headers = headers(body);
        if let Some(api_key) = &self.api_key {
            authorize(&mut headers, &format!("Bearer {api_key}"));
        }
        let (id, call) = match head.call {
            DeliveryCall::Trigger => (format!("{}{}", self.id_prefix, head.key), ""),
            DeliveryCall::Cancel => {
                let text = std::str::from_utf8(&body.body).unwrap_or_default();
                let id = json::point(text, "/workflowExecution/workflowId").and_then(json::string).unwrap_or_default();
                (id, "/cancel")
            }
        };
        let path = format!("/api/v1/namespaces/{}/workflows/{}{call}", segment(&self.namespace), segment(&id));
        let (url, header_case) = (join(&self.url, &path)?, self.options.header_case);
        Ok(Some(OutgoingRequest { method: Method::POST, url, headers, header_case, body: body.body.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::targets::{
        build,
        tests::{answer, body_text, head, inputs, request_of},
    };

    fn temporal() -> Box<dyn Target> {
        let options = json!({"namespace": "prod eu", "task_queue": "orders"});
        parse(&json!({"url": "http://temporal:7243/", "options": options}), &Value::Null).unwrap()
    }

    #[test]
    fn a_start_has_a_deterministic_id_and_keeps_every_digit() {
        let target = temporal();
        let text = body_text(&*target, &head(), &inputs());
        let data = json::point(&text, "/input/payloads/0/data").and_then(json::string).unwrap();
        let input = String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
        assert_eq!(input, BodyParts::new(&head(), &inputs(), &inputs().recipients).data);
        assert!(input.contains("9007199254740993") && input.contains("39.50"));
        let without_input = text.split(r#""input""#).next().unwrap();
        assert_eq!(without_input, r#"{"workflowType":{"name":"order-paid"},"taskQueue":{"name":"orders"},"#);
        assert!(text.contains("REJECT_DUPLICATE") && text.contains("USE_EXISTING"));
        let request = request_of(&*target, &head(), &inputs());
        let path = format!("/api/v1/namespaces/prod%20eu/workflows/inlet-{}", head().key);
        assert_eq!((request.url.path(), request.url.host_str()), (path.as_str(), Some("temporal")));
    }

    #[test]
    fn an_execution_that_ran_before_is_a_success() {
        let target = temporal();
        let judge = |status, body: &str| target.judge(DeliveryCall::Trigger, &answer(status, &[], body), 0);
        let started = crate::verdict::Verdict::Delivered { downstream_id: Some("r-1".to_owned()), note: None };
        assert_eq!(judge(200, r#"{"runId":"r-1","started":true}"#), started);
        assert_eq!(judge(200, r#"{"runId":"r-1"}"#), started);
        assert_eq!(judge(409, r#"{"code":6,"message":"Workflow execution already finished"}"#).outcome(), "delivered");
        assert_eq!(judge(409, r#"{"code":10}"#).outcome(), "failed");
        assert_eq!(judge(409, "").outcome(), "failed");
        assert_eq!(judge(400, r#"{"code":3}"#).outcome(), "rejected");
    }

    #[test]
    fn a_cancel_names_the_execution_of_its_trigger() {
        let target = temporal();
        let trigger_key = uuid::Uuid::from_u128(7);
        let cancel = DeliveryHead { call: DeliveryCall::Cancel, ..head() };
        let inputs = DeliveryInputs { trigger_key, ..inputs() };
        let request = request_of(&*target, &cancel, &inputs);
        assert!(request.url.path().ends_with(&format!("/workflows/inlet-{trigger_key}/cancel")), "{}", request.url);
        let partly = DeliveryHead { recipients: 4, ..cancel };
        assert!(matches!(build(&*target, &partly, &inputs), Err(BuildError::Impossible(_))));
        assert_eq!(target.judge(DeliveryCall::Cancel, &answer(404, &[], r#"{"code":5}"#), 0).outcome(), "delivered");
    }
}
