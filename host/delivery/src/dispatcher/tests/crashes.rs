//! Crashes in the middle of many deliveries.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use inlet_core::delivery::DeliveryStatus;

use super::{
    super::DispatcherOptions,
    GRACE,
    fixture::{Fixture, Reply, bounded, scripted},
};
use crate::way_out::{ClientOptions, TimeLimits};

const DELIVERIES: usize = 40;

#[tokio::test]
async fn after_any_number_of_crashes_every_delivery_arrives_with_its_key_and_body() {
    let fixture = Fixture::new().await;
    // Every fifth request fails, and every seventh is never answered.
    let (address, mut received) = scripted(|number| match number {
        _ if number % 7 == 6 => Reply::Nothing,
        _ if number % 5 == 4 => Reply::Status(500),
        _ => Reply::Status(200),
    })
    .await;
    fixture.webhook("hook", address).await;
    for number in 0..DELIVERIES {
        fixture.trigger(&format!("u_{number}")).await;
    }
    let start = || {
        let options = DispatcherOptions { lease: Duration::from_millis(500), ..DispatcherOptions::default() };
        let (connect, head) = (Duration::from_secs(2), Duration::from_millis(200));
        let limits = TimeLimits { connect, head, ..TimeLimits::default() };
        // The last delay is never reached. It keeps the schedule's whole time long.
        let delays = [vec![1; 200], vec![3_600_000]].concat();
        fixture.dispatcher_of(ClientOptions { limits, ..Fixture::client() }, &delays, options)
    };
    let mut bodies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for round in 1..6 {
        let dispatcher = start();
        for _ in 0..round * 2 {
            let request = bounded(received.recv()).await.unwrap();
            bodies.entry(request.header("webhook-id").to_owned()).or_default().insert(request.body.clone());
        }
        dispatcher.kill().await;
    }
    let dispatcher = start();
    let delivered = fixture.until(DELIVERIES, DeliveryStatus::Delivered).await;
    dispatcher.stop(GRACE).await;
    while let Ok(request) = received.try_recv() {
        bodies.entry(request.header("webhook-id").to_owned()).or_default().insert(request.body.clone());
    }
    let keys: BTreeSet<String> = delivered.iter().map(|listed| listed.delivery.key.to_string()).collect();
    assert_eq!((delivered.len(), keys.len()), (DELIVERIES, DELIVERIES));
    assert_eq!(bodies.keys().cloned().collect::<BTreeSet<_>>(), keys);
    assert!(bodies.values().all(|bodies| bodies.len() == 1));
}
