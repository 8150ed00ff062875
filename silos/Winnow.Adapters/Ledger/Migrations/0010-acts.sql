-- Who did what, in the order of writing: an act costs a row at the end of the table and an entry of its place in its stream. In a tree that
-- is ordered by streams each of them would grow in its middle, and every tenth act would rewrite three pages. Dataset 0 is the cluster, shards
-- below 0 are what backups told. The record stays for good; the parts beside it say what its salted hashes are of.
CREATE TABLE act (
    id       INTEGER PRIMARY KEY CHECK (id > 0),
    dataset  INTEGER NOT NULL,
    shard    INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    record   BLOB    NOT NULL,
    actor    BLOB,
    object   BLOB,
    UNIQUE (dataset, shard, sequence)
) STRICT;

-- REPLACE takes rows away without a word to triggers on deletion, so a row that is not the next of its stream, or stands in another's place,
-- is refused before it comes. Where no id is given it is -1 here.
CREATE TRIGGER act_is_next BEFORE INSERT ON act
WHEN NEW.sequence <> 1 + coalesce((SELECT max(sequence) FROM act WHERE dataset = NEW.dataset AND shard = NEW.shard), 0)
    OR EXISTS (SELECT 1 FROM act WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'Acts only grow: INSERT into table act is refused, as it is not the next of its stream.');
END;

CREATE TRIGGER act_is_not_updated BEFORE UPDATE ON act BEGIN
    SELECT RAISE(ABORT, 'Acts only grow: UPDATE of table act is refused.');
END;

CREATE TRIGGER act_is_not_deleted BEFORE DELETE ON act
WHEN NOT EXISTS (SELECT 1 FROM deletion WHERE dataset = OLD.dataset AND ended_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'Acts only grow: DELETE of table act is refused.');
END;
