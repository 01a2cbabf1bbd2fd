//! The parameters that subscribing and unsubscribing share.

use super::{ActionError, BadMapping, Parameter, ParameterReader, Resolver, collection, resolver::Resolved};
use crate::recipient::{Party, RecipientKey};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SubscriptionParameters {
    collection: String,
    id: Parameter,
    recipients: Parameter,
    properties: Option<Parameter>,
}

/// An object, and recipients that are or shall be subscribed to it.
pub(super) struct Subscribers<'a> {
    pub(super) object: RecipientKey,
    /// In the order of the event, duplicates included.
    pub(super) recipients: Vec<Party>,
    pub(super) properties: Option<Resolved<'a>>,
}

impl SubscriptionParameters {
    pub(super) fn take(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        Ok(Self {
            collection: collection::take(reader)?,
            id: reader.take_required("id")?,
            recipients: reader.take_party_or_path("recipients", "user_id")?,
            properties: reader.take("properties")?,
        })
    }

    pub(super) fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Subscribers<'a>, ActionError> {
        resolver.constant("collection", &self.collection);
        let id = resolver.parameter("id", &self.id);
        let recipients = resolver.parameter("recipients", &self.recipients);
        let properties = resolver.optional("properties", self.properties.as_ref());
        Ok(Subscribers {
            object: RecipientKey::object(&self.collection, id.id()?),
            recipients: recipients.parties()?,
            properties,
        })
    }
}
