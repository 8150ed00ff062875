-- Datasets that people deleted: who and when, and how far it has come. The row outlives the dataset: it is the memory of the act. While it has not ended, a
-- row in table dataset holds the name (that one's id is this one's), and the dataset itself bears another.
CREATE TABLE deletion (
    id              INTEGER PRIMARY KEY,
    dataset         INTEGER NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    deleted_by      TEXT    NOT NULL,
    deleted_at      INTEGER NOT NULL,
    removed_objects INTEGER NOT NULL DEFAULT 0,
    removed_rows    INTEGER NOT NULL DEFAULT 0,
    access          TEXT,
    ended_at        INTEGER
) STRICT;

CREATE INDEX deletion_by_name ON deletion (name, id);

-- What people said is never deleted, unless with the whole dataset.
DROP TRIGGER history_is_not_deleted;

CREATE TRIGGER history_is_not_deleted BEFORE DELETE ON history
WHEN NOT EXISTS (SELECT 1 FROM deletion WHERE dataset = OLD.dataset AND ended_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'History only grows: DELETE of table history is refused.');
END;
