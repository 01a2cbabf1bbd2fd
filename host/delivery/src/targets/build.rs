//! Building a body for as many recipients as fit.

use inlet_store::{DeliveryInputs, StoredBody};

use super::{BuildError, Target};
use crate::delivery_head::DeliveryHead;

/// A body, and how far it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The body.
    pub body: StoredBody,
    /// The number of the delivery's recipients, from the first one on, that the body is for.
    pub covered: u32,
}

/// Builds the body of a delivery for as many of its recipients as one body can be for; none if no recipient is left that is
/// not canceled.
pub fn build(target: &dyn Target, head: &DeliveryHead, inputs: &DeliveryInputs) -> Result<Option<Built>, BuildError> {
    let facts = target.facts();
    let all = inputs.recipients.as_slice();
    if all.is_empty() {
        return Ok(None);
    }
    let mut count = target.together(head, inputs).clamp(1, all.len());
    let mut body = target.body(head, inputs, all.get(..count).unwrap_or(all))?;
    let most = match body.body.len() > facts.split_bytes && count > 1 {
        true => split_bytes(target, head, inputs)?,
        false => facts.split_bytes,
    };
    loop {
        let found = body.body.len();
        if found <= most || count == 1 {
            break;
        }
        // A little less than the share that would fit if all recipients were of the same size, and always fewer.
        let share = (count as u128 * most as u128 * 9 / 10 / found as u128) as usize;
        count = share.clamp(1, count - 1);
        body = target.body(head, inputs, all.get(..count).unwrap_or(all))?;
    }
    if body.body.len() > facts.max_bytes {
        return Err(BuildError::TooLarge { found: body.body.len(), most: facts.max_bytes });
    }
    let covered = match all.get(count) {
        Some(next) => next.ordinal.saturating_sub(head.first_recipient),
        None => inputs.covered,
    };
    Ok(Some(Built { body, covered }))
}

/// Returns the size above which bodies are split. If the data of the run alone makes every body larger than the target's own
/// limit, a body holds about as many bytes of recipients as of data: a call for each recipient would send the data a thousand
/// times.
fn split_bytes(target: &dyn Target, head: &DeliveryHead, inputs: &DeliveryInputs) -> Result<usize, BuildError> {
    let facts = target.facts();
    let size = |recipients| Ok::<_, BuildError>(target.body(head, inputs, recipients)?.body.len());
    match size(inputs.recipients.get(..1).unwrap_or_default())? > facts.split_bytes {
        true => Ok(facts.split_bytes.max((2 * size(&[])?).min(facts.max_bytes))),
        false => Ok(facts.split_bytes),
    }
}

#[cfg(test)]
mod tests {
    use inlet_core::json;
    use inlet_store::DeliveryRecipient;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::targets::{
        parse,
        tests::{head, inputs, recipient},
    };

    fn webhook() -> Box<dyn Target> {
        parse("webhook", &json!({"url": "https://a.example/"}), &Value::Null).unwrap()
    }

    proptest! {
        /// However large recipients are and whichever were canceled, the bodies of a delivery and of its rests are for every
        /// recipient once, in order, and each is within the limit or for one recipient.
        #[test]
        fn the_parts_of_a_delivery_cover_every_recipient_once(
            sizes in prop::collection::vec((0_usize..400_000, any::<bool>()), 1..40),
        ) {
            let target = webhook();
            let first_recipient = 7_u32;
            let end = first_recipient + sizes.len() as u32;
            let present: Vec<_> = (first_recipient..).zip(&sizes).filter(|(_, (_, is_canceled))| !is_canceled).map(|(ordinal, (size, _))| {
                let mut recipient = recipient(ordinal);
                recipient.properties = Some(format!(r#"{{"x":"{}"}}"#, "x".repeat(*size)));
                recipient
            }).collect();
            let (mut at, mut seen) = (first_recipient, Vec::new());
            while at < end {
                let rest: Vec<_> = present.iter().filter(|recipient| recipient.ordinal >= at).cloned().collect();
                let inputs = DeliveryInputs { recipients: rest, covered: end - at, ..inputs() };
                let head = DeliveryHead { first_recipient: at, recipients: end - at, ..head() };
                let Some(built) = build(&*target, &head, &inputs).unwrap() else { break };
                let text = std::str::from_utf8(&built.body.body).unwrap();
                let ids: Vec<_> = json::items(json::point(text, "/data/recipients").unwrap()).unwrap();
                prop_assert!(text.len() <= target.facts().split_bytes || ids.len() == 1);
                prop_assert!(built.covered >= 1);
                seen.extend(ids.iter().map(|recipient| json::string(json::member(recipient, "id").unwrap()).unwrap()));
                at += built.covered;
            }
            let expected: Vec<_> = present.iter().map(|recipient| recipient.id.clone()).collect();
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn data_above_the_limit_is_not_sent_once_for_each_recipient() {
        let target = webhook();
        let recipients: Vec<_> = (0..1000).map(recipient).collect();
        let data = |bytes: usize| DeliveryInputs {
            data: format!("{{\"x\":\"{}\"}}", "x".repeat(bytes)),
            recipients: recipients.clone(),
            covered: 1000,
            ..inputs()
        };
        let head = DeliveryHead { recipients: 1000, ..head() };
        for bytes in [100_000, 2 << 20, 10 << 20] {
            let built = build(&*target, &head, &data(bytes)).unwrap().unwrap();
            assert_eq!(built.covered, 1000, "{bytes}");
        }
        // A limit that can be met is met.
        let built = build(&*target, &head, &data((1 << 20) - 10_000)).unwrap().unwrap();
        assert!(built.covered < 1000 && built.body.body.len() <= 1 << 20, "{}", built.covered);
        // The largest body is not exceeded.
        let long =
            DeliveryRecipient { properties: Some(format!("{{\"x\":\"{}\"}}", "x".repeat(2 << 20))), ..recipient(1) };
        let inputs = DeliveryInputs { recipients: vec![recipient(0), long], covered: 2, ..data(15 << 20) };
        let built = build(&*target, &DeliveryHead { recipients: 2, ..head }, &inputs).unwrap().unwrap();
        assert_eq!(built.covered, 1);
    }

    #[test]
    fn without_recipients_there_is_no_body_and_a_giant_is_not_sent() {
        let target = webhook();
        let none = DeliveryInputs { recipients: Vec::new(), ..inputs() };
        assert_eq!(build(&*target, &head(), &none), Ok(None));
        let giant = DeliveryInputs { data: format!("{{\"x\":\"{}\"}}", "x".repeat(17 << 20)), ..inputs() };
        assert!(matches!(build(&*target, &head(), &giant), Err(BuildError::TooLarge { .. })));
    }
}
