-- Facts of registered kinds, in two parts: a reference that stays, and a payload that lawful erasure can take away. Ordinal -1 is the shard
-- itself. Kinds that no release knows yet are kept like others.
CREATE TABLE fact (
    id        INTEGER PRIMARY KEY,
    dataset   INTEGER NOT NULL,
    shard     INTEGER NOT NULL,
    ordinal   INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    grows     INTEGER NOT NULL,
    image     BLOB    NOT NULL,
    operation BLOB    NOT NULL,
    actor     TEXT    NOT NULL,
    sha256    BLOB    NOT NULL,
    size      INTEGER NOT NULL,
    UNIQUE (dataset, shard, ordinal, kind, key, version)
) STRICT;

-- An image stands in one shard and stood in others: its payloads go from all of them.
CREATE INDEX fact_by_image ON fact (dataset, image, kind);

CREATE TABLE payload (
    fact    INTEGER PRIMARY KEY REFERENCES fact (id) ON DELETE CASCADE,
    content BLOB NOT NULL
) STRICT;

-- What was erased, by whom and when; while such a row is there its payload may go and cannot come.
CREATE TABLE erasure (
    dataset   INTEGER NOT NULL,
    image     BLOB    NOT NULL,
    kind      TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    actor     TEXT    NOT NULL,
    erased_at INTEGER NOT NULL,
    PRIMARY KEY (dataset, image, kind, key, version)
) STRICT, WITHOUT ROWID;

-- No fact is changed in its place. One of an append-only kind goes with its whole dataset alone. REPLACE takes rows away without a word to
-- triggers on deletion, so a row that would stand in another's place is refused before it comes.
CREATE TRIGGER fact_is_not_updated BEFORE UPDATE ON fact BEGIN
    SELECT RAISE(ABORT, 'Facts only grow: UPDATE of table fact is refused.');
END;

CREATE TRIGGER fact_is_not_deleted BEFORE DELETE ON fact
WHEN OLD.grows <> 0 AND NOT EXISTS (SELECT 1 FROM deletion WHERE dataset = OLD.dataset AND ended_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'Facts only grow: DELETE of table fact is refused.');
END;

CREATE TRIGGER fact_is_not_replaced BEFORE INSERT ON fact
WHEN EXISTS (SELECT 1 FROM fact WHERE id = NEW.id) OR EXISTS (
    SELECT 1 FROM fact
    WHERE dataset = NEW.dataset AND shard = NEW.shard AND ordinal = NEW.ordinal AND kind = NEW.kind AND key = NEW.key AND version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'Facts only grow: REPLACE of table fact is refused.');
END;

CREATE TRIGGER payload_is_not_updated BEFORE UPDATE ON payload BEGIN
    SELECT RAISE(ABORT, 'Facts only grow: UPDATE of table payload is refused.');
END;

CREATE TRIGGER payload_is_not_deleted BEFORE DELETE ON payload
WHEN EXISTS (
    SELECT 1 FROM fact AS f WHERE f.id = OLD.fact AND f.grows <> 0
    AND NOT EXISTS (SELECT 1 FROM erasure AS e
        WHERE e.dataset = f.dataset AND e.image = f.image AND e.kind = f.kind AND e.key = f.key AND e.version = f.version)
    AND NOT EXISTS (SELECT 1 FROM deletion AS d WHERE d.dataset = f.dataset AND d.ended_at IS NULL))
BEGIN
    SELECT RAISE(ABORT, 'Facts only grow: DELETE of table payload is refused.');
END;

CREATE TRIGGER payload_is_not_replaced BEFORE INSERT ON payload
WHEN EXISTS (SELECT 1 FROM payload WHERE fact = NEW.fact) OR EXISTS (
    SELECT 1 FROM fact AS f JOIN erasure AS e
        ON e.dataset = f.dataset AND e.image = f.image AND e.kind = f.kind AND e.key = f.key AND e.version = f.version
    WHERE f.id = NEW.fact)
BEGIN
    SELECT RAISE(ABORT, 'Facts only grow: REPLACE of table payload is refused.');
END;

CREATE TRIGGER erasure_is_not_updated BEFORE UPDATE ON erasure BEGIN
    SELECT RAISE(ABORT, 'What was erased is remembered: UPDATE of table erasure is refused.');
END;

CREATE TRIGGER erasure_is_not_deleted BEFORE DELETE ON erasure
WHEN NOT EXISTS (SELECT 1 FROM deletion WHERE dataset = OLD.dataset AND ended_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'What was erased is remembered: DELETE of table erasure is refused.');
END;

UPDATE cluster SET opens_from = 8;
