//! The target `knock`: Knock's workflows, users identified inline. An Inlet of another environment understands it too.

use std::time::Duration;

use bytes::Bytes;
use hyper::{
    Method,
    header::{HeaderName, HeaderValue},
};
use inlet_core::{
    delivery::DeliveryCall,
    json::{self, Kind},
};
use inlet_store::{DeliveryInputs, DeliveryRecipient, StoredBody};
use serde_json::Value;
use url::Url;

use super::{
    BuildError, CommonOptions, Target, TargetError,
    facts::{Authentication, CancelFacts, KeyPlace, RecipientForm, SuccessRule, TargetFacts},
    fields::Fields,
    http::{authorize, headers, join, segment},
    known_properties,
    workflow_listing::WorkflowListing,
};
use crate::{
    body::{reference, with_properties},
    delivery_head::DeliveryHead,
    request::OutgoingRequest,
};

pub(super) const SECRETS: &[&str] = &["api_key"];

const URL: &str = "https://api.knock.app";
const MB: usize = 1_000_000;
/// The member of a recipient with data of its own.
const TRIGGER_DATA: &str = "$trigger_data";
/// Knock's rates by tier, in requests per second.
const TIERS: [u32; 5] = [1, 5, 60, 200, 1000];

struct Knock {
    facts: TargetFacts,
    options: CommonOptions,
    url: Url,
    api_key: String,
}

impl std::fmt::Debug for Knock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Knock").field("url", &self.url.as_str()).field("options", &self.options).finish_non_exhaustive()
    }
}

fn facts() -> TargetFacts {
    TargetFacts {
        kind: "knock",
        method: "POST",
        path: "/v1/workflows/{workflow}/trigger",
        authentication: Authentication::Bearer,
        recipients: RecipientForm::Inline,
        chunk: 1000,
        split_bytes: MB,
        max_bytes: 10 * MB,
        key: KeyPlace::Header("idempotency-key".into()),
        key_lifetime: Some(Duration::from_secs(24 * 3600)),
        // Knock remembers successes only.
        key_after_error: true,
        success: SuccessRule::Status,
        duplicates: Vec::new(),
        dead: &[400, 413, 422],
        wrong_credentials: &[401, 403],
        throttle: &[429],
        partial_success_headers: &["x-ratelimited-"],
        // The tier of triggers.
        rates: &[1000],
        cancel: Some(CancelFacts {
            method: "POST",
            path: "/v1/workflows/{workflow}/cancel",
            is_whole: false,
            min_gap: Duration::from_secs(5),
            done: &[404],
        }),
        downstream_id: Some("/workflow_run_id".into()),
        digits_survive: true,
    }
}

pub(super) fn parse(settings: &Value, secrets: &Value) -> Result<Box<dyn Target>, TargetError> {
    let facts = facts();
    let mut fields = Fields::new(settings, "")?;
    let url = fields.base_url("url", &["https://", "http://"])?;
    let mut options = Fields::new(fields.get("options").unwrap_or(&Value::Null), "/options")?;
    fields.finish()?;
    let tier = options.integer("tier", 1, TIERS.len() as u32)?;
    let mut common = CommonOptions::read(&mut options, &facts)?;
    if let Some(rate) = tier.and_then(|tier| TIERS.get(tier as usize - 1)) {
        common.rate_per_second = Some(*rate);
    }
    options.finish()?;
    let mut fields = Fields::new(secrets, "")?;
    let api_key =
        fields.required("api_key", "the secret key of a Knock environment, which begins with sk_")?.to_owned();
    fields.finish()?;
    let url = url.map_or_else(|| Url::parse(URL), Ok).map_err(|error| TargetError::new("/url", error.to_string()))?;
    Ok(Box::new(Knock { facts, options: common, url, api_key }))
}

/// Writes a recipient inline. A user that was deleted since is only named.
fn recipient(recipient: &DeliveryRecipient) -> String {
    match (&recipient.properties, &recipient.trigger_data) {
        (None, None) => reference(recipient),
        _ => match known_properties::typed(recipient) {
            None => with_properties(recipient, TRIGGER_DATA),
            Some(typed) => {
                let recipient = DeliveryRecipient { properties: Some(typed), ..recipient.clone() };
                with_properties(&recipient, TRIGGER_DATA)
            }
        },
    }
}

impl Target for Knock {
    fn facts(&self) -> &TargetFacts {
        &self.facts
    }

    fn options(&self) -> &CommonOptions {
        &self.options
    }

