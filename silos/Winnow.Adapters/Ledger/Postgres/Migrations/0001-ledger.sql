-- The rows of all datasets, as in the embedded ledger. Keys compare by bytes (collation C): no library of the operating system may
-- reorder an index. Columns of fixed width stand first, so that no row pays for padding.

CREATE TABLE dataset (
    id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    info json NOT NULL
);

-- A shard's writer holds an epoch; images counts its rows and so names the next ordinal. Every commit updates one of these few rows:
-- mostly empty pages keep the new row on the page of the old one, without an index entry of its own.
CREATE TABLE shard (
    dataset integer NOT NULL REFERENCES dataset (id),
    shard   integer NOT NULL,
    epoch   bigint  NOT NULL,
    images  integer NOT NULL,
    PRIMARY KEY (dataset, shard)
) WITH (fillfactor = 20);

-- Ordinals grow within their shard, so inserts go to one page per shard and the index splits behind them.
CREATE TABLE image (
    bytes       bigint      NOT NULL,
    received_at timestamptz NOT NULL,
    dataset     integer     NOT NULL,
    shard       integer     NOT NULL,
    ordinal     integer     NOT NULL CHECK (ordinal >= 0),
    width       integer     NOT NULL,
    height      integer     NOT NULL,
    frames      integer     NOT NULL,
    label       integer     NOT NULL,
    partition   smallint    NOT NULL,
    id          bytea       NOT NULL CHECK (octet_length(id) = 32),
    name        text        NOT NULL,
    format      text        NOT NULL,
    received_by text        NOT NULL,
    reason      text,
    PRIMARY KEY (dataset, shard, ordinal)
);

CREATE TABLE quarantine (
    dataset integer NOT NULL,
    shard   integer NOT NULL,
    ordinal integer NOT NULL,
    reason  text    NOT NULL,
    PRIMARY KEY (dataset, shard, ordinal)
);

-- The arm stands last in the key: a reservation names an ordinal, whatever arms ask about it. Reservations update in place.
CREATE TABLE task (
    reserved_until timestamptz NOT NULL,
    dataset        integer NOT NULL,
    shard          integer NOT NULL,
    ordinal        integer NOT NULL,
    round          integer NOT NULL,
    priority       real    NOT NULL,
    arm            text COLLATE "C" NOT NULL,
    PRIMARY KEY (dataset, shard, ordinal, arm)
) WITH (fillfactor = 70);

-- Human facts. An image stands in one shard for good, so the shard leads both keys: one index serves the image and the whole shard.
CREATE TABLE history (
    dataset   integer  NOT NULL,
    shard     integer  NOT NULL,
    version   integer  NOT NULL CHECK (version > 0),
    ordinal   integer  NOT NULL,
    label     integer  NOT NULL,
    stage     smallint NOT NULL,
    closes    boolean  NOT NULL,
    image     bytea    NOT NULL CHECK (octet_length(image) = 32),
    operation uuid,
    entry     bytea    NOT NULL,
    PRIMARY KEY (dataset, shard, image, version),
    UNIQUE (dataset, shard, image, operation)
);

CREATE FUNCTION history_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'History only grows: % of table history is refused.', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER history_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON history EXECUTE FUNCTION history_only_grows();

CREATE TABLE segment (
    dataset integer NOT NULL,
    shard   integer NOT NULL,
    first   integer NOT NULL,
    count   integer NOT NULL,
    kind    text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    object  text    NOT NULL,
    PRIMARY KEY (dataset, shard, kind, version, first)
);

-- What makes a commit exactly-once: the rows that an operation inserted.
CREATE TABLE operation (
    operation uuid    NOT NULL,
    dataset   integer NOT NULL,
    shard     integer NOT NULL,
    first     integer NOT NULL,
    count     integer NOT NULL,
    PRIMARY KEY (dataset, shard, operation)
);

CREATE TABLE secret (
    name  text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);

-- A cleared state keeps its row without a state, so that its version never comes back and an old writer never matches it.
CREATE TABLE grain_state (
    version    bigint NOT NULL,
    grain_type text COLLATE "C" NOT NULL,
    grain_key  text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    state      bytea,
    PRIMARY KEY (grain_type, grain_key, name)
) WITH (fillfactor = 50);

-- The health check writes here: only a write shows that writing works.
CREATE TABLE health (
    id integer PRIMARY KEY CHECK (id = 1),
    at timestamptz NOT NULL
) WITH (fillfactor = 10);
