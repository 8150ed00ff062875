-- The level of the cluster: what may be written. Beside it the lowest layout whose programs may open this file: a migration that they
-- cannot live with raises it to its own number. So a program opens what a newer one has migrated, as long as that says so.
CREATE TABLE cluster (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    level      INTEGER NOT NULL,
    opens_from INTEGER NOT NULL
) STRICT;

INSERT INTO cluster VALUES (1, 0, 7);