    fn workflow_listing(&self) -> Result<WorkflowListing, &'static str> {
        Err("Knock lists workflows only in its management API, for a service token; the key of an environment cannot")
    }

    fn body(
        &self,
        head: &DeliveryHead,
        inputs: &DeliveryInputs,
        recipients: &[DeliveryRecipient],
    ) -> Result<StoredBody, BuildError> {
        let cancellation_key = inputs.cancellation_key.as_deref().map(json::quote);
        let mut members: Vec<(&str, &str)> = Vec::new();
        let recipients = json::array(recipients.iter().map(match head.call {
            DeliveryCall::Trigger => recipient,
            DeliveryCall::Cancel => reference,
        }));
        members.push(("recipients", &recipients));
        if head.call == DeliveryCall::Trigger {
            if Kind::of(&inputs.data) == Kind::Object {
                members.push(("data", &inputs.data));
            }
            members.extend(inputs.actor.as_deref().map(|actor| ("actor", actor)));
            members.extend(inputs.tenant.as_deref().map(|tenant| ("tenant", tenant)));
            members.extend(inputs.settings.as_deref().map(|settings| ("settings", settings)));
        }
        members.extend(cancellation_key.as_deref().map(|key| ("cancellation_key", key)));
        Ok(StoredBody { content_type: "application/json".to_owned(), body: Bytes::from(json::object(members)) })
    }

    fn request(&self, head: &DeliveryHead, body: &StoredBody, _: i64) -> Result<Option<OutgoingRequest>, BuildError> {
        let mut headers = headers(body);
        authorize(&mut headers, &format!("Bearer {}", self.api_key));
        let call = match head.call {
            DeliveryCall::Trigger => {
                if let Ok(key) = HeaderValue::from_str(&head.key.to_string()) {
                    headers.insert(HeaderName::from_static("idempotency-key"), key);
                }
                "trigger"
            }
            // Knock knows no key here. A second cancel finds nothing to cancel.
            DeliveryCall::Cancel => "cancel",
        };
        let url = join(&self.url, &format!("/v1/workflows/{}/{call}", segment(&head.workflow)))?;
        let header_case = self.options.header_case;
        Ok(Some(OutgoingRequest { method: Method::POST, url, headers, header_case, body: body.body.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::targets::tests::{answer, body_text, head, header, inputs, request_of};

    fn knock(options: Value) -> Box<dyn Target> {
        parse(&json!({"options": options}), &json!({"api_key": "sk_1"})).unwrap()
    }

    #[test]
    fn a_trigger() {
        let target = knock(Value::Null);
        insta::assert_snapshot!(body_text(&*target, &head(), &inputs()), @r#"{"recipients":[{"id":"u_0","name":"Ana Maria Lopes","email":"ana@example.com","phone_number":"+351900","credit":9007199254740993,"plan":"pro","x":{"a":[1.10]},"$trigger_data":{"greeting":"Hi Ana","rate":39.50}},{"collection":"projects","id":"p/1","title":"P"},"u_2"],"data":{"total":39.50,"order":9007199254740993},"actor":{"collection":"projects","id":"p/1"},"tenant":"acme","cancellation_key":"order-1"}"#);
        let with_settings = DeliveryInputs { settings: Some(r#"{"sandbox_mode":true}"#.to_owned()), ..inputs() };
        assert!(body_text(&*target, &head(), &with_settings).contains(r#""settings":{"sandbox_mode":true}"#));
        let request = request_of(&*target, &head(), &inputs());
        assert_eq!(request.url.as_str(), "https://api.knock.app/v1/workflows/order-paid/trigger");
        assert_eq!(header(&request, "authorization"), "Bearer sk_1");
        assert_eq!(header(&request, "idempotency-key"), head().key.to_string());
    }

    #[test]
    fn a_cancel_has_no_idempotency_key_and_a_gap() {
        let target = knock(Value::Null);
        let head = DeliveryHead { call: DeliveryCall::Cancel, ..head() };
        insta::assert_snapshot!(body_text(&*target, &head, &inputs()), @r#"{"recipients":["u_0",{"collection":"projects","id":"p/1"},"u_2"],"cancellation_key":"order-1"}"#);
        let request = request_of(&*target, &head, &inputs());
        assert_eq!(request.url.path(), "/v1/workflows/order-paid/cancel");
        assert!(!request.headers.contains_key("idempotency-key"));
        assert!(target.facts().cancel.as_ref().unwrap().min_gap >= Duration::from_secs(5));
        for status in [204, 404] {
            assert_eq!(target.judge(DeliveryCall::Cancel, &answer(status, &[], ""), 0).outcome(), "delivered");
        }
    }

    #[test]
    fn answers() {
        let target = knock(Value::Null);
        let judge = |status, headers: &[(&str, &str)], body: &str| {
            target.judge(DeliveryCall::Trigger, &answer(status, headers, body), 0)
        };
        let done = judge(200, &[("x-ratelimited-recipients", "u_1")], r#"{"workflow_run_id":"r-1"}"#);
        insta::assert_debug_snapshot!(done, @r#"
Delivered {
    downstream_id: Some(
        "r-1",
    ),
    note: Some(
        "a part of it was not taken: the answer has the header x-ratelimited-recipients",
    ),
}
"#);
        assert_eq!(
            judge(200, &[("idempotent-replayed", "true")], r#"{"workflow_run_id":"r-1"}"#).outcome(),
            "delivered"
        );
        for (status, outcome) in [
            (400, "rejected"),
            (401, "wrong_credentials"),
            (403, "wrong_credentials"),
            (404, "failed"),
            (409, "failed"),
            (422, "rejected"),
            (429, "throttled"),
            (500, "failed"),
        ] {
            assert_eq!(judge(status, &[], "{}").outcome(), outcome, "{status}");
        }
    }

    #[test]
    fn tiers_are_rates() {
        assert_eq!(knock(Value::Null).options().rate_per_second, Some(1000));
        assert_eq!(knock(json!({"tier": 2})).options().rate_per_second, Some(5));
        assert!(parse(&json!({"options": {"tier": 6}}), &json!({"api_key": "sk_1"})).is_err());
    }
}
