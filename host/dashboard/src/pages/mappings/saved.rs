//! The saved mappings of a source, which the API reads and writes as one list.

use axum::{body::Bytes, http::Method};
use inlet_api::in_process::ApiFailure;
use inlet_api_types::sources::{MappingRequest, SourceMapping, UpsertedSource};
use serde_json::json;

use crate::{context::Page, pages::source_place::SourcePlace};

/// A change of the list.
#[derive(Debug, Clone)]
pub enum Change {
    /// Puts a mapping in place of the one with its id, or at the end if it has none.
    Put(MappingRequest),
    /// Leaves the mapping with this id out.
    Delete(String),
}

/// The list that the API gets.
pub struct List {
    /// The mappings.
    pub mappings: Vec<MappingRequest>,
    /// The index of the one that was put.
    pub index: Option<usize>,
}

impl List {
    /// The saved mappings with a change.
    pub fn with(saved: &[SourceMapping], change: Change) -> Self {
        let mut mappings: Vec<MappingRequest> = saved.iter().map(request_of).collect();
        let position = |id: &str| saved.iter().position(|mapping| mapping.id == id);
        let index = match change {
            Change::Delete(id) => {
                position(&id).map(|index| mappings.remove(index));
                None
            }
            Change::Put(mut request) => match request.id.as_deref().and_then(position) {
                Some(index) => {
                    mappings[index] = request;
                    Some(index)
                }
                None => {
                    // One that was deleted in the meantime is made anew.
                    request.id = None;
                    mappings.push(request);
                    Some(mappings.len() - 1)
                }
            },
        };
        Self { mappings, index }
    }

    /// Writes the list, if the source is of this version still. A dry run checks it only.
    pub async fn write(
        &self,
        page: &Page,
        place: &SourcePlace,
        version: Option<i64>,
        dry_run: bool,
    ) -> Result<UpsertedSource, ApiFailure> {
        let settings = json!({&place.environment: {"mappings": self.mappings}});
        let body = json!({"source": {"environment_settings": settings}}).to_string();
        let tag = version.map(|version| format!("\"{version}\""));
        let headers: Vec<(&str, &str)> = tag.iter().map(|tag| ("if-match", tag.as_str())).collect();
        let path = format!("{}&dry_run={dry_run}", place.api(""));
        page.call(Method::PUT, &path, &headers, Some(Bytes::from(body))).await?.read()
    }

    /// Returns the place of a member of the mapping in the request, if a path of the API is about the mapping: `when`.
    pub fn member<'a>(&self, field: &'a str) -> Option<&'a str> {
        let index = self.index?;
        let (_, rest) = field.split_once(&format!("mappings[{index}]"))?;
        Some(rest.trim_start_matches('.'))
    }

    /// The warnings of the API about the mapping, without the path before them.
    pub fn warnings<'a>(&self, warnings: &'a [String]) -> Vec<&'a str> {
        let own = warnings.iter().filter_map(|warning| {
            let rest = self.member(warning)?;
            Some(rest.trim_start_matches(':').trim_start())
        });
        own.collect()
    }
}

/// Returns a saved mapping as it is sent back.
pub fn request_of(mapping: &SourceMapping) -> MappingRequest {
    MappingRequest {
        id: Some(mapping.id.clone()),
        event_type: Some(mapping.event_type.clone()),
        action_type: Some(mapping.action_type.clone()),
        when: mapping.when.clone(),
        action_parameters: Some(mapping.action_parameters.clone()),
        active: Some(mapping.active),
        ..MappingRequest::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_about_a_member_of_the_mapping_or_about_another() {
        let list = List { mappings: Vec::new(), index: Some(3) };
        let path = "source.environment_settings.development.mappings[3].action_parameters.key";
        assert_eq!(list.member(path), Some("action_parameters.key"));
        assert_eq!(list.member("rehearsal mappings[3]"), Some(""));
        assert_eq!(list.member(&path.replace("[3]", "[30]")), None);
        let warnings = [
            format!("{path}: no target knows it"),
            "mappings[3]: a path finds nothing".to_owned(),
            "mappings[1]: other".to_owned(),
        ];
        assert_eq!(list.warnings(&warnings), ["action_parameters.key: no target knows it", "a path finds nothing"]);
    }
}
