//! Filters of deliveries, in a query and in a body.

use inlet_core::{Uuid, delivery::DeliveryStatus, nearest::nearest, time};
use inlet_engine::Engine;
use inlet_store::{DeliveryFilter, Environment, TargetRecord};

use crate::{error::ApiError, targets::targets_of};

/// A filter as it was sent.
#[derive(Debug, Default)]
pub struct FilterTexts<'a> {
    pub target: Option<&'a str>,
    pub status: Option<&'a str>,
    pub workflow: Option<&'a str>,
    pub mapping_id: Option<&'a str>,
    pub starting_at: Option<&'a str>,
    pub ending_at: Option<&'a str>,
}

impl FilterTexts<'_> {
    /// Reads the filter. `statuses` are those that may be asked for.
    pub async fn read(
        &self,
        engine: &Engine,
        environment: &Environment,
        statuses: &[DeliveryStatus],
    ) -> Result<DeliveryFilter, ApiError> {
        let targets = match self.target {
            Some(_) => targets_of(engine, environment).await?,
            None => Vec::new(),
        };
        self.check(&targets, statuses)
    }

    fn check(&self, targets: &[TargetRecord], statuses: &[DeliveryStatus]) -> Result<DeliveryFilter, ApiError> {
        Ok(DeliveryFilter {
            target_id: self.target.map(|key| find_target(targets, key)).transpose()?,
            status: self.status.map(|name| read_status(name, statuses)).transpose()?,
            workflow: self.workflow.map(str::to_owned),
            mapping: self.mapping_id.map(read_mapping).transpose()?,
            created_from_ms: self.starting_at.map(|text| read_time("starting_at", text)).transpose()?,
            created_before_ms: self.ending_at.map(|text| read_time("ending_at", text)).transpose()?,
        })
    }
}

fn find_target(targets: &[TargetRecord], key: &str) -> Result<i64, ApiError> {
    if let Some(target) = targets.iter().find(|target| target.key == key) {
        return Ok(target.id);
    }
    let keys = || targets.iter().map(|target| target.key.as_str());
    let hint = match (nearest(key, keys()), targets.is_empty()) {
        (_, true) => "the environment has none".to_owned(),
        (Some(near), _) => format!("the nearest is {near:?}"),
        (None, _) => format!("expected one of {}", keys().collect::<Vec<_>>().join(", ")),
    };
    Err(ApiError::invalid("target", format!("there is no target {key:?}; {hint}")))
}

fn read_status(name: &str, statuses: &[DeliveryStatus]) -> Result<DeliveryStatus, ApiError> {
    DeliveryStatus::parse(name).filter(|status| statuses.contains(status)).ok_or_else(|| {
        let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
        ApiError::invalid("status", format!("found {name:?}, expected one of {}", names.join(", ")))
    })
}

fn read_mapping(text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text).map_err(|_| {
        ApiError::invalid("mapping_id", format!("found {text:?}, expected an id as this API gives them (a UUID)"))
    })
}

/// Returns milliseconds since 1970, rounded up.
fn read_time(field: &str, text: &str) -> Result<i64, ApiError> {
    time::parse(text).map(|us| -(-us).div_euclid(1000)).ok_or_else(|| {
        ApiError::invalid(field, format!("found {text:?}, expected a time such as 2026-01-02T03:04:05Z"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_filter_says_why() {
        let error = |texts: FilterTexts<'_>| {
            let error = texts.check(&[], &[DeliveryStatus::Dead, DeliveryStatus::Retrying]).unwrap_err();
            format!("{}: {error}", error.field().unwrap_or_default())
        };
        insta::assert_snapshot!(error(FilterTexts { target: Some("crm"), ..FilterTexts::default() }), @r#"target: there is no target "crm"; the environment has none"#);
        insta::assert_snapshot!(error(FilterTexts { status: Some("pending"), ..FilterTexts::default() }), @r#"status: found "pending", expected one of dead, retrying"#);
        insta::assert_snapshot!(error(FilterTexts { mapping_id: Some("x"), ..FilterTexts::default() }), @r#"mapping_id: found "x", expected an id as this API gives them (a UUID)"#);
        insta::assert_snapshot!(error(FilterTexts { ending_at: Some("soon"), ..FilterTexts::default() }), @r#"ending_at: found "soon", expected a time such as 2026-01-02T03:04:05Z"#);
    }

    #[test]
    fn all_that_is_given_is_read() {
        let id = "019b7c9b-7eae-7000-8000-000000000000";
        let texts = FilterTexts {
            status: Some("dead"),
            workflow: Some("welcome"),
            mapping_id: Some(id),
            starting_at: Some("2026-01-02T03:04:05Z"),
            ..FilterTexts::default()
        };
        let expected = DeliveryFilter {
            status: Some(DeliveryStatus::Dead),
            workflow: Some("welcome".to_owned()),
            mapping: Uuid::try_parse(id).ok(),
            created_from_ms: Some(1_767_323_045_000),
            ..DeliveryFilter::default()
        };
        assert_eq!(texts.check(&[], &DeliveryStatus::ALL), Ok(expected));
    }
}
