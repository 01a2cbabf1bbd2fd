//! The hours in which events of a type came, and those in which a server was there to see.

use inlet_core::operational::HourMap;

use crate::{
    backend::Execute,
    error::CommitError,
    operations::KeepHours,
    records::{EventTypeCount, EventTypeHours},
    sql,
    sqlite::{statements::transaction, write_connection::WriteConnection},
};

/// Returns the types of a source environment that came most often, with their counts.
pub(crate) async fn busiest(
    readers: &sql::Pool,
    source_environment: i64,
    limit: u32,
) -> Result<Vec<EventTypeCount>, sqlx::Error> {
    // The name under which further types are counted has no rhythm.
    let rows = sql::query(
        "SELECT event_type, count, last_received_at_ms FROM event_types
         WHERE source_environment_id = ? AND event_type NOT IN ('', 'other') ORDER BY count DESC, event_type LIMIT ?",
    )
    .bind(source_environment)
    .bind(limit)
    .fetch_all(readers)
    .await?;
    let read = |row: &sql::Row| {
        Ok(EventTypeCount { event_type: row.try_get(0)?, count: row.try_get(1)?, last_received_at_ms: row.try_get(2)? })
    };
    rows.iter().map(read).collect()
}

/// Returns all kept hours of types. What cannot be read is left out, and learned again.
pub(crate) async fn all(readers: &sql::Pool) -> Result<Vec<EventTypeHours>, sqlx::Error> {
    let rows = sql::query("SELECT source_environment_id, event_type, newest_hour, hours FROM event_type_hours")
        .fetch_all(readers)
        .await?;
    let read = |row: &sql::Row| {
        let Some(came) = HourMap::from_bytes(row.try_get(2)?, row.try_get(3)?) else { return Ok(None) };
        Ok(Some(EventTypeHours { source_environment_id: row.try_get(0)?, event_type: row.try_get(1)?, came }))
    };
    rows.iter().filter_map(|row| read(row).transpose()).collect()
}

/// Returns the hours in which a server was there to see.
pub(crate) async fn watched(readers: &sql::Pool) -> Result<Option<HourMap>, sqlx::Error> {
    let row = sql::query("SELECT newest_hour, hours FROM watched_hours").fetch_optional(readers).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(HourMap::from_bytes(row.try_get(0)?, row.try_get(1)?))
}

impl Execute<KeepHours> for WriteConnection {
    async fn execute(&mut self, KeepHours { watched, came, forgotten }: KeepHours) -> Result<(), CommitError> {
        transaction::run(self.connection.plain(), async |connection| {
            sql::query(
                "INSERT INTO watched_hours (id, newest_hour, hours) VALUES (1, ?, ?)
                 ON CONFLICT (id) DO UPDATE SET newest_hour = excluded.newest_hour, hours = excluded.hours",
            )
            .bind(watched.newest())
            .bind(watched.to_bytes())
            .execute(&mut *connection)
            .await?;
            for hours in &came {
                sql::query(
                    "INSERT INTO event_type_hours (source_environment_id, event_type, newest_hour, hours)
                     VALUES (?, ?, ?, ?)
                     ON CONFLICT (source_environment_id, event_type)
                     DO UPDATE SET newest_hour = excluded.newest_hour, hours = excluded.hours",
                )
                .bind(hours.source_environment_id)
                .bind(&hours.event_type)
                .bind(hours.came.newest())
                .bind(hours.came.to_bytes())
                .execute(&mut *connection)
                .await?;
            }
            for (source_environment, event_type) in &forgotten {
                sql::query("DELETE FROM event_type_hours WHERE source_environment_id = ? AND event_type = ?")
                    .bind(source_environment)
                    .bind(event_type)
                    .execute(&mut *connection)
                    .await?;
            }
            Ok(())
        })
        .await?;
        Ok(())
    }
}
