//! The filters of a search, the same in every statement that compares event logs with them.

use crate::{records::EventQuery, sql, sqlite::statements::codes};

/// Outcomes are bits of `?7`.
macro_rules! is_selected_outcome {
    (sqlite) => {
        "?7 & (1 << outcome)"
    };
    (postgres) => {
        "(?7 & (1::bigint << outcome::int)) <> 0"
    };
}

/// The filters, over the same parameters in every statement. `?1` to `?4` are the source environment, the first and the
/// last id, and the limit.
macro_rules! filters {
    ($database:ident) => {
        concat!(
            " AND (?5 IS NULL OR event_type IN (?5, ?6)) AND (?7 = 0 OR ",
            $crate::sqlite::log_search::filters::is_selected_outcome!($database),
            ")
          AND (?8 IS NULL OR code = ?8) AND (?9 IS NULL OR user_id = ?9) AND (?10 IS NULL OR idempotency_key = ?10)
          AND (?11 IS NULL OR EXISTS (
              SELECT 1 FROM action_logs WHERE event_id = event_logs.id AND status = ?11))
          AND (?12 IS NULL OR EXISTS (
              SELECT 1 FROM action_logs,
                 ",
            $crate::sqlite::log_search::recipients_of_result!($database),
            "
              WHERE event_id = event_logs.id AND instr(result, json_quote(?12)) > 0
                AND ",
            $crate::sqlite::log_search::is_recipient!($database, "?12", "?13"),
            "))
          AND (?14 = 0 OR EXISTS (
              SELECT 1 FROM attention
              WHERE attention.source_environment_id = event_logs.source_environment_id
                AND attention.event_id = event_logs.id AND attention.open = 1))
          AND (?15 = 0 OR EXISTS (SELECT 1 FROM action_logs WHERE event_id = event_logs.id",
            $crate::sqlite::log_search::action_filters!($database, "?16", "?17", "?18", "?19", "?20", "?21"),
            "))"
        )
    };
}

pub(super) use {filters, is_selected_outcome};

/// Binds the parameters of [`filters!`], behind the four that each statement has.
pub(super) fn bind_filters<'a>(statement: sql::Query<'a>, query: &'a EventQuery) -> sql::Query<'a> {
    let names = &query.event_types;
    let recipient = query.recipient.as_ref();
    let action = query.action.as_ref();
    let of_action = action.and_then(|action| action.recipient.as_ref());
    let outcomes = query.outcomes.iter().fold(0, |mask, outcome| mask | 1_i64 << codes::of_outcome(*outcome));
    statement
        .bind(names.first())
        .bind(names.last())
        .bind(outcomes)
        .bind(&query.code)
        .bind(&query.user_id)
        .bind(&query.idempotency_key)
        .bind(query.action_status.map(codes::of_status))
        .bind(recipient.map(|recipient| &recipient.id))
        .bind(recipient.and_then(|recipient| recipient.collection.as_ref()))
        .bind(query.needs_attention)
        .bind(query.action.is_some())
        .bind(action.and_then(|action| action.action_type.as_ref()))
        .bind(action.and_then(|action| action.mapping.as_ref()).map(|id| id.as_bytes().to_vec()))
        .bind(action.and_then(|action| action.status).map(codes::of_status))
        .bind(action.and_then(|action| action.workflow.as_ref()))
        .bind(of_action.map(|recipient| &recipient.id))
        .bind(of_action.and_then(|recipient| recipient.collection.as_ref()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use sqlx::{Connection as _, SqliteConnection};

    /// Results are written by serde_json, and compared with what SQLite quotes.
    #[tokio::test]
    async fn sqlite_quotes_texts_as_results_have_them() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for text in (1..=0x2fff).chain([0xfeff, 0xfffd, 0x1d11e]).filter_map(char::from_u32).map(String::from) {
            let quoted: String =
                sqlx::query_scalar("SELECT json_quote(?)").bind(&text).fetch_one(&mut connection).await.unwrap();
            assert_eq!(quoted, serde_json::to_string(&text).unwrap());
        }
    }
}
