//! The parameters that adding and removing members of an audience share.

use super::{ActionError, BadMapping, Parameter, ParameterReader, Resolver};
use crate::{
    audience::Membership,
    recipient::{Party, PartyRole, RecipientKey},
};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MembershipParameters {
    key: String,
    user_id: Parameter,
    tenant: Option<Parameter>,
}

/// Users that are or shall be members of an audience.
#[derive(Debug, Clone)]
pub(super) struct Members {
    /// The audience's key.
    pub(super) audience: String,
    /// In the order of the event, duplicates included.
    pub(super) users: Vec<Party>,
    /// The tenant for which they are members.
    pub(super) tenant: Option<Party>,
}

impl MembershipParameters {
    pub(super) fn take(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        Ok(Self {
            key: reader.take_constant("key")?,
            user_id: reader.take_or_path("user_id", "user_id")?,
            tenant: reader.take("tenant")?,
        })
    }

    pub(super) fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Members, ActionError> {
        resolver.constant("key", &self.key);
        let users = resolver.parameter("user_id", &self.user_id);
        let tenant = resolver.optional("tenant", self.tenant.as_ref());
        Ok(Members {
            audience: self.key.clone(),
            users: users.users()?,
            tenant: tenant.map_or(Ok(None), |tenant| tenant.party(PartyRole::Tenant))?,
        })
    }
}

impl Members {
    /// Returns the membership of a user.
    pub(super) fn membership(&self, user: &RecipientKey) -> Membership {
        Membership {
            audience: self.audience.clone(),
            user: user.id.clone(),
            tenant: self.tenant.as_ref().map(|tenant| tenant.key.id.clone()),
        }
    }
}
