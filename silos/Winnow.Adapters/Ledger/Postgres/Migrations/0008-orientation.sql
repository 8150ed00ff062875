-- How the stored pixels are to be turned to stand upright (EXIF 2.3, tag 0x0112), 1 to 8. 0: nobody has read it, as of what came before,
-- and of what silos of an earlier release take in.
ALTER TABLE image ADD COLUMN orientation smallint NOT NULL DEFAULT 0;
