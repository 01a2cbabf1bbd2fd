//! Entries about management tokens.

use inlet_core::{json, time};
use inlet_store::{Author, ManagementTokenRecord, NewChange, NewManagementToken};

use super::string_or_null;

/// Logs the creation of a management token. `environments` are the slugs that it is limited to; `None`: it is not.
pub(crate) fn management_token_created(
    author: Author,
    new: &NewManagementToken,
    environments: Option<&[String]>,
) -> NewChange {
    let texts = |texts: &[String]| json::array(texts.iter().map(|text| json::quote(text)));
    let after = json::object([
        ("name", json::quote(&new.name).as_str()),
        ("scopes", &texts(&new.scopes)),
        ("environments", &environments.map_or_else(|| "null".to_owned(), texts)),
        ("expires_at", &string_or_null(new.expires_at_ms.map(time::write_ms).as_deref())),
        ("hint", &json::quote(&new.hint)),
    ]);
    NewChange {
        author,
        operation: "createManagementToken",
        resource: "management_tokens/{id}".to_owned(),
        environment_id: None,
        before: None,
        after: Some(after),
    }
}

/// Logs the deletion of a management token.
pub(crate) fn management_token_deleted(author: Author, token: &ManagementTokenRecord) -> NewChange {
    NewChange {
        author,
        operation: "deleteManagementToken",
        resource: format!("management_tokens/{}", token.id),
        environment_id: None,
        before: Some(json::object([("name", json::quote(&token.name).as_str()), ("hint", &json::quote(&token.hint))])),
        after: None,
    }
}
