//! The two families of names under which the headers of a Standard Webhooks signature come: `webhook-…` and `svix-…`.

use serde::{Deserialize, Serialize};

use super::Template;

/// The headers that a source reads a Standard Webhooks signature from, chosen by the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerificationHeaders {
    /// `webhook-id`, `webhook-timestamp` and `webhook-signature`.
    Webhook,
    /// `svix-id`, `svix-timestamp` and `svix-signature`.
    Svix,
    /// Those of the family in which the signature came. If it came in both, those that the plugin names.
    Either,
}

impl VerificationHeaders {
    /// Returns the choice of that name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "webhook" => Some(Self::Webhook),
            "svix" => Some(Self::Svix),
            "either" => Some(Self::Either),
            _ => None,
        }
    }

    /// Returns the name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Svix => "svix",
            Self::Either => "either",
        }
    }
}

/// The family of a scheme's headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderFamily {
    /// `webhook-…`.
    Webhook,
    /// `svix-…`.
    Svix,
}

impl HeaderFamily {
    /// Returns the family that a scheme names; none if its signature is in another header.
    pub fn of(scheme: &Template) -> Option<Self> {
        [Self::Webhook, Self::Svix].into_iter().find(|family| scheme.header() == Some(family.signature()))
    }

    /// Returns the headers of the family: id, timestamp and signature.
    pub fn headers(self) -> [&'static str; 3] {
        match self {
            Self::Webhook => ["webhook-id", "webhook-timestamp", "webhook-signature"],
            Self::Svix => ["svix-id", "svix-timestamp", "svix-signature"],
        }
    }

    /// Returns the name under which a header of a scheme's signature is sent to a source with this choice.
    pub fn sent_name<'n>(scheme: &Template, chosen: Option<VerificationHeaders>, name: &'n str) -> &'n str {
        let family = Self::of(scheme).filter(|family| family.is_read_in_other(chosen, |_| true));
        let renamed = family.and_then(|family| {
            let at = family.headers().iter().position(|own| *own == name)?;
            Some(family.other().headers()[at])
        });
        renamed.unwrap_or(name)
    }

    /// Returns the header of the signature.
    pub fn signature(self) -> &'static str {
        self.headers()[2]
    }

    /// Returns the other family.
    pub fn other(self) -> Self {
        match self {
            Self::Webhook => Self::Svix,
            Self::Svix => Self::Webhook,
        }
    }

    /// Returns true if a request's headers are read in the other family than the scheme's, which this is. `has` says
    /// whether the request has a header.
    pub fn is_read_in_other(self, chosen: Option<VerificationHeaders>, has: impl Fn(&str) -> bool) -> bool {
        match (chosen, self) {
            (Some(VerificationHeaders::Webhook), Self::Webhook) | (Some(VerificationHeaders::Svix), Self::Svix) => {
                false
            }
            (None, Self::Webhook) => false,
            // Svix may send either family.
            (None, Self::Svix) | (Some(VerificationHeaders::Either), _) => {
                !has(self.signature()) && has(self.other().signature())
            }
            (Some(_), _) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_family_is_read() {
        use VerificationHeaders::{Either, Svix, Webhook};
        let other = |chosen, sent: &[&str]| HeaderFamily::Webhook.is_read_in_other(chosen, |name| sent.contains(&name));
        let (webhook, svix) = ("webhook-signature", "svix-signature");
        assert!(!other(None, &[svix]) && !other(Some(Webhook), &[svix]));
        assert!(other(Some(Svix), &[webhook]), "a signature in the other family counts for nothing");
        assert!(other(Some(Either), &[svix]));
        assert!(!other(Some(Either), &[svix, webhook]) && !other(Some(Either), &[]));
        assert!(HeaderFamily::Svix.is_read_in_other(Some(Either), |name| name == webhook));
        assert!(HeaderFamily::Svix.is_read_in_other(None, |name| name == webhook), "the default where Svix sends");
        assert!(!HeaderFamily::Svix.is_read_in_other(None, |_| true));
        assert!(!HeaderFamily::Svix.is_read_in_other(Some(Svix), |_| true));
    }
}
