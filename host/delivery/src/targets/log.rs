//! The target `log`: each run is a line of the server's log, and nothing is sent.

use bytes::Bytes;
use inlet_core::json;
use inlet_store::{DeliveryInputs, DeliveryRecipient, StoredBody};
use serde_json::Value;

use super::{
    BuildError, CommonOptions, Target, TargetError,
    facts::{Authentication, KeyPlace, RecipientForm, SuccessRule, TargetFacts},
    fields::Fields,
    workflow_listing::WorkflowListing,
};
use crate::{delivery_head::DeliveryHead, request::OutgoingRequest};

#[derive(Debug)]
struct Log {
    facts: TargetFacts,
    options: CommonOptions,
}

pub(super) fn parse(settings: &Value, secrets: &Value) -> Result<Box<dyn Target>, TargetError> {
    let facts = TargetFacts {
        kind: "log",
        method: "",
        path: "",
        authentication: Authentication::None,
        recipients: RecipientForm::None,
        chunk: 1000,
        split_bytes: usize::MAX,
        max_bytes: usize::MAX,
        key: KeyPlace::None,
        key_lifetime: None,
        key_after_error: true,
        success: SuccessRule::Status,
        duplicates: Vec::new(),
        dead: &[],
        wrong_credentials: &[],
        throttle: &[],
        partial_success_headers: &[],
        rates: &[],
        cancel: None,
        downstream_id: None,
        digits_survive: true,
    };
    Fields::new(secrets, "")?.finish()?;
    let mut fields = Fields::new(settings, "")?;
    let mut options = Fields::new(fields.get("options").unwrap_or(&Value::Null), "/options")?;
    let common = CommonOptions::read(&mut options, &facts)?;
    options.finish()?;
    fields.finish()?;
    Ok(Box::new(Log { facts, options: common }))
}

impl Target for Log {
    fn facts(&self) -> &TargetFacts {
        &self.facts
    }

    fn options(&self) -> &CommonOptions {
        &self.options
    }

    fn workflow_listing(&self) -> Result<WorkflowListing, &'static str> {
        Err("a log has no list of workflows")
    }

    fn body(
        &self,
        _: &DeliveryHead,
        _: &DeliveryInputs,
        recipients: &[DeliveryRecipient],
    ) -> Result<StoredBody, BuildError> {
        // Only ids, so that the log holds no personal data beside them.
        let ids = json::array(recipients.iter().map(crate::body::reference));
        Ok(StoredBody { content_type: "application/json".to_owned(), body: Bytes::from(ids) })
    }

    fn request(&self, head: &DeliveryHead, body: &StoredBody, _: i64) -> Result<Option<OutgoingRequest>, BuildError> {
        let recipients = String::from_utf8_lossy(&body.body);
        tracing::info!(run = %head.run, workflow = head.workflow, key = %head.key, %recipients, "a workflow run");
        Ok(None)
    }
}
