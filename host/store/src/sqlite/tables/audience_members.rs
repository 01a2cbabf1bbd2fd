//! Reading the members of an audience: first the sizes of a page, then what the page shows.

use super::recipients::{self, ROW_BYTES};
use crate::records::{Cursor, MemberPosition, MemberRecord, Page, ReadMemory};
use crate::sql;

// Empty rows of deleted users have no reader, and neither have members for a tenant that was deleted.
macro_rules! select {
    ($selected:literal, $compare:literal, $order:literal) => {
        concat!(
            "SELECT ",
            $selected,
            " FROM audience_members
                  CROSS JOIN recipients AS users ON users.seq = user_seq
                  LEFT JOIN audience_tenants ON audience_tenants.id = tenant_id
              WHERE audience_members.environment_id = ? AND audience = ? AND (user_seq, tenant_id) ",
            $compare,
            " (?, ?) AND users.collection <> '#deleted' AND coalesce(substr(tenant, 1, 1), '') <> '#'
              ORDER BY user_seq ",
            $order,
            ", tenant_id ",
            $order,
            " LIMIT ?"
        )
    };
}

macro_rules! sizes {
    ($compare:literal, $order:literal) => {
        select!("octet_length(users.properties)", $compare, $order)
    };
}

macro_rules! rows {
    ($compare:literal, $order:literal) => {
        select!(
            "users.seq, users.collection, users.id, users.properties, users.created_at_ms, users.updated_at_ms,
             tenant_id, tenant, audience_members.created_at_ms",
            $compare,
            $order
        )
    };
}

/// Returns a page of members, the newest user first; none if there is no memory for it.
pub(crate) async fn page(
    readers: &sql::Pool,
    environment: i64,
    audience: &str,
    cursor: Cursor<MemberPosition>,
    limit: usize,
    memory: &dyn ReadMemory,
) -> Result<Option<Page<MemberRecord>>, sqlx::Error> {
    let top = MemberPosition { user_seq: i64::MAX, tenant_id: i64::MAX };
    let (sizes, rows, bound) = match cursor {
        Cursor::Start => (sizes!("<", "DESC"), rows!("<", "DESC"), top),
        Cursor::After(position) => (sizes!("<", "DESC"), rows!("<", "DESC"), position),
        Cursor::Before(position) => (sizes!(">", "ASC"), rows!(">", "ASC"), position),
    };
    let fetch = |sql, limit: usize| {
        sql::query(sql)
            .bind(environment)
            .bind(audience.to_owned())
            .bind(bound.user_seq)
            .bind(bound.tenant_id)
            .bind(limit as i64)
    };
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let found = fetch(sizes, limit + 1).fetch_all(&mut snapshot).await?;
    let found = found.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
    let mut page = Page::of_found(found, limit, &cursor);
    let sizes: Vec<u64> = page.items.iter().map(|size| (size + ROW_BYTES).unsigned_abs()).collect();
    if !memory.reserve(page.shorten(&sizes, &cursor)) {
        return Ok(None);
    }
    let rows = fetch(rows, page.items.len()).fetch_all(&mut snapshot).await?;
    let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if matches!(cursor, Cursor::Before(_)) {
        items.reverse();
    }
    Ok(Some(Page { items, has_before: page.has_before, has_after: page.has_after }))
}

fn read(row: &sql::Row) -> Result<MemberRecord, sqlx::Error> {
    let user = recipients::read(row)?;
    Ok(MemberRecord {
        position: MemberPosition { user_seq: user.seq, tenant_id: row.try_get(6)? },
        user,
        tenant: row.try_get(7)?,
        created_at_ms: row.try_get(8)?,
    })
}
