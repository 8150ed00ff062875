-- Datasets that people deleted: who and when, and how far it has come. The row outlives the dataset: it is the memory of the act. While it has not ended, a
-- row in table dataset holds the name (that one's id is this one's), and the dataset itself bears another. Silos of the last release cannot read the row that
-- holds the name, and set it aside: they write nothing under it.
CREATE TABLE deletion (
    id              integer     PRIMARY KEY,
    dataset         integer     NOT NULL UNIQUE,
    name            text COLLATE "C" NOT NULL,
    deleted_by      text        NOT NULL,
    deleted_at      timestamptz NOT NULL,
    removed_objects bigint      NOT NULL DEFAULT 0,
    removed_rows    bigint      NOT NULL DEFAULT 0,
    access          bytea,
    ended_at        timestamptz
);

CREATE INDEX deletion_by_name ON deletion (name, id);

-- What people said is never deleted, unless with the whole dataset.
CREATE FUNCTION history_goes_with_its_dataset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM deletion WHERE dataset = OLD.dataset AND ended_at IS NULL) THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'History only grows: % of table history is refused.', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

DROP TRIGGER history_only_grows ON history;

CREATE TRIGGER history_only_grows BEFORE UPDATE OR TRUNCATE ON history EXECUTE FUNCTION history_only_grows();

CREATE TRIGGER history_goes_with_its_dataset BEFORE DELETE ON history FOR EACH ROW EXECUTE FUNCTION history_goes_with_its_dataset();
