//! Scopes of management tokens, and the access that operations need.

use utoipa::openapi::security::SecurityRequirement;

/// What a management token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Look.
    Read,
    /// Run sources: settings, mappings, replays, new endpoints. Includes looking.
    Operate,
    /// Install plugins. Includes looking.
    Plugins,
    /// Everything: environments, keys, tokens, deleting sources too.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 4] = [Scope::Read, Scope::Operate, Scope::Plugins, Scope::Admin];

    /// The name used in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Operate => "operate",
            Scope::Plugins => "plugins",
            Scope::Admin => "admin",
        }
    }

    /// The scope of that name.
    pub fn parse(name: &str) -> Option<Scope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// Whether who has this one may do what wants the other.
    pub fn includes(self, wanted: Scope) -> bool {
        self == wanted || self == Scope::Admin || wanted == Scope::Read
    }
}

/// Who may ask for an operation. The router gives it to the extractors of [`super::auth`] with every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A management token with this scope.
    Token(Scope),
    /// A management token with this scope that is not limited to some environments: it concerns all.
    Everywhere(Scope),
    /// An environment's key.
    Key,
    /// Anybody.
    Anyone,
}

impl Access {
    /// The scope that a management token needs; none: it needs none, or another credential.
    pub fn scope(self) -> Option<Scope> {
        match self {
            Self::Token(scope) | Self::Everywhere(scope) => Some(scope),
            Self::Key | Self::Anyone => None,
        }
    }
}

impl Access {
    /// The credential that the description of an operation asks for.
    pub fn security(self) -> Option<Vec<SecurityRequirement>> {
        match self {
            Self::Token(scope) | Self::Everywhere(scope) => {
                Some(vec![SecurityRequirement::new("management_token", [scope.as_str()])])
            }
            Self::Key => Some(vec![SecurityRequirement::new("api_key", [""; 0])]),
            Self::Anyone => None,
        }
    }
}

impl From<Scope> for Access {
    fn from(scope: Scope) -> Self {
        Self::Token(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_include_reading_and_admin_includes_all() {
        let included = |scope: Scope| -> Vec<&str> {
            Scope::ALL.into_iter().filter(|wanted| scope.includes(*wanted)).map(Scope::as_str).collect()
        };
        assert_eq!(included(Scope::Read), ["read"]);
        assert_eq!(included(Scope::Operate), ["read", "operate"]);
        assert_eq!(included(Scope::Plugins), ["read", "plugins"]);
        assert_eq!(included(Scope::Admin), ["read", "operate", "plugins", "admin"]);
        assert!(Scope::ALL.into_iter().all(|scope| Scope::parse(scope.as_str()) == Some(scope)));
        assert_eq!(Scope::parse("Admin"), None);
    }
}
