-- The level of the cluster: what may be written. Beside it the lowest layout whose programs may open this database: a migration that they
-- cannot live with raises it to its own number. So a program opens what a newer one has migrated, as long as that says so. Silos of the last
-- release that run read nothing of it.
CREATE TABLE cluster (
    id         integer PRIMARY KEY CHECK (id = 1),
    level      integer NOT NULL,
    opens_from integer NOT NULL
);

INSERT INTO cluster VALUES (1, 0, 6);
