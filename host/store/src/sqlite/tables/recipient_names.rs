//! The names of collections and audiences, which have no table of their own: each look-up goes to the next name in an
//! index, so that the cost grows with the number of names and not of rows.

use crate::records::FirstNames;
use crate::sql;

macro_rules! names {
    ($column:literal, $table:literal) => {
        concat!(
            "WITH RECURSIVE names (name) AS (
                 SELECT min(",
            $column,
            ") FROM ",
            $table,
            " WHERE environment_id = ?1
                 UNION ALL
                 SELECT (SELECT min(",
            $column,
            ") FROM ",
            $table,
            " WHERE environment_id = ?1 AND ",
            $column,
            " > name)
                 FROM names WHERE name IS NOT NULL)
             SELECT name FROM names WHERE name IS NOT NULL LIMIT ?2"
        )
    };
}

/// `$users`, `$tenants` and `#deleted`, which are no collections of objects. No other begins with these signs.
const OWN_COLLECTIONS: usize = 3;

/// Returns the collections that have objects, at most `limit`.
pub(crate) async fn collections(
    readers: &sql::Pool,
    environment: i64,
    limit: usize,
) -> Result<FirstNames, sqlx::Error> {
    let sql = names!("collection", "recipients");
    let mut names = read(readers, sql, environment, limit + 1 + OWN_COLLECTIONS).await?;
    names.retain(|name| !name.starts_with(['$', '#']));
    Ok(first(names, limit))
}

/// Returns the audiences that have members, at most `limit`.
pub(crate) async fn audiences(readers: &sql::Pool, environment: i64, limit: usize) -> Result<FirstNames, sqlx::Error> {
    Ok(first(read(readers, names!("audience", "audience_members"), environment, limit + 1).await?, limit))
}

async fn read(
    readers: &sql::Pool,
    sql: &'static str,
    environment: i64,
    limit: usize,
) -> Result<Vec<String>, sqlx::Error> {
    let rows = sql::query(sql).bind(environment).bind(limit as i64).fetch_all(readers).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

fn first(mut names: Vec<String>, limit: usize) -> FirstNames {
    let has_more = names.len() > limit;
    names.truncate(limit);
    FirstNames { names, has_more }
}
