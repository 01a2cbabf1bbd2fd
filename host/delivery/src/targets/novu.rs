//! The target `novu`. Its users are subscribers with fixed members: `first_name` and `last_name` of a user, or else the two
//! halves of `name`, become `firstName` and `lastName`; all other properties become `data`, where Novu takes texts, numbers,
//! booleans and lists of texts only, so that everything deeper becomes JSON text.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use hyper::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use inlet_core::{
    delivery::DeliveryCall,
    json::{self, Kind, Members},
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
    workflow_listing::{PageParameters, WorkflowListing},
};
use crate::{body::merged_data, delivery_head::DeliveryHead, request::OutgoingRequest};

pub(super) const SECRETS: &[&str] = &["api_key"];

const URL: &str = "https://api.novu.co";
const MAX_BYTES: usize = 512 * 1000;

struct Novu {
    facts: TargetFacts,
    options: CommonOptions,
    url: Url,
    api_key: String,
}

impl std::fmt::Debug for Novu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Novu").field("url", &self.url.as_str()).field("options", &self.options).finish_non_exhaustive()
    }
}

fn facts() -> TargetFacts {
    TargetFacts {
        kind: "novu",
        method: "POST",
        path: "/v1/events/trigger",
        authentication: Authentication::ApiKey,
        recipients: RecipientForm::Subscribers,
        chunk: 100,
        split_bytes: MAX_BYTES,
        max_bytes: MAX_BYTES,
        key: KeyPlace::Body("/transactionId"),
        key_lifetime: Some(Duration::from_secs(24 * 3600)),
        // Novu remembers errors too.
        key_after_error: false,
        success: SuccessRule::Member {
            pointers: vec!["/data/status".into(), "/status".into()],
            values: vec![r#""processed""#.into()],
        },
        duplicates: Vec::new(),
        dead: &[400, 413, 422],
        wrong_credentials: &[401, 403],
        throttle: &[429],
        partial_success_headers: &[],
        rates: &[60, 240, 600, 6000],
        cancel: Some(CancelFacts {
            method: "DELETE",
            path: "/v1/events/trigger/{transactionId}",
            is_whole: true,
            min_gap: Duration::ZERO,
            done: &[404],
        }),
        downstream_id: Some("/data/transactionId".into()),
        digits_survive: false,
    }
}

pub(super) fn parse(settings: &Value, secrets: &Value) -> Result<Box<dyn Target>, TargetError> {
    let facts = facts();
    let mut fields = Fields::new(settings, "")?;
    let url = fields.base_url("url", &["https://", "http://"])?;
    let mut options = Fields::new(fields.get("options").unwrap_or(&Value::Null), "/options")?;
    fields.finish()?;
    let common = CommonOptions::read(&mut options, &facts)?;
    options.finish()?;
    let mut fields = Fields::new(secrets, "")?;
    let api_key = fields.required("api_key", "the secret key of a Novu environment")?.to_owned();
    fields.finish()?;
    let url = url.map_or_else(|| Url::parse(URL), Ok).map_err(|error| TargetError::new("/url", error.to_string()))?;
    Ok(Box::new(Novu { facts, options: common, url, api_key }))
}

/// Returns the id under which Novu knows a recipient: an object is a subscriber too.
fn subscriber_id(recipient: &DeliveryRecipient) -> String {
    match &recipient.collection {
        None => recipient.id.clone(),
        Some(collection) => format!("{collection}:{}", recipient.id),
    }
}

fn subscriber(recipient: &DeliveryRecipient) -> String {
    let mut properties: Members<'_> = recipient.properties.as_deref().and_then(json::members).unwrap_or_default();
    let mut members: Vec<(&str, String)> = vec![("subscriberId", json::quote(&subscriber_id(recipient)))];
    let text = |value: &&str| Kind::of(value) == Kind::String;
    let (first, last) =
        match (properties.get("first_name").filter(|v| text(v)), properties.get("last_name").filter(|v| text(v))) {
            (None, None) => {
                let name = properties.get("name").and_then(|name| json::string(name)).unwrap_or_default();
                match name.trim().split_once(' ') {
                    Some((first, last)) => (Some(json::quote(first)), Some(json::quote(last.trim()))),
                    None if name.trim().is_empty() => (None, None),
                    None => (Some(json::quote(name.trim())), None),
                }
            }
            (first, last) => (first.map(|text| (*text).to_owned()), last.map(|text| (*text).to_owned())),
        };
    members.extend(first.map(|text| ("firstName", text)));
    members.extend(last.map(|text| ("lastName", text)));
    for (ours, theirs) in [
        ("email", "email"),
        ("phone_number", "phone"),
        ("avatar", "avatar"),
        ("locale", "locale"),
        ("timezone", "timezone"),
    ] {
        if let Some(text) = properties.get(ours).and_then(|value| known_properties::text(value)) {
            members.push((theirs, text.into_owned()));
            properties.shift_remove(ours);
        }
    }
    let data: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        properties.into_iter().filter_map(|(name, value)| Some((name, subscriber_value(value)?))).collect();
    if !data.is_empty() {
        members.push(("data", json::object(data.iter().map(|(name, value)| (name, value.as_ref())))));
    }
    json::object(members.iter().map(|(name, value)| (name, value.as_str())))
}

/// Returns a value of a subscriber's `data`; none for null.
fn subscriber_value(value: &str) -> Option<Cow<'_, str>> {
    match Kind::of(value) {
        Kind::Null => None,
        Kind::String | Kind::Number | Kind::Bool => Some(value.into()),
        Kind::Array if json::items(value)?.iter().all(|item| Kind::of(item) == Kind::String) => Some(value.into()),
        Kind::Array | Kind::Object => Some(json::quote(value).into()),
    }
}

