//! Routing: the deliveries of a run.

use uuid::Uuid;

use super::{
    DeliveryOrder, RoutedTarget,
    key::{delivery_key, order_key},
};
use crate::run::{Run, RunRecipient};

/// A run as far as routing needs it.
#[derive(Debug, Clone, Copy)]
pub struct RoutedRun<'a> {
    /// The run's id.
    pub id: Uuid,
    /// The run's key.
    pub key: Uuid,
    /// The workflow's key.
    pub workflow: &'a str,
    /// The key by which the run can be cancelled.
    pub cancellation_key: Option<&'a str>,
    /// The keys of the targets that the mapping names; none if it names none.
    pub targets: Option<&'a [String]>,
}

impl<'a> From<&'a Run> for RoutedRun<'a> {
    fn from(run: &'a Run) -> Self {
        Self {
            id: run.id,
            key: run.key,
            workflow: &run.workflow,
            cancellation_key: run.cancellation_key.as_deref(),
            targets: run.targets.as_deref(),
        }
    }
}

/// A delivery to write: it triggers a workflow for some recipients of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// UUIDv7.
    pub id: Uuid,
    /// The target's database id.
    pub target: i64,
    /// The run.
    pub run: Uuid,
    /// The position of the first recipient among those of the run.
    pub first_recipient: u32,
    /// The number of recipients.
    pub recipients: u32,
    /// See [`delivery_key`].
    pub key: Uuid,
    /// Deliveries of the target with the same value never overtake each other; none if it may overtake all.
    pub order_key: Option<Uuid>,
}

/// Returns the deliveries of recipients of a run, the first of which has the position `first`: for each target that wants
/// the run, chunks of the recipients in their order.
pub fn deliveries_of(
    run: RoutedRun<'_>,
    first: u32,
    recipients: &[RunRecipient],
    targets: &[RoutedTarget],
    new_id: &mut dyn FnMut() -> Uuid,
) -> Vec<NewDelivery> {
    let mut deliveries = Vec::new();
    for target in targets.iter().filter(|target| target.wants(run.workflow, run.targets)) {
        let mut first_recipient = first;
        for chunk in recipients.chunks(target.routing.recipients_each()) {
            let count = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
            deliveries.push(NewDelivery {
                id: new_id(),
                target: target.id,
                run: run.id,
                first_recipient,
                recipients: count,
                key: delivery_key(run.key, first_recipient),
                order_key: order_key_of(run, chunk.first(), target),
            });
            first_recipient += count;
        }
    }
    deliveries
}

/// Returns what the deliveries of a run to a target are ordered by. `recipient` is the first of the chunk.
pub fn order_key_of(run: RoutedRun<'_>, recipient: Option<&RunRecipient>, target: &RoutedTarget) -> Option<Uuid> {
    match target.routing.order {
        Some(DeliveryOrder::User) => recipient.map(|recipient| {
            let key = recipient.key();
            order_key(&["recipient", &key.collection, &key.id])
        }),
        None if !target.routing.has_cancel => None,
        // A cancel waits behind its trigger.
        Some(DeliveryOrder::CancellationKey) | None => {
            run.cancellation_key.map(|key| order_key(&["cancellation", run.workflow, key]))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{super::TargetRouting, *};

    fn run(cancellation_key: Option<&'static str>, targets: Option<&'static [String]>) -> RoutedRun<'static> {
        RoutedRun { id: Uuid::from_u128(1), key: Uuid::from_u128(2), workflow: "welcome", cancellation_key, targets }
    }

    fn users(count: usize) -> Vec<RunRecipient> {
        (0..count)
            .map(|number| RunRecipient { collection: None, id: format!("u{number}"), trigger_data: None })
            .collect()
    }

    fn target(id: i64, routing: TargetRouting) -> RoutedTarget {
        RoutedTarget { id, key: format!("t{id}").into(), routing }
    }

    fn route(run: RoutedRun<'_>, first: u32, recipients: usize, targets: &[RoutedTarget]) -> Vec<NewDelivery> {
        let mut ids = (1..).map(Uuid::from_u128);
        deliveries_of(run, first, &users(recipients), targets, &mut || ids.next().unwrap())
    }

    #[test]
    fn a_run_without_targets_has_no_deliveries() {
        assert_eq!(route(run(None, None), 0, 3, &[]), []);
        let other = TargetRouting { workflows: Some(vec!["other".into()]), ..TargetRouting::of_chunks(10) };
        assert_eq!(route(run(None, None), 0, 3, &[target(1, other)]), []);
    }

    #[test]
    fn order_is_by_recipient_or_by_workflow_and_cancellation_key() {
        let order = |order, has_cancel| TargetRouting { order, has_cancel, ..TargetRouting::of_chunks(2) };
        let keys = |cancellation_key, routing| {
            let deliveries = route(run(cancellation_key, None), 0, 4, &[target(1, routing)]);
            let keys: Vec<Option<Uuid>> = deliveries.iter().map(|delivery| delivery.order_key).collect();
            (keys.len(), keys.iter().flatten().collect::<BTreeSet<_>>().len(), keys.contains(&None))
        };
        let by_key = Some(DeliveryOrder::CancellationKey);
        assert_eq!(keys(Some("k"), order(None, false)), (2, 0, true), "unordered");
        assert_eq!(keys(Some("k"), order(None, true)), (2, 1, false), "a cancel waits behind its trigger");
        assert_eq!(keys(Some("k"), order(by_key, false)), (2, 1, false));
        assert_eq!(keys(None, order(by_key, true)), (2, 0, true), "without a key nothing can be canceled");
        assert_eq!(keys(Some("k"), order(Some(DeliveryOrder::User), true)), (4, 4, false), "each recipient for itself");
        let of_workflow = |workflow| {
            let run = RoutedRun { workflow, ..run(Some("k"), None) };
            order_key_of(run, None, &target(1, order(by_key, false)))
        };
        assert_ne!(of_workflow("a"), of_workflow("b"));
    }

    proptest! {
        /// Each wanted target gets every recipient once, in order, and keys are distinct per target and the same for all.
        #[test]
        fn chunks_cover_the_recipients_of_every_target(
            chunks in prop::collection::vec(1..7_u32, 0..4),
            recipients in 0..30_usize,
            first in 0..1000_u32,
        ) {
            let targets: Vec<_> =
                chunks.iter().zip(1..).map(|(chunk, id)| target(id, TargetRouting::of_chunks(*chunk))).collect();
            let deliveries = route(run(None, None), first, recipients, &targets);
            for target in &targets {
                let of_target: Vec<_> = deliveries.iter().filter(|delivery| delivery.target == target.id).collect();
                let mut next = first;
                for delivery in &of_target {
                    prop_assert_eq!(delivery.first_recipient, next);
                    prop_assert!((1..=target.routing.chunk).contains(&delivery.recipients));
                    prop_assert_eq!(delivery.key, delivery_key(Uuid::from_u128(2), next));
                    next += delivery.recipients;
                }
                prop_assert_eq!(next, first + recipients as u32);
                let keys: BTreeSet<_> = of_target.iter().map(|delivery| delivery.key).collect();
                prop_assert_eq!(keys.len(), of_target.len());
            }
            let ids: BTreeSet<_> = deliveries.iter().map(|delivery| delivery.id).collect();
            prop_assert_eq!(ids.len(), deliveries.len());
        }
    }
}
