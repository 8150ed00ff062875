-- An image has its history once per shard that holds or held it: where shards are doubled, its entries are in the new one before they leave the old one's care.
-- The shard leads both keys, so that one index serves the image and the whole shard.

CREATE TABLE history_by_shards (
    dataset   INTEGER NOT NULL,
    shard     INTEGER NOT NULL,
    image     BLOB    NOT NULL,
    version   INTEGER NOT NULL,
    ordinal   INTEGER NOT NULL,
    operation BLOB,
    label     INTEGER NOT NULL,
    closes    INTEGER NOT NULL,
    stage     INTEGER NOT NULL,
    entry     BLOB    NOT NULL,
    PRIMARY KEY (dataset, shard, image, version),
    UNIQUE (dataset, shard, image, operation)
) STRICT;

INSERT INTO history_by_shards (dataset, shard, image, version, ordinal, operation, label, closes, stage, entry)
SELECT dataset, shard, image, version, ordinal, operation, label, closes, stage, entry FROM history ORDER BY rowid;

DROP TABLE history;

ALTER TABLE history_by_shards RENAME TO history;
