//! Runs that are larger than a message may be.

use super::{
    super::{Shop, recipients_of, turn},
    Nats,
};

#[tokio::test]
async fn a_run_above_the_servers_limit_arrives_in_parts_with_every_recipient_once() {
    let Some(_turn) = turn().await else { return };
    let nats = Nats::start(&[]).await;
    let consumer = nats.consumer("nats://").await;
    let shop = Shop::open(nats.target()).await;
    let recipients = shop.trigger_large().await;
    let deliveries = shop.delivered_in_parts().await;
    let ran = consumer.ran(deliveries.len()).await;
    assert!(ran.len() > 1 && ran.len() == deliveries.len(), "{} messages", ran.len());
    assert!(ran.iter().all(|ran| ran.input.len() <= 1 << 20));
    assert_eq!(recipients_of(&ran, "/data/recipients"), recipients);
}
