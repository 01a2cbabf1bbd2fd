//! Cancellations of more deliveries than a transaction takes.

use inlet_core::delivery::DeliveryStatus;

use super::{
    GRACE,
    fixture::{Fixture, Reply, bounded, scripted},
};

#[tokio::test]
async fn a_body_that_waited_is_not_sent_after_its_run_was_canceled_though_the_delivery_is_canceled_later() {
    let fixture = Fixture::new().await;
    let (address, mut received) = scripted(|number| Reply::Status(if number == 0 { 500 } else { 200 })).await;
    for key in ["b", "c"] {
        let id = fixture.webhook(key, address).await;
        fixture.pause(id).await;
    }
    // A transaction cancels the deliveries of these, and leaves those of the next run to a job.
    for number in 0..500 {
        fixture.trigger(&format!("u_{number}")).await;
    }
    let hook = fixture.webhook("a", address).await;
    fixture.trigger("u_canceled").await;
    let dispatcher = fixture.dispatcher(&[3_600_000, 3_600_000]);
    let failed = bounded(received.recv()).await.unwrap();
    let is_retrying = |status| status == DeliveryStatus::Retrying;
    let all = fixture.wait(|all| all.iter().any(|listed| is_retrying(listed.delivery.status))).await;
    dispatcher.stop(GRACE).await;
    let waiting = all.into_iter().find(|listed| is_retrying(listed.delivery.status)).unwrap();
    assert_eq!(waiting.delivery.target_id, hook);

    fixture.cancel().await;
    let now = fixture.of_target(hook).await;
    assert_eq!(now[0].delivery.status, DeliveryStatus::Retrying, "it is left to the job");
    fixture.redrive(waiting.delivery.id).await;
    fixture.trigger("u_next").await;
    let dispatcher = fixture.dispatcher(&[3_600_000]);
    let next = bounded(received.recv()).await.unwrap();
    assert!(next.body.contains("u_next") && failed.body.contains("u_canceled"), "{next:?}");
    dispatcher.stop(GRACE).await;
    assert!(received.try_recv().is_err(), "the canceled one is not sent");
    while fixture.store.continue_cancellation().await.unwrap() {}
    assert_eq!(fixture.of_target(hook).await[0].delivery.status, DeliveryStatus::Canceled);
}
