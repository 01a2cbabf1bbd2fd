//! The page of a changed resource, and the words for an operation.

use crate::html::url_part;

/// The operations that are logged.
pub const OPERATIONS: [&str; 37] = [
    "acceptSystemTime",
    "acknowledgeIssue",
    "addSourceProvider",
    "cancelReplay",
    "cancelWorkflowRun",
    "createApiKey",
    "createEnvironment",
    "createManagementToken",
    "createReplay",
    "createSignInLink",
    "deleteApiKey",
    "deleteEnvironment",
    "deleteManagementToken",
    "deleteSource",
    "deleteTarget",
    "deleteVariable",
    "discardDeliveries",
    "dismissAttention",
    "dismissRefusedRequests",
    "enableTarget",
    "forgetUser",
    "muteIssue",
    "pauseTarget",
    "redriveDeliveries",
    "redriveDelivery",
    "removeSourceProviderVersion",
    "reopenIssue",
    "replayLog",
    "resolveIssue",
    "resumeTarget",
    "rotateSourceEndpoint",
    "setTargetState",
    "updateEnvironment",
    "upsertSource",
    "upsertTarget",
    "upsertVariable",
    "useSourcePlugin",
];

/// Returns the page of a resource, by its path under `/v1`; none if it has none, or is gone with the change.
pub fn page_of(resource: &str, environment: Option<&str>) -> Option<String> {
    let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
    let first = rest.split('/').next().unwrap_or_default();
    match kind {
        "sources" if !first.is_empty() => Some(format!("/sources/{}", url_part(first))),
        // The key may have a slash.
        "source_providers" => Some(format!("/plugins/{}", url_part(rest.split("/versions/").next().unwrap_or(rest)))),
        "environments" if rest.contains("/api_keys") => Some(format!("/settings/keys?environment={}", url_part(first))),
        "environments" => Some("/settings/environments".to_owned()),
        "management_tokens" => Some("/settings/tokens".to_owned()),
        "targets" | "deliveries" if !first.is_empty() => {
            Some(format!("/e/{}/{kind}/{}", url_part(environment?), url_part(first)))
        }
        "workflow_runs" => Some(format!("/e/{}/runs/{}", url_part(environment?), url_part(first))),
        "variables" => Some(format!("/settings/variables?environment={}", url_part(environment?))),
        _ => None,
    }
}

/// Writes the name of an operation in words: `Save source` of `upsertSource`.
pub fn words(operation: &str) -> String {
    let operation = match operation.strip_prefix("upsert") {
        Some(rest) => format!("save{rest}"),
        None => operation.to_owned(),
    };
    let mut words = String::with_capacity(operation.len() + 4);
    for (at, character) in operation.chars().enumerate() {
        if at == 0 {
            words.extend(character.to_uppercase());
        } else if character.is_ascii_uppercase() {
            words.push(' ');
            words.push(character.to_ascii_lowercase());
        } else {
            words.push(character);
        }
    }
    words.replace(" api ", " API ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_leads_to_its_page() {
        for (resource, expected) in [
            ("sources/shop", Some("/sources/shop")),
            ("sources/shop/replays/1", Some("/sources/shop")),
            ("source_providers/acme/crm", Some("/plugins/acme%2Fcrm")),
            ("source_providers/acme/crm/versions/1.0.0", Some("/plugins/acme%2Fcrm")),
            ("environments/eu/api_keys/7", Some("/settings/keys?environment=eu")),
            ("environments/eu", Some("/settings/environments")),
            ("management_tokens/7", Some("/settings/tokens")),
            ("variables/EUR", Some("/settings/variables?environment=production")),
            ("targets/crm", Some("/e/production/targets/crm")),
            ("deliveries", None),
            ("workflow_runs/7", Some("/e/production/runs/7")),
            ("clock", None),
        ] {
            assert_eq!(page_of(resource, Some("production")).as_deref(), expected, "{resource}");
        }
        assert_eq!(page_of("variables/EUR", None), None);
        let operations = ["useSourcePlugin", "upsertSource", "createApiKey"];
        assert_eq!(operations.map(words), ["Use source plugin", "Save source", "Create API key"]);
        assert_eq!(words(""), "");
    }
}
