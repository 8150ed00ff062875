-- What people said is appended and never changed, whoever writes to this file. REPLACE takes rows away without a word to triggers on
-- deletion, so a row that would stand in another's place is refused before it comes.

CREATE TRIGGER history_is_not_updated BEFORE UPDATE ON history BEGIN
    SELECT RAISE(ABORT, 'History only grows: UPDATE of table history is refused.');
END;

CREATE TRIGGER history_is_not_deleted BEFORE DELETE ON history BEGIN
    SELECT RAISE(ABORT, 'History only grows: DELETE of table history is refused.');
END;

CREATE TRIGGER history_is_not_replaced BEFORE INSERT ON history
WHEN EXISTS (
    SELECT 1 FROM history
    WHERE dataset = NEW.dataset AND shard = NEW.shard AND image = NEW.image AND (version = NEW.version OR operation = NEW.operation))
BEGIN
    SELECT RAISE(ABORT, 'History only grows: REPLACE of table history is refused.');
END;
