-- Facts of registered kinds, in two parts: a reference that stays, and a payload that lawful erasure can take away. Ordinal -1 is the shard
-- itself. Kinds that no release knows yet are kept like others. Nothing is written here before the cluster's level allows it.
CREATE TABLE fact (
    id        bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version   bigint   NOT NULL CHECK (version > 0),
    operation uuid     NOT NULL,
    dataset   integer  NOT NULL,
    shard     integer  NOT NULL,
    ordinal   integer  NOT NULL CHECK (ordinal >= -1),
    size      integer  NOT NULL,
    grows     boolean  NOT NULL,
    image     bytea    NOT NULL CHECK (octet_length(image) = 32),
    sha256    bytea    NOT NULL CHECK (octet_length(sha256) = 32),
    kind      text COLLATE "C" NOT NULL,
    key       text COLLATE "C" NOT NULL,
    actor     text     NOT NULL,
    UNIQUE (dataset, shard, ordinal, kind, key, version)
);

-- An image stands in one shard and stood in others: its payloads go from all of them.
CREATE INDEX fact_by_image ON fact (dataset, image, kind);

CREATE TABLE payload (
    fact    bigint PRIMARY KEY REFERENCES fact (id) ON DELETE CASCADE,
    content bytea  NOT NULL
);

-- What was erased, by whom and when; while such a row is there its payload may go and cannot come.
CREATE TABLE erasure (
    erased_at timestamptz NOT NULL,
    version   bigint  NOT NULL,
    dataset   integer NOT NULL,
    image     bytea   NOT NULL,
    kind      text COLLATE "C" NOT NULL,
    key       text COLLATE "C" NOT NULL,
    actor     text    NOT NULL,
    PRIMARY KEY (dataset, image, kind, key, version)
);

CREATE FUNCTION facts_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Facts only grow: % of table % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

-- No fact is changed in its place. One of an append-only kind goes with its whole dataset alone.
CREATE FUNCTION fact_goes_with_its_dataset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT OLD.grows OR EXISTS (SELECT FROM deletion WHERE dataset = OLD.dataset AND ended_at IS NULL) THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'Facts only grow: % of table fact is refused.', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

-- A payload goes with its fact, and otherwise where somebody is remembered to have erased it.
CREATE FUNCTION payload_is_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM fact AS f WHERE f.id = OLD.fact AND f.grows
        AND NOT EXISTS (SELECT FROM erasure AS e
            WHERE e.dataset = f.dataset AND e.image = f.image AND e.kind = f.kind AND e.key = f.key AND e.version = f.version)
        AND NOT EXISTS (SELECT FROM deletion AS d WHERE d.dataset = f.dataset AND d.ended_at IS NULL))
    THEN RAISE EXCEPTION 'Facts only grow: % of table payload is refused.', TG_OP USING ERRCODE = 'restrict_violation'; END IF;
    RETURN OLD;
END
$$;

CREATE FUNCTION erasure_is_remembered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM deletion WHERE dataset = OLD.dataset AND ended_at IS NULL) THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'What was erased is remembered: % of table erasure is refused.', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER facts_only_grow BEFORE UPDATE OR TRUNCATE ON fact EXECUTE FUNCTION facts_only_grow();

CREATE TRIGGER fact_goes_with_its_dataset BEFORE DELETE ON fact FOR EACH ROW EXECUTE FUNCTION fact_goes_with_its_dataset();

CREATE TRIGGER facts_only_grow BEFORE UPDATE OR TRUNCATE ON payload EXECUTE FUNCTION facts_only_grow();

CREATE TRIGGER payload_is_erased BEFORE DELETE ON payload FOR EACH ROW EXECUTE FUNCTION payload_is_erased();

CREATE TRIGGER facts_only_grow BEFORE UPDATE OR TRUNCATE ON erasure EXECUTE FUNCTION facts_only_grow();

CREATE TRIGGER erasure_is_remembered BEFORE DELETE ON erasure FOR EACH ROW EXECUTE FUNCTION erasure_is_remembered();

UPDATE cluster SET opens_from = 7;
