-- Which version of these tables this is: one row.
CREATE TABLE bedrock_connector_journal (
    version integer NOT NULL
);

-- One row for each job whose answer is kept.
CREATE TABLE bedrock_connector_answers (
    engine text NOT NULL,
    job_key bigint NOT NULL,
    -- The form of this row. Programs that do not know it leave it alone.
    version integer NOT NULL,
    -- Milliseconds since 1970, by the clock of the worker.
    stored_at bigint NOT NULL,
    job_type text NOT NULL,
    process_instance_key bigint NOT NULL,
    fingerprint bytea NOT NULL,
    checksum bytea NOT NULL,
    -- JSON text.
    answer bytea NOT NULL,
    PRIMARY KEY (engine, job_key)
);

CREATE INDEX bedrock_connector_answers_by_age ON bedrock_connector_answers (stored_at);
