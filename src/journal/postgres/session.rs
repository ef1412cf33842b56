//! All that is said over one connection.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row, Statement};

use super::address::Address;
use super::schema::{self, Found};
use crate::journal::entry::{Change, OVERHEAD_BYTES, Slip, VERSION};
use crate::journal::index::Limits;
use crate::journal::{Entry, Error, Key};

/// How a session differs from what the database would have it be: found dead within half a minute, never ended for
/// being idle, and durable when it says so. Settings that a version of the server does not have are left out.
const SETTINGS: &str = "
    SELECT set_config(name, wanted, false)
    FROM pg_settings JOIN (VALUES
        ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3'),
        ('tcp_user_timeout', '25000'), ('idle_session_timeout', '0'), ('statement_timeout', '0'),
        ('client_min_messages', 'error'),
        ('synchronous_commit', CASE current_setting('synchronous_commit')
            WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END)
    ) AS ours (name, wanted) USING (name)";

const READ: &str = "
    SELECT engine, job_key, stored_at, job_type, process_instance_key, fingerprint, checksum,
        octet_length(answer)::bigint, answer
    FROM bedrock_connector_answers WHERE engine = $1 AND job_key = $2 AND version = $3";

const LIST: &str = "
    SELECT engine, job_key, stored_at, job_type, process_instance_key, fingerprint, checksum,
        octet_length(answer)::bigint
    FROM bedrock_connector_answers WHERE version = $1 ORDER BY stored_at, engine, job_key";

const PUT: &str = "
    INSERT INTO bedrock_connector_answers (engine, job_key, version, stored_at, job_type, process_instance_key,
        fingerprint, checksum, answer)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::bigint[], $5::text[], $6::bigint[],
        $7::bytea[], $8::bytea[], $9::bytea[])
    ON CONFLICT (engine, job_key) DO UPDATE SET version = excluded.version, stored_at = excluded.stored_at,
        job_type = excluded.job_type, process_instance_key = excluded.process_instance_key,
        fingerprint = excluded.fingerprint, checksum = excluded.checksum, answer = excluded.answer";

const REMOVE: &str = "
    DELETE FROM bedrock_connector_answers AS answers
    USING unnest($1::text[], $2::bigint[]) AS gone (engine, job_key)
    WHERE answers.engine = gone.engine AND answers.job_key = gone.job_key";

/// Another replica may sweep at the same time; neither waits for the other.
const SWEEP_AGE: &str = "
    DELETE FROM bedrock_connector_answers WHERE (engine, job_key) IN (
        SELECT engine, job_key FROM bedrock_connector_answers WHERE stored_at < $1 FOR UPDATE SKIP LOCKED)";

const SWEEP_SIZE: &str = "
    DELETE FROM bedrock_connector_answers WHERE (engine, job_key) IN (
        SELECT engine, job_key FROM bedrock_connector_answers WHERE (engine, job_key) IN (
            SELECT engine, job_key FROM (
                SELECT engine, job_key, sum(octet_length(answer) + $1::bigint)
                    OVER (ORDER BY stored_at DESC, engine DESC, job_key DESC) AS so_far
                FROM bedrock_connector_answers) AS ranked
            WHERE so_far > $2::bigint)
        FOR UPDATE SKIP LOCKED)";

const TOTAL: &str = "
    SELECT count(*), coalesce(sum(octet_length(answer) + $1::bigint), 0)::bigint FROM bedrock_connector_answers";

const LOCK: &str = "SELECT pg_try_advisory_lock($1)";
const UNLOCK: &str = "SELECT count(pg_advisory_unlock(id)) FROM unnest($1::bigint[]) AS released (id)";

/// Ends the session that holds a lock and has said nothing for so many seconds.
const PUT_OUT: &str = "
    SELECT count(pg_terminate_backend(activity.pid)) FROM pg_locks AS locks JOIN pg_stat_activity AS activity USING (pid)
    WHERE locks.locktype = 'advisory' AND locks.objsubid = 1 AND locks.granted
        AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (locks.classid::bigint << 32 | locks.objid::bigint) = $1
        AND activity.pid <> pg_backend_pid()
        AND activity.state = 'idle' AND activity.state_change < now() - $2::double precision * interval '1 second'";

/// A connection that is ready for work. Dropping it ends it.
pub(super) struct Session {
    client: Client,
    statements: Statements,
    place: String,
}

struct Statements {
    read: Statement,
    put: Statement,
    remove: Statement,
    lock: Statement,
    unlock: Statement,
}

/// Tells why a connection has ended.
pub(super) type Ended = oneshot::Receiver<String>;

impl Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Session {
    /// Connects and makes the tables, within a time.
    pub(super) async fn open(address: &Address, patience: Duration) -> Result<(Self, Ended), Error> {
        let place = address.to_string();
        let slow = || Error::Slow { place: place.clone(), patience };
        timeout(patience, Self::connect(address, place.clone())).await.unwrap_or_else(|_| Err(slow()))
    }

