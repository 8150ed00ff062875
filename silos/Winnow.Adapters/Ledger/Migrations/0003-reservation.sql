-- Reservations of open tasks, by themselves: a few thousand rows on a few pages, where the tasks they belong to lie far apart. Setting tasks aside wrote a
-- page for each of them, and cost more the more tasks there were. What task.reserved_until says holds where no row here says otherwise.
CREATE TABLE reservation (
    dataset INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    PRIMARY KEY (dataset, shard, ordinal)
) STRICT, WITHOUT ROWID;
