-- Whose an operation is, and for what (the first 128 bits of a SHA-256): an id that comes again with either of them changed is another operation, in whichever
-- shard the first one left its rows. Operations of before, and those that a backup tells of, have neither.

ALTER TABLE operation ADD COLUMN actor TEXT;
ALTER TABLE operation ADD COLUMN content BLOB;

CREATE INDEX operation_by_id ON operation (dataset, operation) WHERE actor IS NOT NULL;
