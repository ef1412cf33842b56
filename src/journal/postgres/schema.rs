//! The tables, made and brought up to date by the worker itself.

use tokio_postgres::{Client, Error};

/// Each step leads from one version to the next, and is never changed once it was released.
const STEPS: &[&str] = &[include_str!("schema-1.sql")];

/// The lock of whoever changes the tables, so that replicas which start together do not meet.
const LOCK: i64 = 0x0062_6564_726f_636b;

/// What was found in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The tables are as this program needs them.
    Ready,
    /// They are of a later version.
    Newer { found: i32, known: i32 },
}

/// Makes the tables, or brings them up to date.
pub(super) async fn prepare(client: &mut Client) -> Result<Found, Error> {
    let known = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    let found = version(client).await?;
    if found == known {
        return Ok(Found::Ready);
    }
    if found > known {
        return Ok(Found::Newer { found, known });
    }
    // Locked before the transaction: what a session knows of tables is only renewed when one begins.
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    let transaction = client.transaction().await?;
    let found = version(transaction.client()).await?;
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.batch_execute(step).await?;
    }
    transaction.execute("DELETE FROM bedrock_connector_journal", &[]).await?;
    let insert = "INSERT INTO bedrock_connector_journal (version) VALUES ($1)";
    transaction.execute(insert, &[&found.max(known)]).await?;
    transaction.commit().await?;
    client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await?;
    Ok(Found::Ready)
}

/// The version of the tables; 0 when there are none.
async fn version(client: &Client) -> Result<i32, Error> {
    let is_there = "SELECT to_regclass('bedrock_connector_journal') IS NOT NULL";
    if !client.query_one(is_there, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let row =
        client.query_one("SELECT coalesce(max(version), 0) FROM bedrock_connector_journal", &[]).await?;
    row.try_get(0)
}
