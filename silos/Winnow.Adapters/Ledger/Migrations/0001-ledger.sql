-- The rows of all datasets. Times are ticks of 100 ns since 1970-01-01 UTC; JSON is UTF-8 text.

CREATE TABLE dataset (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    info TEXT NOT NULL
) STRICT;

-- A shard's writer holds an epoch; images counts its rows and so names the next ordinal.
CREATE TABLE shard (
    dataset INTEGER NOT NULL REFERENCES dataset (id),
    shard   INTEGER NOT NULL,
    epoch   INTEGER NOT NULL,
    images  INTEGER NOT NULL,
    PRIMARY KEY (dataset, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE image (
    dataset     INTEGER NOT NULL,
    shard       INTEGER NOT NULL,
    ordinal     INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    name        TEXT    NOT NULL,
    format      TEXT    NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    frames      INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    partition   INTEGER NOT NULL,
    label       INTEGER NOT NULL,
    reason      TEXT,
    received_at INTEGER NOT NULL,
    received_by TEXT    NOT NULL,
    PRIMARY KEY (dataset, shard, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
    dataset INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    reason  TEXT    NOT NULL,
    PRIMARY KEY (dataset, shard, ordinal)
) STRICT, WITHOUT ROWID;

-- The arm stands last in the key: a reservation names an ordinal, whatever arms ask about it.
CREATE TABLE task (
    dataset        INTEGER NOT NULL,
    shard          INTEGER NOT NULL,
    ordinal        INTEGER NOT NULL,
    arm            TEXT    NOT NULL,
    round          INTEGER NOT NULL,
    priority       REAL    NOT NULL,
    reserved_until INTEGER NOT NULL,
    PRIMARY KEY (dataset, shard, ordinal, arm)
) STRICT, WITHOUT ROWID;

-- Human facts. A row id keeps the entries in order of arrival, so that only the narrow keys are inserted at random places.
CREATE TABLE history (
    dataset   INTEGER NOT NULL,
    image     BLOB    NOT NULL,
    version   INTEGER NOT NULL,
    shard     INTEGER NOT NULL,
    ordinal   INTEGER NOT NULL,
    operation BLOB,
    label     INTEGER NOT NULL,
    closes    INTEGER NOT NULL,
    stage     INTEGER NOT NULL,
    entry     BLOB    NOT NULL,
    PRIMARY KEY (dataset, image, version),
    UNIQUE (dataset, image, operation)
) STRICT;

CREATE INDEX history_by_shard ON history (dataset, shard, image, version);

CREATE TABLE segment (
    dataset INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    version TEXT    NOT NULL,
    first   INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    object  TEXT    NOT NULL,
    PRIMARY KEY (dataset, shard, kind, version, first)
) STRICT, WITHOUT ROWID;

-- What makes a commit exactly-once: the rows that an operation inserted.
CREATE TABLE operation (
    dataset   INTEGER NOT NULL,
    shard     INTEGER NOT NULL,
    operation BLOB    NOT NULL,
    first     INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (dataset, shard, operation)
) STRICT, WITHOUT ROWID;

CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- A cleared state keeps its row without a state, so that its version never comes back and an old writer never matches it.
CREATE TABLE grain_state (
    grain_type TEXT    NOT NULL,
    grain_key  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    state      TEXT,
    PRIMARY KEY (grain_type, grain_key, name)
) STRICT, WITHOUT ROWID;
