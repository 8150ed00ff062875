-- Whose an operation is, and for what (the first 128 bits of a SHA-256): an id that comes again with either of them changed is another operation, in whichever
-- shard the first one left its rows. Operations of before, and those that a backup tells of, have neither: so the index is empty at first, and is made in the
-- time that it takes to read a small table. Silos of the last release name the columns that they write, and write on.

ALTER TABLE operation ADD COLUMN actor text, ADD COLUMN content uuid;

CREATE INDEX operation_by_id ON operation (dataset, operation) WHERE actor IS NOT NULL;
