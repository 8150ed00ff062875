-- Keys: a dataset by number, a shard by index within it, an image within its shard by ordinal. Rows of one shard lie together, so a shard
-- is read and appended to in order. Times are Unix milliseconds.

CREATE TABLE dataset (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    info BLOB NOT NULL
);

-- The epoch fences: only the writer that took the latest one may change the shard's rows.
CREATE TABLE shard (
    dataset INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    images INTEGER NOT NULL,
    PRIMARY KEY (dataset, shard)
) WITHOUT ROWID;

CREATE TABLE operation (
    dataset INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    operation BLOB NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (dataset, shard, operation)
) WITHOUT ROWID;

CREATE TABLE image (
    dataset INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    frames INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    label INTEGER NOT NULL,
    reason TEXT,
    received_at INTEGER NOT NULL,
    received_by TEXT NOT NULL,
    PRIMARY KEY (dataset, shard, ordinal)
) WITHOUT ROWID;

CREATE TABLE quarantine (
    dataset INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (dataset, shard, ordinal)
) WITHOUT ROWID;

CREATE TABLE task (
    dataset INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    arm TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    round INTEGER NOT NULL,
    priority REAL NOT NULL,
    PRIMARY KEY (dataset, shard, arm, ordinal)
) WITHOUT ROWID;

-- One reservation per image, whichever arms ask about it.
CREATE TABLE reservation (
    dataset INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (dataset, shard, ordinal)
) WITHOUT ROWID;

-- Human facts: rows are appended and never changed. The key is the image itself, so splitting a shard moves none of them.
CREATE TABLE history (
    dataset INTEGER NOT NULL,
    image BLOB NOT NULL,
    version INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    operation BLOB NOT NULL,
    label INTEGER NOT NULL,
    closes INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    entry BLOB NOT NULL,
    PRIMARY KEY (dataset, image, version),
    UNIQUE (dataset, image, operation)
) WITHOUT ROWID;

CREATE TRIGGER history_is_never_changed BEFORE UPDATE ON history
BEGIN
    SELECT RAISE(ABORT, 'history rows are never changed');
END;

CREATE TRIGGER history_is_never_deleted BEFORE DELETE ON history
BEGIN
    SELECT RAISE(ABORT, 'history rows are never deleted');
END;

CREATE INDEX history_by_shard ON history (dataset, shard, image, version);

CREATE TABLE segment (
    dataset INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    kind TEXT NOT NULL,
    version TEXT NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    object TEXT NOT NULL,
    PRIMARY KEY (dataset, shard, kind, version, first)
) WITHOUT ROWID;

CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE grain_state (
    key TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    payload BLOB NOT NULL
) WITHOUT ROWID;
