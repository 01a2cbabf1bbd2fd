//! The rows of event logs.

use inlet_core::{ByteString, Uuid};
use sqlx::{Connection, SqliteConnection};

use crate::suite::support::{Event, Fixture};

#[tokio::test]
async fn data_that_is_a_slice_of_the_original_is_stored_once() {
    let fixture = Fixture::new().await;
    let padding = "p".repeat(200_000);
    let item = format!(r#"{{"userId":"ü","data":{{"padding":"{padding}"}}}}"#);
    let slice = Event::new("slice", &item).prepare(&fixture);
    let mut copy = Event::new("copy", &item).prepare(&fixture);
    copy.log.data = copy.log.data.map(|data| ByteString::from(data.to_string()));
    let mut rows = Vec::new();
    for prepared in [slice, copy] {
        let (id, data) = (prepared.log.id, prepared.log.data.clone().unwrap());
        fixture.store.commit(fixture.job(vec![prepared])).await.unwrap();
        assert_eq!(fixture.event(id).await.data.unwrap().content.as_deref(), Some(&*data));
        rows.push(stored_bytes(&fixture, id).await);
    }
    assert!(rows[0] < 201_000, "the slice takes {} bytes", rows[0]);
    assert!(rows[1] > 400_000, "the copy takes {} bytes", rows[1]);
}

async fn stored_bytes(fixture: &Fixture, id: Uuid) -> i64 {
    let url = format!("sqlite://{}", fixture.database.path().join("inlet.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query_scalar("SELECT octet_length(original) + coalesce(octet_length(data), 0) FROM event_logs WHERE id = ?")
        .bind(id.as_bytes().to_vec())
        .fetch_one(&mut connection)
        .await
        .unwrap()
}
