//! Responses about subscriptions.

use inlet_api_types::recipients::subscriptions::{Recipient, Subscription};
use inlet_core::{recipient::USERS, time};
use inlet_store::{RecipientRecord, SubscriptionRecord, SubscriptionSide};

use crate::{
    recipients::{objects::response::object, users::response::user},
    stored_json::stored_json,
};

/// The response for a subscription of the store. `own` is the recipient on the side of which subscriptions were read.
pub fn subscription(record: SubscriptionRecord, side: &SubscriptionSide, own: &RecipientRecord) -> Subscription {
    let (subscriber, to) = match side {
        SubscriptionSide::Object(_) => (&record.counterpart, own),
        SubscriptionSide::Recipient(_) => (own, &record.counterpart),
    };
    Subscription {
        typename: "Subscription".to_owned(),
        recipient: match subscriber.collection == USERS {
            true => Recipient::User(Box::new(user(subscriber))),
            false => Recipient::Object(object(subscriber)),
        },
        object: object(to),
        properties: stored_json(record.properties),
        inserted_at: time::write_ms(record.created_at_ms),
        updated_at: time::write_ms(record.updated_at_ms),
    }
}
