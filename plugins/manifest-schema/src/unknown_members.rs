//! Members of a manifest that the schema does not know.

use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use crate::ManifestVersion;

/// Members whose own members are all needed: a host that ignored one would check less than the plugin's author meant.
const CLOSED: [&str; 2] = ["verification", "handshake"];

/// Removes the members that an open manifest has and its schema does not know. Returns them as dot paths, for example
/// `links.blog`, in the order of the text.
///
/// Unknown members of a closed manifest stay, and so do those within `verification` and `handshake`: they are faults of the manifest.
pub fn take_unknown_members(manifest: &mut Value, version: ManifestVersion) -> Vec<String> {
    if !version.is_open() {
        return Vec::new();
    }
    let mut found: Vec<(String, String)> = Vec::new();
    for error in version.validator().iter_errors(manifest) {
        let Kind::AdditionalProperties { unexpected } = error.kind() else { continue };
        let parent = error.instance_path().as_str();
        let top = parent.split('/').nth(1).unwrap_or_default();
        if !CLOSED.contains(&top) {
            found.extend(unexpected.iter().map(|name| (parent.to_owned(), name.clone())));
        }
    }
    found
        .into_iter()
        .filter_map(|(parent, name)| {
            manifest.pointer_mut(&parent)?.as_object_mut()?.remove(&name)?;
            let parent = parent.trim_start_matches('/').replace('/', ".");
            Some(if parent.is_empty() { name } else { format!("{parent}.{name}") })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_members_of_an_open_manifest_are_taken_out_at_every_depth() {
        let mut manifest = json!({
            "manifest": 2,
            "colour": "red",
            "links": {"website": "https://a.example", "blog": "https://b.example"},
            "examples": [{"event_type": "a", "body": {"surprise": 1}}, {"event_type": "b", "body": {}, "note": {"x": 1}}],
            "options": {"type": "object", "anything": true},
            "verification": {"scheme": "signature", "also": "a nonce"},
        });
        let mut taken = take_unknown_members(&mut manifest, ManifestVersion::V2);
        taken.sort();
        assert_eq!(taken, ["colour", "examples.1.note", "links.blog"]);
        assert_eq!(
            manifest["examples"],
            json!([{"event_type": "a", "body": {"surprise": 1}}, {"event_type": "b", "body": {}}])
        );
        assert_eq!(manifest["verification"]["also"], "a nonce");
        assert!(take_unknown_members(&mut manifest, ManifestVersion::V2).is_empty());
    }

    #[test]
    fn a_closed_manifest_keeps_them() {
        let mut manifest = json!({"colour": "red"});
        assert!(take_unknown_members(&mut manifest, ManifestVersion::V1).is_empty());
        assert_eq!(manifest["colour"], "red");
    }
}
