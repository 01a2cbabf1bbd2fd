//! Endpoint tokens, signing secrets and write keys: replaced ones are accepted for a while, then forgotten.

use inlet_core::rotating_secret::RotatingSecret;
use inlet_store::{EndpointRotation, PreviousSecret, SourceEnvironmentRecord, SourceEnvironmentUpdate, SourceUpdate};

use super::support::{Fixture, log, source};

/// An update that gives the fixture's source environment a signing secret, a write key, and a previous one of each. The
/// store keeps both; the settings' rules allow one.
pub fn signing_secrets(fixture: &Fixture, source_id: i64) -> SourceUpdate {
    SourceUpdate {
        source_id,
        name: "main".to_owned(),
        description: None,
        custom_image_url: None,
        source_environment: Some(SourceEnvironmentUpdate {
            id: fixture.source_environment,
            expected_version: 1,
            settings: "{}".to_owned(),
            signing_secret: Some("whsec-current".to_owned()),
            previous_signing_secret: Some(PreviousSecret { secret: "whsec-previous".to_owned(), until_ms: 1000 }),
            write_keys: RotatingSecret {
                current: Some("whsec-write-key".to_owned()),
                previous: Some(PreviousSecret { secret: "whsec-previous-key".to_owned(), until_ms: 2000 }),
            },
            scheme: None,
            mappings: None,
        }),
    }
}

#[tokio::test]
async fn an_endpoint_changes_its_token_and_keeps_the_hashes_of_those_before() {
    let fixture = Fixture::new().await;
    let first = environment(&fixture).await;
    let rotate = async |token: &str, previous_until_ms| {
        let rotation = EndpointRotation {
            source_environment_id: fixture.source_environment,
            token: token.to_owned(),
            previous_until_ms,
        };
        assert!(!format!("{rotation:?}").contains(token));
        fixture.store.source_rotate_endpoint(rotation, log("rotateSourceEndpoint")).await
    };
    assert_eq!(rotate("second", Some(5000)).await.unwrap(), 2);
    assert_eq!(rotate("third", Some(4000)).await.unwrap(), 3);
    let third = environment(&fixture).await;
    assert_eq!((third.token.as_str(), third.version), ("third", 3));
    assert_eq!(third.previous_tokens.iter().map(|token| token.until_ms).collect::<Vec<_>>(), [5000, 4000]);
    assert_eq!(fixture.store.forget_expired_secrets(4000).await.unwrap(), 1);
    assert_eq!(environment(&fixture).await.previous_tokens.len(), 1);
    rotate("fourth", None).await.unwrap();
    assert_eq!(environment(&fixture).await.previous_tokens, []);
    let error = rotate("fourth", None).await;
    assert!(error.is_ok(), "what is ended leaves room for itself: {error:?}");
    // A token is of one endpoint.
    fixture.store.source_create(source("other", &[fixture.environment]), log("upsertSource")).await.unwrap();
    let taken = rotate(&format!("token-other-{}", fixture.environment), Some(1)).await.unwrap_err();
    insta::assert_snapshot!(taken, @"another source environment has this token already; choose a different one");
    assert_eq!(environment(&fixture).await.token, "fourth");
    assert_eq!(first.version, 1);
}

#[tokio::test]
async fn a_previous_secret_is_forgotten_when_its_time_is_over() {
    let fixture = Fixture::new().await;
    let id = fixture.store.sources().await.unwrap()[0].id;
    fixture.store.source_update(signing_secrets(&fixture, id), log("upsertSource")).await.unwrap();
    assert_eq!(fixture.store.forget_expired_secrets(999).await.unwrap(), 0);
    assert!(environment(&fixture).await.previous_signing_secret.is_some());
    assert_eq!(fixture.store.forget_expired_secrets(1000).await.unwrap(), 1);
    let environment = environment(&fixture).await;
    assert_eq!((environment.previous_signing_secret, environment.version), (None, 2));
    assert_eq!(environment.signing_secret.as_deref(), Some("whsec-current"));
    assert_eq!(environment.write_keys.previous.unwrap().secret, "whsec-previous-key");
    assert_eq!(fixture.store.forget_expired_secrets(2000).await.unwrap(), 1);
    let write_keys = self::environment(&fixture).await.write_keys;
    assert!(write_keys == RotatingSecret { current: Some("whsec-write-key".to_owned()), previous: None });
}

async fn environment(fixture: &Fixture) -> SourceEnvironmentRecord {
    let sources = fixture.store.sources().await.unwrap();
    sources[0].environments.iter().find(|environment| environment.id == fixture.source_environment).unwrap().clone()
}
