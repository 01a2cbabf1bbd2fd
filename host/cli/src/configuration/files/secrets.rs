//! References to secrets: `{from_env: NAME}`, or a list of them during a rotation.

use std::collections::BTreeMap;

use inlet_core::json;

use super::checked_object::Checks;
use crate::configuration::yaml::{Node, Value};

/// The variables of the process's environment that hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretReference {
    /// The names of the variables.
    pub variables: Vec<String>,
    /// True if the secret is a list.
    pub is_list: bool,
}

/// The secrets of a resource by name.
pub type Secrets = BTreeMap<String, SecretReference>;

impl SecretReference {
    /// Returns a reference to one variable.
    pub fn of(variable: String) -> Self {
        Self { variables: vec![variable], is_list: false }
    }

    /// Reads a reference. A secret itself is refused, and is not repeated.
    pub fn read(node: &Node, checks: &mut Checks<'_>) -> Option<Self> {
        match &node.value {
            Value::List(items) if !items.is_empty() => {
                let variables: Option<Vec<String>> = items.iter().map(|item| variable(item, checks)).collect();
                Some(Self { variables: variables?, is_list: true })
            }
            _ => Some(Self::of(variable(node, checks)?)),
        }
    }

    /// Returns the secret as JSON, if all of its variables are set.
    pub fn value(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let values: Option<Vec<String>> = self.variables.iter().map(|name| lookup(name)).collect();
        let values: Vec<String> = values?.iter().map(|value| json::quote(value)).collect();
        Some(if self.is_list { json::array(values) } else { values.into_iter().next()? })
    }

    /// Returns the reference as JSON, as it stands in a file.
    pub fn to_json(&self) -> String {
        let mut all = self.variables.iter().map(|name| json::object([("from_env", json::quote(name).as_str())]));
        match self.is_list {
            true => json::array(all),
            false => all.next().unwrap_or_default(),
        }
    }
}

fn variable(node: &Node, checks: &mut Checks<'_>) -> Option<String> {
    let Some(members) = node.members() else {
        let message = "a secret is never written into a file; name the variable that holds it: {from_env: NAME}";
        checks.fault(node.position, message);
        return None;
    };
    checks.object(node, "the reference", &["from_env"]);
    let Some(member) = members.iter().find(|member| member.name == "from_env") else {
        checks.fault(node.position, "from_env is missing: the name of the variable that holds the secret");
        return None;
    };
    let name = checks.text(&member.node, "from_env")?;
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        // Somebody may have written the secret itself here.
        checks.fault(member.node.position, "from_env: expected the name of a variable, such as SHOP_SIGNING_SECRET");
        return None;
    }
    Some(name)
}

/// Reads the secrets of a resource.
pub fn read(node: &Node, checks: &mut Checks<'_>) -> Secrets {
    let members = checks.map(node, "secrets").unwrap_or_default();
    let read =
        members.iter().filter_map(|member| Some((member.name.clone(), SecretReference::read(&member.node, checks)?)));
    read.collect()
}

/// Returns the secrets as they stand in a file; none if there are none.
pub fn to_json(secrets: &Secrets) -> Option<String> {
    let members: Vec<_> = secrets.iter().map(|(name, reference)| (name, reference.to_json())).collect();
    (!members.is_empty()).then(|| json::object(members.iter().map(|(name, text)| (name, text.as_str()))))
}

/// Returns the name of a variable for a secret that has none yet: `PRODUCTION_SOURCE_SHOP_SIGNING_SECRET`.
pub fn variable_name(parts: &[&str]) -> String {
    let upper = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    let name: String = parts.join("_").chars().map(upper).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}
