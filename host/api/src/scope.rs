//! Scopes of management tokens, and the access that operations need.

use utoipa::openapi::security::SecurityRequirement;

/// A permission of a management token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Reading.
    Read,
    /// Operating sources: settings, mappings, replays, new endpoints. Includes reading.
    Operate,
    /// Installing plugins. Includes reading.
    Plugins,
    /// Everything, including environments, keys, tokens, and the deletion of sources.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 4] = [Scope::Read, Scope::Operate, Scope::Plugins, Scope::Admin];

    /// The name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Operate => "operate",
            Scope::Plugins => "plugins",
            Scope::Admin => "admin",
        }
    }

    /// Returns the scope with a name.
    pub fn parse(name: &str) -> Option<Scope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// Returns true if this scope permits operations that need the `wanted` one.
    pub fn includes(self, wanted: Scope) -> bool {
        self == wanted || self == Scope::Admin || wanted == Scope::Read
    }
}

/// The access that an operation needs. The router hands it to the extractors of [`crate::auth`] with every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A management token with this scope.
    Token(Scope),
    /// A management token with this scope that is not limited to some environments, since the operation concerns all.
    Everywhere(Scope),
    /// An API key of an environment.
    Key,
    /// An API key of an environment, or a management token with this scope and the environment in the query.
    KeyOrToken(Scope),
    /// No credential.
    Anyone,
}

impl Access {
    /// The scope that a management token needs; none if the operation is not for management tokens.
    pub fn scope(self) -> Option<Scope> {
        match self {
            Self::Token(scope) | Self::Everywhere(scope) | Self::KeyOrToken(scope) => Some(scope),
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
            Self::KeyOrToken(scope) => Some(vec![
                SecurityRequirement::new("api_key", [""; 0]),
                SecurityRequirement::new("management_token", [scope.as_str()]),
            ]),
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
