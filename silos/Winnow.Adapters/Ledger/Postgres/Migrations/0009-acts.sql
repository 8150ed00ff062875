-- Who did what. Dataset 0 is the cluster, shards below 0 are what backups told. The record stays for good; the parts beside it say what its
-- salted hashes are of. Nothing is written here before the cluster's level allows it.
CREATE TABLE act (
    sequence bigint  NOT NULL CHECK (sequence > 0),
    at       bigint  NOT NULL,
    dataset  integer NOT NULL,
    shard    integer NOT NULL,
    record   bytea   NOT NULL,
    actor    bytea,
    object   bytea,
    PRIMARY KEY (dataset, shard, sequence)
);

CREATE FUNCTION acts_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Acts only grow: % of table act is refused.', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE FUNCTION act_goes_with_its_dataset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM deletion WHERE dataset = OLD.dataset AND ended_at IS NULL) THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'Acts only grow: % of table act is refused.', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER acts_only_grow BEFORE UPDATE OR TRUNCATE ON act EXECUTE FUNCTION acts_only_grow();

CREATE TRIGGER act_goes_with_its_dataset BEFORE DELETE ON act FOR EACH ROW EXECUTE FUNCTION act_goes_with_its_dataset();
