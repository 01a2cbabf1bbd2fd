//! Variables that begin with `INLET_` and mean nothing: mostly a setting that is spelled wrong.

use inlet_core::nearest::nearest;

/// Variables that are not settings of the server.
const OTHERS: [&str; 11] = [
    "CONFIG",
    "MASTER_KEY",
    "NEW_MASTER_KEY",
    // Of the clients, such as `inlet plugin` and `inlet user`.
    "SERVER",
    "PROFILE",
    "ENVIRONMENT",
    "TOKEN",
    "API_KEY",
    "DATA_DIR",
    // Of the build.
    "BUNDLED_PLUGINS",
    "ALL_TOOLCHAINS",
];

/// A variable that means nothing to the server.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownVariable {
    /// Its name.
    pub name: String,
    /// The name that may be meant.
    pub nearest: Option<String>,
}

/// Returns the variables that begin with `INLET_` and name neither one of these keys nor anything else that is read.
pub(super) fn find(variables: impl IntoIterator<Item = String>, keys: &[&str]) -> Vec<UnknownVariable> {
    let known: Vec<String> = keys.iter().map(|key| key.to_ascii_uppercase()).chain(OTHERS.map(str::to_owned)).collect();
    let mut unknown: Vec<_> = variables
        .into_iter()
        .filter_map(|name| {
            let key = name.strip_prefix("INLET_")?.to_ascii_uppercase();
            if known.contains(&key) || is_of_kubernetes(&key) {
                return None;
            }
            let nearest = nearest(&key, known.iter().map(String::as_str)).map(|known| format!("INLET_{known}"));
            Some(UnknownVariable { name, nearest })
        })
        .collect();
    unknown.sort_by(|one, other| one.name.cmp(&other.name));
    unknown
}

/// Kubernetes gives every container variables about a service that is called `inlet`.
fn is_of_kubernetes(key: &str) -> bool {
    key.starts_with("SERVICE_") || key == "PORT" || key.starts_with("PORT_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_means_nothing_is_found_with_the_nearest() {
        let variables = [
            "INLET_LISTN",
            "INLET_LISTEN",
            "inlet_listen",
            "INLET_MASTER_KEY",
            "INLET_API_KEY",
            "HOME",
            "INLET_PORT",
            "INLET_ZZZZZZZZ",
        ];
        let found = find(variables.map(str::to_owned), &["listen", "max_connections"]);
        let unknown = |name: &str, nearest: Option<&str>| UnknownVariable {
            name: name.to_owned(),
            nearest: nearest.map(str::to_owned),
        };
        assert_eq!(found, [unknown("INLET_LISTN", Some("INLET_LISTEN")), unknown("INLET_ZZZZZZZZ", None)]);
    }

    #[test]
    fn variables_of_the_clients_are_known() {
        let names = ["SERVER", "PROFILE", "ENVIRONMENT", "TOKEN", "API_KEY", "DATA_DIR"];
        assert!(find(names.map(|name| format!("INLET_{name}")), &["listen"]).is_empty());
    }
}