    async fn connect(address: &Address, place: String) -> Result<(Self, Ended), Error> {
        let refused = |reason| Error::Refused { place: place.clone(), reason };
        let error = |error| meaning(&place, &error);
        let (told, ended) = oneshot::channel();
        let mut client = match &address.tls {
            None => {
                let (client, connection) = address.config.connect(NoTls).await.map_err(error)?;
                tokio::spawn(drive(connection, told));
                client
            }
            Some(tls) => {
                let connector = tls.connector().map_err(refused)?;
                let (client, connection) = address.config.connect(connector).await.map_err(error)?;
                tokio::spawn(drive(connection, told));
                client
            }
        };
        client.batch_execute(SETTINGS).await.map_err(error)?;
        if let Found::Newer { found, known } = schema::prepare(&mut client).await.map_err(error)? {
            return Err(Error::Newer { place, found, known });
        }
        let statements = Statements::prepare(&client).await.map_err(error)?;
        Ok((Self { client, statements, place }, ended))
    }

    // === entries ===

    pub(super) async fn read(&self, key: &Key) -> Result<Option<Entry>, Error> {
        let found =
            self.client.query_opt(&self.statements.read, &[&&*key.engine, &key.job_key, &version()]).await;
        let Some(row) = found.map_err(|error| self.error(&error))? else { return Ok(None) };
        let answer: Vec<u8> = row.try_get(8).map_err(|error| self.error(&error))?;
        let (_, slip) = self.slip(&row)?;
        // An answer that was changed in the database is none; nothing else follows from that.
        Ok(slip.entry(answer))
    }

    /// All entries, the oldest first.
    pub(super) async fn list(&self) -> Result<Vec<(Key, Slip)>, Error> {
        let rows = self.client.query(LIST, &[&version()]).await.map_err(|error| self.error(&error))?;
        rows.iter().map(|row| self.slip(row)).collect()
    }

    fn slip(&self, row: &Row) -> Result<(Key, Slip), Error> {
        let read = || -> Result<_, tokio_postgres::Error> {
            let engine: String = row.try_get(0)?;
            let key = Key { engine: engine.into(), job_key: row.try_get(1)? };
            let hash = |position| -> Result<[u8; 32], tokio_postgres::Error> {
                let bytes: &[u8] = row.try_get(position)?;
                // Bytes of another length are no hash of ours, and match none.
                Ok(bytes.try_into().unwrap_or_default())
            };
            let slip = Slip {
                version: VERSION,
                stored_at: row.try_get(2)?,
                job_type: row.try_get(3)?,
                process_instance_key: row.try_get(4)?,
                fingerprint: hash(5)?,
                checksum: hash(6)?,
                answer_bytes: u64::try_from(row.try_get::<_, i64>(7)?).unwrap_or_default(),
            };
            Ok((key, slip))
        };
        read().map_err(|error| self.error(&error))
    }

    /// Makes changes durable. Of several changes to an entry the last one counts.
    pub(super) async fn write(&self, changes: Vec<Change>) -> Result<(), Error> {
        // All replicas write in the order of keys, so that no two wait for each other.
        let (mut puts, mut removals) = (BTreeMap::new(), BTreeSet::new());
        for change in changes {
            match change {
                Change::Put(key, slip, answer) => {
                    removals.remove(&key);
                    puts.insert(key, (slip, answer));
                }
                Change::Remove(key) => {
                    puts.remove(&key);
                    removals.insert(key);
                }
            }
        }
        // Both are under way at once and in this order.
        let (put, removed) = tokio::join!(self.put(&puts), self.remove(removals.iter()));
        put.and(removed)
    }

    async fn put(&self, puts: &BTreeMap<Key, (Slip, Arc<[u8]>)>) -> Result<(), Error> {
        if puts.is_empty() {
            return Ok(());
        }
        let (engines, jobs) = columns(puts.keys());
        let slips = || puts.values().map(|(slip, _)| slip);
        let versions: Vec<i32> = slips().map(|_| version()).collect();
        let stored: Vec<i64> = slips().map(|slip| slip.stored_at).collect();
        let types: Vec<&str> = slips().map(|slip| slip.job_type.as_str()).collect();
        let instances: Vec<i64> = slips().map(|slip| slip.process_instance_key).collect();
        let fingerprints: Vec<&[u8]> = slips().map(|slip| slip.fingerprint.as_slice()).collect();
        let checksums: Vec<&[u8]> = slips().map(|slip| slip.checksum.as_slice()).collect();
        let answers: Vec<&[u8]> = puts.values().map(|(_, answer)| &**answer).collect();
        let columns: [&(dyn ToSql + Sync); 9] =
            [&engines, &jobs, &versions, &stored, &types, &instances, &fingerprints, &checksums, &answers];
        let put = self.client.execute(&self.statements.put, &columns).await;
        put.map(|_| ()).map_err(|error| self.error(&error))
    }

    pub(super) async fn remove(&self, keys: impl Iterator<Item = &Key>) -> Result<(), Error> {
        let (engines, jobs) = columns(keys);
        if jobs.is_empty() {
            return Ok(());
        }
        let removed = self.client.execute(&self.statements.remove, &[&engines, &jobs]).await;
        removed.map(|_| ()).map_err(|error| self.error(&error))
    }