/// Returns the actor as a subscriber id.
fn actor(actor: &str) -> Option<String> {
    match Kind::of(actor) {
        Kind::String => Some(actor.to_owned()),
        _ => {
            let [collection, id] = ["collection", "id"].map(|name| json::member(actor, name).and_then(json::string));
            Some(json::quote(&format!("{}:{}", collection?, id?)))
        }
    }
}

impl Target for Novu {
    fn facts(&self) -> &TargetFacts {
        &self.facts
    }

    fn options(&self) -> &CommonOptions {
        &self.options
    }

    /// 25 entries of Novu's list take less than the 64 KiB that are read of an answer.
    fn workflow_listing(&self) -> Result<WorkflowListing, &'static str> {
        let mut headers = HeaderMap::new();
        authorize(&mut headers, &format!("ApiKey {}", self.api_key));
        Ok(WorkflowListing {
            url: join(&self.url, "/v2/workflows").map_err(|_| "url is not valid")?,
            headers,
            header_case: self.options.header_case,
            list: &["/data/workflows", "/workflows"],
            key: "/workflowId",
            prefix: String::new(),
            page: Some(PageParameters { limit: "limit", offset: "offset", size: 25 }),
        })
    }

    /// Novu has one payload for all subscribers of a call, so those of one call have the same data.
    fn together(&self, head: &DeliveryHead, inputs: &DeliveryInputs) -> usize {
        let recipients = &inputs.recipients;
        if head.call == DeliveryCall::Cancel {
            return recipients.len();
        }
        let first = recipients.first().and_then(|recipient| recipient.trigger_data.as_ref());
        recipients.iter().take_while(|recipient| recipient.trigger_data.as_ref() == first).count()
    }

    fn body(
        &self,
        head: &DeliveryHead,
        inputs: &DeliveryInputs,
        recipients: &[DeliveryRecipient],
    ) -> Result<StoredBody, BuildError> {
        let content_type = "application/json".to_owned();
        if head.call == DeliveryCall::Cancel {
            if !inputs.is_canceled && (recipients.len() as u64) < u64::from(head.recipients) {
                let sentence =
                    "Novu cancels a trigger for all of its recipients only, and some of them are not canceled";
                return Err(BuildError::Impossible(sentence.to_owned()));
            }
            // Kept as the body, so that each attempt names the same one. It is sent in the path.
            let transaction = json::object([("transactionId", json::quote(&inputs.trigger_key.to_string()).as_str())]);
            return Ok(StoredBody { content_type, body: Bytes::from(transaction) });
        }
        let (name, transaction) = (json::quote(&inputs.workflow), json::quote(&head.key.to_string()));
        let to = json::array(recipients.iter().map(subscriber));
        let payload = recipients.first().map_or("{}".into(), |first| merged_data(&inputs.data, first));
        let actor = inputs.actor.as_deref().and_then(actor);
        let mut members =
            vec![("name", name.as_str()), ("to", &to), ("payload", &payload), ("transactionId", &transaction)];
        members.extend(actor.as_deref().map(|actor| ("actor", actor)));
        members.extend(inputs.tenant.as_deref().map(|tenant| ("tenant", tenant)));
        Ok(StoredBody { content_type, body: Bytes::from(json::object(members)) })
    }

    fn request(&self, head: &DeliveryHead, body: &StoredBody, _: i64) -> Result<Option<OutgoingRequest>, BuildError> {
        let mut headers = headers(body);
        authorize(&mut headers, &format!("ApiKey {}", self.api_key));
        let header_case = self.options.header_case;
        if head.call == DeliveryCall::Cancel {
            let text = std::str::from_utf8(&body.body).unwrap_or_default();
            let transaction = json::member(text, "transactionId").and_then(json::string).unwrap_or_default();
            let url = join(&self.url, &format!("/v1/events/trigger/{}", segment(&transaction)))?;
            return Ok(Some(OutgoingRequest { method: Method::DELETE, url, headers, header_case, body: Bytes::new() }));
        }
        // After an error answer the same key would only be answered with the same error.
        let key = match head.answers {
            0 => head.key.to_string(),
            answers => format!("{}-{answers}", head.key),
        };
        if let Ok(key) = HeaderValue::from_str(&key) {
            headers.insert(HeaderName::from_static("idempotency-key"), key);
        }
        let url = join(&self.url, "/v1/events/trigger")?;
        Ok(Some(OutgoingRequest { method: Method::POST, url, headers, header_case, body: body.body.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::targets::{
        build,
        tests::{answer, body_text, head, header, inputs, recipient, request_of},
    };

    fn novu() -> Box<dyn Target> {
        parse(&Value::Null, &json!({"api_key": "n-1"})).unwrap()
    }

    #[test]
    fn a_trigger_is_for_the_recipients_that_share_their_data() {
        let target = novu();
        insta::assert_snapshot!(body_text(&*target, &head(), &inputs()), @r#"{"name":"order-paid","to":[{"subscriberId":"u_0","firstName":"Ana","lastName":"Maria Lopes","email":"ana@example.com","phone":"+351900","data":{"name":"Ana Maria Lopes","credit":9007199254740993,"plan":"pro","x":"{\"a\":[1.10]}","id":"root"}}],"payload":{"total":39.50,"order":9007199254740993,"greeting":"Hi Ana","rate":39.50},"transactionId":"11111111-1111-8111-8111-111111111111","actor":"projects:p/1","tenant":"acme"}"#);
        assert_eq!(build(&*target, &head(), &inputs()).unwrap().unwrap().covered, 1);
        let rest = DeliveryInputs { recipients: inputs().recipients.split_off(1), covered: 2, ..inputs() };
        let head = DeliveryHead { first_recipient: 1, recipients: 2, ..head() };
        insta::assert_snapshot!(body_text(&*target, &head, &rest), @r#"{"name":"order-paid","to":[{"subscriberId":"projects:p/1","data":{"title":"P"}},{"subscriberId":"u_2"}],"payload":{"total":39.50,"order":9007199254740993},"transactionId":"11111111-1111-8111-8111-111111111111","actor":"projects:p/1","tenant":"acme"}"#);
        assert_eq!(build(&*target, &head, &rest).unwrap().unwrap().covered, 2);
        let request = request_of(&*target, &head, &rest);
        assert_eq!(
            (request.url.as_str(), header(&request, "authorization")),
            ("https://api.novu.co/v1/events/trigger", "ApiKey n-1")
        );
    }

    #[test]
    fn names_and_values_that_novu_does_not_have() {
        let text = |properties: &str| {
            subscriber(&DeliveryRecipient { properties: Some(properties.to_owned()), ..recipient(1) })
        };
        insta::assert_snapshot!(text(r#"{"first_name":"A","last_name":null,"name":"B C"}"#), @r#"{"subscriberId":"u_1","firstName":"A","data":{"first_name":"A","name":"B C"}}"#);
        insta::assert_snapshot!(text(r#"{"name":"Cher","email":7,"list":["a","b"],"mixed":["a",1],"deep":{"a":1.10},"none":null}"#), @r#"{"subscriberId":"u_1","firstName":"Cher","email":"7","data":{"name":"Cher","list":["a","b"],"mixed":"[\"a\",1]","deep":"{\"a\":1.10}"}}"#);
        insta::assert_snapshot!(text("{}"), @r#"{"subscriberId":"u_1"}"#);
    }

    #[test]
    fn workflows_are_listed_page_by_page() {
        let listing = novu().workflow_listing().unwrap();
        let request = listing.request(25);
        assert_eq!(request.url.as_str(), "https://api.novu.co/v2/workflows?limit=25&offset=25");
        assert_eq!((request.method.as_str(), header(&request, "authorization")), ("GET", "ApiKey n-1"));
        let answer =
            r#"{"data":{"workflows":[{"workflowId":"welcome","name":"Welcome"},{"name":"no id"}],"totalCount":2}}"#;
        assert_eq!(listing.read(answer), Some((vec!["welcome".to_owned()], 2)));
        assert_eq!(listing.read(r#"{"workflows":[],"totalCount":0}"#), Some((Vec::new(), 0)));
        assert_eq!(listing.read(r#"{"data":[]}"#), None);
        assert!(listing.is_last(24) && !listing.is_last(25));
    }

    #[test]
    fn a_key_is_not_used_again_after_an_error_answer() {
        let target = novu();
        let key = |answers| {
            header(&request_of(&*target, &DeliveryHead { answers, ..head() }, &inputs()), "idempotency-key").to_owned()
        };
        assert_eq!((key(0), key(2)), (head().key.to_string(), format!("{}-2", head().key)));
    }

    #[test]
    fn a_2xx_can_be_a_failure() {
        let target = novu();
        let judge = |status, body: &str| target.judge(DeliveryCall::Trigger, &answer(status, &[], body), 0);
        let done = judge(201, r#"{"data":{"acknowledged":true,"status":"processed","transactionId":"t-1"}}"#);
        assert_eq!(done, crate::verdict::Verdict::Delivered { downstream_id: Some("t-1".to_owned()), note: None });
        assert_eq!(judge(201, r#"{"acknowledged":true,"status":"processed"}"#).outcome(), "delivered");
        for status in [
            "error",
            "trigger_not_active",
            "no_workflow_active_steps_defined",
            "no_workflow_steps_defined",
            "invalid_recipients",
        ] {
            let failed = judge(201, &format!(r#"{{"data":{{"acknowledged":true,"status":"{status}"}}}}"#));
            assert!(failed.outcome() == "failed" && failed.reason().unwrap().contains(status), "{failed:?}");
        }
        assert_eq!(judge(201, "").outcome(), "failed");
        assert_eq!(judge(409, "{}").outcome(), "failed");
    }

    #[test]
    fn a_cancel_names_the_transaction_of_its_trigger() {
        let target = novu();
        let trigger_key = uuid::Uuid::from_u128(7);
        let cancel = DeliveryHead { call: DeliveryCall::Cancel, ..head() };
        let inputs = DeliveryInputs { trigger_key, ..inputs() };
        let request = request_of(&*target, &cancel, &inputs);
        assert_eq!((request.method.as_str(), request.body.len()), ("DELETE", 0));
        assert_eq!(request.url.path(), format!("/v1/events/trigger/{trigger_key}"));
        let partly = DeliveryHead { recipients: 4, ..cancel.clone() };
        assert!(matches!(build(&*target, &partly, &inputs), Err(BuildError::Impossible(_))));
        let wholly = DeliveryInputs { is_canceled: true, ..inputs };
        assert!(build(&*target, &partly, &wholly).is_ok());
        assert_eq!(target.judge(DeliveryCall::Cancel, &answer(200, &[], "false"), 0).outcome(), "delivered");
    }
}
