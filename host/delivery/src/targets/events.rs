//! The target `events`: Segment's HTTP shape. It reaches Customer.io, RudderStack, Jitsu, Dittofeed, PostHog and another
//! Inlet. Each recipient is identified with its properties, and tracked with the workflow as the event.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::Method;
use inlet_core::{json, time};
use inlet_store::{DeliveryInputs, DeliveryRecipient, StoredBody};
use serde_json::Value;
use url::Url;

use super::{
    BuildError, CommonOptions, Target, TargetError,
    facts::{Authentication, KeyPlace, RecipientForm, SuccessRule, TargetFacts},
    fields::Fields,
    http::{authorize, headers, join},
    workflow_listing::WorkflowListing,
};
use crate::{body::merged_data, delivery_head::DeliveryHead, request::OutgoingRequest};

pub(super) const SECRETS: &[&str] = &["write_key"];

struct Events {
    facts: TargetFacts,
    options: CommonOptions,
    url: Url,
    path: String,
    identifies: bool,
    write_key: String,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events")
            .field("url", &self.url.as_str())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn facts() -> TargetFacts {
    TargetFacts {
        kind: "events",
        method: "POST",
        path: "/v1/batch",
        authentication: Authentication::BasicUser,
        recipients: RecipientForm::IdentifyAndTrack,
        chunk: 1000,
        // Segment takes 500 KB a batch, Customer.io 1 MB.
        split_bytes: 450_000,
        max_bytes: 1_000_000,
        key: KeyPlace::Body("/batch/0/messageId"),
        // Segment remembers 100,000 ids or 24 hours; others differ.
        key_lifetime: None,
        key_after_error: true,
        success: SuccessRule::Status,
        duplicates: Vec::new(),
        dead: &[400, 413, 422],
        wrong_credentials: &[401, 403],
        throttle: &[429],
        partial_success_headers: &[],
        rates: &[],
        cancel: None,
        downstream_id: None,
        digits_survive: true,
    }
}

pub(super) fn parse(settings: &Value, secrets: &Value) -> Result<Box<dyn Target>, TargetError> {
    let facts = facts();
    let mut fields = Fields::new(settings, "")?;
    fields.required("url", "a URL such as https://api.segment.io")?;
    let url = fields.base_url("url", &["https://", "http://"])?;
    let mut options = Fields::new(fields.get("options").unwrap_or(&Value::Null), "/options")?;
    fields.finish()?;
    let path = options.text("path")?.unwrap_or(facts.path).to_owned();
    if !path.starts_with('/') {
        return Err(options.error("path", "expected a path that starts with /, such as /v1/batch"));
    }
    let identifies = options.boolean("identify")?.unwrap_or(true);
    let common = CommonOptions::read(&mut options, &facts)?;
    options.finish()?;
    let mut fields = Fields::new(secrets, "")?;
    let write_key = fields.required("write_key", "the write key of the source that takes the events")?.to_owned();
    fields.finish()?;
    let url = url.ok_or_else(|| TargetError::new("/url", "it is missing"))?;
    Ok(Box::new(Events { facts, options: common, url, path, identifies, write_key }))
}

impl Events {
    /// Returns the calls for one recipient. Their ids never change, so that a receiver recognizes them.
    fn calls(&self, head: &DeliveryHead, inputs: &DeliveryInputs, recipient: &DeliveryRecipient) -> Vec<String> {
        let user = json::quote(&match &recipient.collection {
            None => recipient.id.clone(),
            Some(collection) => format!("{collection}:{}", recipient.id),
        });
        let timestamp = json::quote(&time::write_ms(head.created_at_ms));
        let id = |suffix: &str| json::quote(&format!("{}-{}{suffix}", head.key, recipient.ordinal));
        let library = json::object([("name", r#""inlet""#), ("version", &json::quote(env!("CARGO_PKG_VERSION")))]);
        let mut context = vec![("library", library.as_str())];
        context.extend(inputs.tenant.as_deref().map(|tenant| ("groupId", tenant)));
        let context = json::object(context);
        let mut calls = Vec::new();
        if let Some(properties) = recipient.properties.as_deref().filter(|_| self.identifies) {
            calls.push(json::object([
                ("type", r#""identify""#),
                ("messageId", &id("-identify")),
                ("userId", &user),
                ("traits", properties),
                ("context", &context),
                ("timestamp", &timestamp),
            ]));
        }
        calls.push(json::object([
            ("type", r#""track""#),
            ("messageId", &id("")),
            ("userId", &user),
            ("event", &json::quote(&inputs.workflow)),
            ("properties", &merged_data(&inputs.data, recipient)),
            ("context", &context),
            ("timestamp", &timestamp),
        ]));
        calls
    }
}

impl Target for Events {
    fn facts(&self) -> &TargetFacts {
        &self.facts
    }

    fn options(&self) -> &CommonOptions {
        &self.options
    }

    fn workflow_listing(&self) -> Result<WorkflowListing, &'static str> {
        Err("a receiver of events has no list of workflows")
    }

    /// Each recipient's call holds the data, so long data would need memory for thousands of copies before they are counted.
    fn together(&self, _: &DeliveryHead, inputs: &DeliveryInputs) -> usize {
        self.facts.split_bytes / inputs.data.len().max(1)
    }

    fn body(
        &self,
        head: &DeliveryHead,
        inputs: &DeliveryInputs,
        recipients: &[DeliveryRecipient],
    ) -> Result<StoredBody, BuildError> {
        let batch = json::array(recipients.iter().flat_map(|recipient| self.calls(head, inputs, recipient)));
        let body = Bytes::from(json::object([("batch", batch.as_str())]));
        Ok(StoredBody { content_type: "application/json".to_owned(), body })
    }

    fn request(&self, _: &DeliveryHead, body: &StoredBody, _: i64) -> Result<Option<OutgoingRequest>, BuildError> {
        let mut headers = headers(body);
        authorize(&mut headers, &format!("Basic {}", STANDARD.encode(format!("{}:", self.write_key))));
        let url = join(&self.url, &self.path)?;
        let header_case = self.options.header_case;
        Ok(Some(OutgoingRequest { method: Method::POST, url, headers, header_case, body: body.body.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::targets::tests::{body_text, head, header, inputs, request_of};

    #[test]
    fn each_recipient_is_identified_and_tracked() {
        let settings = json!({"url": "https://hooks.example/integrations/receive/t0"});
        let target = parse(&settings, &json!({"write_key": "wk"})).unwrap();
        insta::assert_snapshot!(body_text(&*target, &head(), &inputs()), @r#"{"batch":[{"type":"identify","messageId":"11111111-1111-8111-8111-111111111111-0-identify","userId":"u_0","traits":{"name":"Ana Maria Lopes","email":"ana@example.com","phone_number":"+351900","credit":9007199254740993,"plan":"pro","x":{"a":[1.10]},"id":"root"},"context":{"library":{"name":"inlet","version":"0.1.0"},"groupId":"acme"},"timestamp":"2026-01-02T03:04:05.678Z"},{"type":"track","messageId":"11111111-1111-8111-8111-111111111111-0","userId":"u_0","event":"order-paid","properties":{"total":39.50,"order":9007199254740993,"greeting":"Hi Ana","rate":39.50},"context":{"library":{"name":"inlet","version":"0.1.0"},"groupId":"acme"},"timestamp":"2026-01-02T03:04:05.678Z"},{"type":"identify","messageId":"11111111-1111-8111-8111-111111111111-1-identify","userId":"projects:p/1","traits":{"title":"P"},"context":{"library":{"name":"inlet","version":"0.1.0"},"groupId":"acme"},"timestamp":"2026-01-02T03:04:05.678Z"},{"type":"track","messageId":"11111111-1111-8111-8111-111111111111-1","userId":"projects:p/1","event":"order-paid","properties":{"total":39.50,"order":9007199254740993},"context":{"library":{"name":"inlet","version":"0.1.0"},"groupId":"acme"},"timestamp":"2026-01-02T03:04:05.678Z"},{"type":"track","messageId":"11111111-1111-8111-8111-111111111111-2","userId":"u_2","event":"order-paid","properties":{"total":39.50,"order":9007199254740993},"context":{"library":{"name":"inlet","version":"0.1.0"},"groupId":"acme"},"timestamp":"2026-01-02T03:04:05.678Z"}]}"#);
        let request = request_of(&*target, &head(), &inputs());
        assert_eq!(request.url.as_str(), "https://hooks.example/integrations/receive/t0/v1/batch");
        // wk:
        assert_eq!(header(&request, "authorization"), "Basic d2s6");
    }

    #[test]
    fn long_data_is_for_as_many_recipients_as_it_fits_for() {
        let target = parse(&json!({"url": "https://a.example"}), &json!({"write_key": "wk"})).unwrap();
        let together = |bytes: usize| target.together(&head(), &DeliveryInputs { data: "x".repeat(bytes), ..inputs() });
        assert!(together(400) > 1000, "the size of the body decides");
        assert_eq!((together(100_000), together(10 << 20)), (4, 0));
        let long = DeliveryInputs { data: format!("{{\"x\":\"{}\"}}", "x".repeat(10 << 20)), ..inputs() };
        let refused = crate::targets::build(&*target, &head(), &long).unwrap_err();
        assert!(matches!(refused, BuildError::TooLarge { found, .. } if found < 11 << 20), "{refused}");
    }

    #[test]
    fn a_receiver_that_knows_its_users_gets_no_identify() {
        let settings = json!({"url": "https://a.example", "options": {"identify": false, "path": "/batch"}});
        let target = parse(&settings, &json!({"write_key": "wk"})).unwrap();
        assert!(!body_text(&*target, &head(), &inputs()).contains("identify"));
        assert_eq!(request_of(&*target, &head(), &inputs()).url.path(), "/batch");
    }
}