    /// Drops what is beyond the limits, and says how many went by age and how many by size.
    pub(super) async fn sweep(&self, limits: &Limits, now: i64) -> Result<(u64, u64), Error> {
        let oldest = now.saturating_sub(i64::try_from(limits.keep.as_millis()).unwrap_or(i64::MAX));
        let error = |error| self.error(&error);
        let by_age = self.client.execute(SWEEP_AGE, &[&oldest]).await.map_err(error)?;
        let most = i64::try_from(limits.max_bytes).unwrap_or(i64::MAX);
        let by_size = self.client.execute(SWEEP_SIZE, &[&overhead(), &most]).await.map_err(error)?;
        Ok((by_age, by_size))
    }

    /// How many entries there are, and their size.
    pub(super) async fn total(&self) -> Result<(u64, u64), Error> {
        let row = self.client.query_one(TOTAL, &[&overhead()]).await.map_err(|error| self.error(&error))?;
        let number = |position| -> Result<u64, Error> {
            let found: i64 = row.try_get(position).map_err(|error| self.error(&error))?;
            Ok(u64::try_from(found).unwrap_or_default())
        };
        Ok((number(0)?, number(1)?))
    }

    // === claims ===

    /// Tries to take a lock.
    pub(super) async fn lock(&self, id: i64) -> Result<bool, Error> {
        let row = self.client.query_one(&self.statements.lock, &[&id]).await;
        row.and_then(|row| row.try_get(0)).map_err(|error| self.error(&error))
    }

    pub(super) async fn unlock(&self, ids: &[i64]) -> Result<(), Error> {
        let unlocked = self.client.query_one(&self.statements.unlock, &[&ids]).await;
        unlocked.map(|_| ()).map_err(|error| self.error(&error))
    }

    /// Ends the session of whoever holds a lock and has been silent for long, and says whether it did.
    pub(super) async fn put_out(&self, id: i64, silence: Duration) -> Result<bool, Error> {
        let ended = self.client.query_one(PUT_OUT, &[&id, &silence.as_secs_f64()]).await;
        let ended = ended.and_then(|row| row.try_get::<_, i64>(0)).map_err(|error| self.error(&error))?;
        Ok(ended > 0)
    }

    fn error(&self, error: &tokio_postgres::Error) -> Error {
        meaning(&self.place, error)
    }
}

impl Statements {
    async fn prepare(client: &Client) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            read: client.prepare(READ).await?,
            put: client.prepare(PUT).await?,
            remove: client.prepare(REMOVE).await?,
            lock: client.prepare(LOCK).await?,
            unlock: client.prepare(UNLOCK).await?,
        })
    }
}

/// Carries the connection until it ends.
async fn drive<C: Future<Output = Result<(), tokio_postgres::Error>>>(
    connection: C,
    told: oneshot::Sender<String>,
) {
    let reason = match connection.await {
        Ok(()) => "the connection has ended".to_owned(),
        Err(error) => reason(&error),
    };
    // Nobody listens when the session was dropped.
    told.send(reason).ok();
}

fn version() -> i32 {
    i32::try_from(VERSION).unwrap_or(i32::MAX)
}

fn overhead() -> i64 {
    i64::try_from(OVERHEAD_BYTES).unwrap_or(i64::MAX)
}

fn columns<'a>(keys: impl Iterator<Item = &'a Key>) -> (Vec<&'a str>, Vec<i64>) {
    keys.map(|key| (&*key.engine, key.job_key)).unzip()
}

/// What an error of the library or of the server means.
fn meaning(place: &str, error: &tokio_postgres::Error) -> Error {
    let (place, reason) = (place.to_owned(), reason(error));
    let Some(code) = error.code() else {
        return Error::Unreachable { place, reason };
    };
    let source = || Arc::new(std::io::Error::other(reason.clone()));
    match *code {
        SqlState::DISK_FULL => Error::Full { place, source: source() },
        SqlState::READ_ONLY_SQL_TRANSACTION => Error::Unwritable { place, source: source() },
        SqlState::INSUFFICIENT_PRIVILEGE
        | SqlState::INVALID_PASSWORD
        | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        | SqlState::INVALID_CATALOG_NAME
        | SqlState::INVALID_SCHEMA_NAME => Error::Refused { place, reason },
        // The server ends, or has ended this session.
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::IDLE_SESSION_TIMEOUT
        | SqlState::TOO_MANY_CONNECTIONS => Error::Unreachable { place, reason },
        _ => Error::Failed { place, reason },
    }
}

/// The error in one line. What the server says of the rows in question stays out.
fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(found) = error.as_db_error() {
        return of_server(found);
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn of_server(error: &DbError) -> String {
    match error.hint() {
        Some(hint) => format!("{} ({hint}) [{}]", error.message(), error.code().code()),
        None => format!("{} [{}]", error.message(), error.code().code()),
    }
}
