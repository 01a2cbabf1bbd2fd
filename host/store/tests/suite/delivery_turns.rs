//! Turns of dispatchers: claims, fences, leases, order and classes, compared with a plain model.

use std::{collections::BTreeMap, time::Duration};

use inlet_core::{
    Uuid,
    delivery::{DeliveryClass, DeliveryOrder, DeliveryStatus, TargetRouting},
    mapping::Mapping,
};
use inlet_store::{AttemptNext, Claim, ClaimWanted, DeliveryTurn};
use proptest::prelude::*;

use super::support::{Event, Fixture, LONG, claim_wanted, delivered, mapping, retry};
use crate::backend::TestDatabase;

fn mappings() -> [Mapping; 1] {
    [mapping(
        "order",
        "workflows_trigger",
        r#"{"key":"k","recipients":{"id":{"value":"u"}},"cancellation_key":"data.key"}"#,
        1,
    )]
}

async fn trigger(fixture: &Fixture, mappings: &[Mapping], key: u8) {
    let event = format!(r#"{{"data":{{"key":"k{key}"}}}}"#);
    assert!(fixture.commit(Event::new("order", &event).mappings(mappings)).await.run.is_some());
}

#[derive(Debug, Clone)]
enum Step {
    /// An event with one of three cancellation keys. Each target gets a delivery.
    Trigger {
        key: u8,
    },
    /// Claims so many of each class of a target. A lease of zero has expired at once.
    Claim {
        owner: usize,
        target: usize,
        each: u32,
        expires: bool,
    },
    Renew {
        claim: usize,
        expires: bool,
    },
    Finish {
        claim: usize,
        end: End,
    },
    /// The process is killed: owners come back under other names, and their claims are free, or their leases end.
    Kill,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Delivered,
    Dead,
    Canceled,
    RetryNow,
    RetryLater,
    HandBack,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![
        3 => Just(End::Delivered),
        1 => Just(End::Dead),
        1 => Just(End::Canceled),
        3 => Just(End::RetryNow),
        1 => Just(End::RetryLater),
        1 => Just(End::HandBack),
    ];
    let step = prop_oneof![
        4 => (0..3_u8).prop_map(|key| Step::Trigger { key }),
        5 => (0..2_usize, 0..2_usize, 0..4_u32, any::<bool>())
            .prop_map(|(owner, target, each, expires)| Step::Claim { owner, target, each, expires }),
        2 => (any::<prop::sample::Index>(), any::<bool>())
            .prop_map(|(claim, expires)| Step::Renew { claim: claim.index(64), expires }),
        5 => (any::<prop::sample::Index>(), end).prop_map(|(claim, end)| Step::Finish { claim: claim.index(64), end }),
        1 => Just(Step::Kill),
    ];
    prop::collection::vec(step, 1..60)
}

/// A delivery of the model.
#[derive(Debug, Clone)]
struct Model {
    target: usize,
    /// Each delivery has a key of its own where the target has no order.
    order: (usize, usize),
    status: DeliveryStatus,
    is_due: bool,
    held_by: Option<(Uuid, i64)>,
    /// True if the lease of the holder has expired.
    is_expired: bool,
    epoch: i64,
    tries: u32,
    class: DeliveryClass,
    attempts: u32,
}

impl Model {
    fn is_free(&self) -> bool {
        self.status.is_open() && if self.held_by.is_some() { self.is_expired } else { self.is_due }
    }
}

struct Compared {
    fixture: Fixture,
    targets: [i64; 2],
    mappings: [Mapping; 1],
    owners: [Uuid; 2],
    /// By the store's number, which grows: so it is also their order.
    model: BTreeMap<i64, Model>,
    /// All claims ever made, with the number of the delivery's owner.
    claims: Vec<(Uuid, Claim)>,
}

impl Compared {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let unordered = fixture.target("free", TargetRouting::of_chunks(10)).await;
        let order = Some(DeliveryOrder::CancellationKey);
        let ordered = fixture.target("ordered", TargetRouting { order, ..TargetRouting::of_chunks(10) }).await;
        Self {
            fixture,
            targets: [unordered, ordered],
            mappings: mappings(),
            owners: [Uuid::now_v7(), Uuid::now_v7()],
            model: BTreeMap::new(),
            claims: Vec::new(),
        }
    }

    async fn step(mut self, step: &Step) -> Self {
        match *step {
            Step::Trigger { key } => self.trigger(key).await,
            Step::Claim { owner, target, each, expires } => self.claim(owner, target, each, expires).await,
            Step::Renew { claim, expires } => self.renew(claim, expires).await,
            Step::Finish { claim, end } => self.finish(claim, end).await,
            Step::Kill => {
                self.fixture = self.fixture.reopen().await;
                self.owners = [Uuid::now_v7(), Uuid::now_v7()];
                for delivery in self.model.values_mut() {
                    if TestDatabase::OPENING_FREES_CLAIMS {
                        delivery.is_due |= delivery.held_by.take().is_some();
                    } else {
                        delivery.is_expired |= delivery.held_by.is_some();
                    }
                }
            }
        }
        self
    }

    async fn trigger(&mut self, key: u8) {
        trigger(&self.fixture, &self.mappings, key).await;
        for listed in self.fixture.deliveries().await {
            let seq = listed.delivery.seq;
            let target = self.targets.iter().position(|target| *target == listed.delivery.target_id).unwrap();
            let order = if target == 1 { (1, usize::from(key)) } else { (0, usize::try_from(seq).unwrap()) };
            self.model.entry(seq).or_insert(Model {
                target,
                order,
                status: DeliveryStatus::Pending,
                is_due: true,
                held_by: None,
                is_expired: false,
                epoch: 0,
                tries: 0,
                class: DeliveryClass::First,
                attempts: 0,
            });
        }
    }

    /// The deliveries of a target and class that may be claimed: of one order only the oldest that is open.
    fn free(&self, target: usize, class: DeliveryClass) -> Vec<i64> {
        let leads = |seq: i64, delivery: &Model| {
            let mut earlier = self.model.range(..seq).map(|(_, earlier)| earlier);
            !earlier.any(|earlier| earlier.order == delivery.order && earlier.status.is_open())
        };
        let of_class = self.model.iter().filter(|(_, delivery)| delivery.target == target && delivery.class == class);
        of_class.filter(|(seq, delivery)| delivery.is_free() && leads(**seq, delivery)).map(|(seq, _)| *seq).collect()
    }

    async fn claim(&mut self, owner: usize, target: usize, each: u32, expires: bool) {
        let free: Vec<Vec<i64>> = DeliveryClass::ALL.into_iter().map(|class| self.free(target, class)).collect();
        let owner = self.owners[owner];
        let lease = if expires { Duration::ZERO } else { LONG };
        let wanted = vec![claim_wanted(self.targets[target], each)];
        let claimed = self.fixture.turn(DeliveryTurn { wanted, ..DeliveryTurn::new(owner, lease) }).await.claimed;
        let mut left: Vec<usize> = free.iter().map(|free| free.len().min(each as usize)).collect();
        for claimed in claimed {
            let (seq, delivery) = (claimed.claim.seq, self.model.get_mut(&claimed.claim.seq).unwrap());
            let class = DeliveryClass::ALL.into_iter().position(|class| class == delivery.class).unwrap();
            assert!(free[class].contains(&seq), "{seq} was claimed, and only {free:?} are free");
            left[class] -= 1;
            delivery.epoch += 1;
            delivery.tries += 1;
            delivery.held_by = Some((owner, delivery.epoch));
            delivery.is_expired = expires;
            assert_eq!(claimed.claim.epoch, delivery.epoch);
            assert_eq!((claimed.delivery.tries, claimed.delivery.attempts), (delivery.tries, delivery.attempts));
            self.claims.push((owner, claimed.claim));
        }
        assert_eq!(left, [0, 0, 0], "as many as were wanted and free are claimed");
    }

    /// Returns an earlier claim, its owner, and whether it is still held.
    fn earlier(&self, claim: usize) -> Option<(Uuid, Claim, bool)> {
        let (owner, claim) = *self.claims.get(claim % self.claims.len().max(1))?;
        Some((owner, claim, self.model[&claim.seq].held_by == Some((owner, claim.epoch))))
    }

    async fn renew(&mut self, claim: usize, expires: bool) {
        let Some((owner, claim, is_held)) = self.earlier(claim) else { return };
        let lease = if expires { Duration::ZERO } else { LONG };
        let turn = DeliveryTurn { renewed: vec![claim], ..DeliveryTurn::new(owner, lease) };
        let lost = self.fixture.turn(turn).await.lost;
        assert_eq!(lost.is_empty(), is_held, "{claim:?}");
        if is_held {
            self.model.get_mut(&claim.seq).unwrap().is_expired = expires;
        }
    }

    async fn finish(&mut self, claim: usize, end: End) {
        let Some((owner, claim, is_held)) = self.earlier(claim) else { return };
        let next = match end {
            End::Delivered => delivered(),
            End::Dead => AttemptNext::Dead { is_counted: true },
            End::Canceled => AttemptNext::Canceled,
            End::RetryNow => retry(Duration::ZERO),
            End::RetryLater => retry(LONG),
            End::HandBack => AttemptNext::HandBack,
        };
        assert_eq!(self.fixture.finish(owner, claim, next).await, is_held, "a late worker writes nothing: {claim:?}");
        if !is_held {
            return;
        }
        let delivery = self.model.get_mut(&claim.seq).unwrap();
        delivery.held_by = None;
        delivery.is_due = !matches!(end, End::RetryLater);
        delivery.attempts += u32::from(!matches!(end, End::HandBack | End::Canceled));
        delivery.tries -= u32::from(matches!(end, End::HandBack | End::Canceled));
        match end {
            End::Delivered => delivery.status = DeliveryStatus::Delivered,
            End::Dead => delivery.status = DeliveryStatus::Dead,
            End::Canceled => delivery.status = DeliveryStatus::Canceled,
            End::RetryNow | End::RetryLater => {
                delivery.status = DeliveryStatus::Retrying;
                delivery.class = DeliveryClass::of(delivery.tries);
            }
            End::HandBack => {}
        }
    }

    async fn compare(&self) {
        for listed in self.fixture.deliveries().await {
            let (found, model) = (&listed.delivery, &self.model[&listed.delivery.seq]);
            assert_eq!(
                (found.status, found.attempts, found.tries, found.is_under_way),
                (model.status, model.attempts, model.tries, model.held_by.is_some()),
                "{}",
                found.seq
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// No delivery is claimed twice, nobody writes for one that somebody else took over, and the order is kept.
    #[test]
    fn turns_do_what_the_model_does(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut compared = Compared::new().await;
            for step in &steps {
                compared = compared.step(step).await;
            }
            compared.compare().await;
        });
    }
}

#[tokio::test]
async fn classes_have_slots_of_their_own() {
    let (fixture, mappings) = (Fixture::new().await, mappings());
    let target = fixture.target("free", TargetRouting::of_chunks(10)).await;
    let owner = Uuid::now_v7();
    // One late, one that is retried, and three that are new.
    for tries in [3, 1] {
        trigger(&fixture, &mappings, 0).await;
        for _ in 0..tries {
            let claimed = fixture.claim(owner, target, 10).await;
            let newest = claimed.last().unwrap().claim;
            for claimed in &claimed {
                let next = if claimed.claim == newest { retry(Duration::ZERO) } else { AttemptNext::HandBack };
                assert!(fixture.finish(owner, claimed.claim, next).await);
            }
        }
    }
    for _ in 0..3 {
        trigger(&fixture, &mappings, 0).await;
    }
    let wanted = vec![ClaimWanted { target, first_attempts: 2, retries: 0, late: 5 }];
    let result = fixture.turn(DeliveryTurn { wanted, ..DeliveryTurn::new(owner, LONG) }).await;
    let classes: Vec<DeliveryClass> =
        result.claimed.iter().map(|claimed| DeliveryClass::of(claimed.delivery.tries - 1)).collect();
    assert_eq!(classes, [DeliveryClass::First, DeliveryClass::First, DeliveryClass::Late]);
    assert_eq!(result.next_due, [(target, Duration::ZERO)], "more are due than were wanted");
}

#[tokio::test]
async fn the_next_due_time_counts_from_the_databases_clock() {
    let (fixture, mappings) = (Fixture::new().await, mappings());
    let target = fixture.target("free", TargetRouting::of_chunks(10)).await;
    let owner = Uuid::now_v7();
    let look = async || {
        let wanted = vec![claim_wanted(target, 0)];
        fixture.turn(DeliveryTurn { wanted, ..DeliveryTurn::new(owner, LONG) }).await.next_due
    };
    assert!(look().await.is_empty(), "nothing to do");
    trigger(&fixture, &mappings, 0).await;
    let claimed = fixture.claim(owner, target, 1).await.remove(0);
    assert!(fixture.finish(owner, claimed.claim, retry(LONG)).await);
    let due = look().await;
    assert!(due[0].1 > LONG / 2 && due[0].1 <= LONG, "{due:?}");
    assert!(fixture.claim(owner, target, 10).await.is_empty(), "it is not due");
}
