-- Which group of commits changed a shard last. After a crash the server gives numbers of transactions again whose records were lost with it, so a number that is
-- said to be committed may be somebody else's: the mark tells. Silos of the last release leave it as it is, and read nothing of it.

ALTER TABLE shard ADD COLUMN mark uuid;
