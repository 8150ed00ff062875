-- How the stored pixels are to be turned to stand upright (EXIF 2.3, tag 0x0112), 1 to 8. 0: nobody has read it, as of what came before.
ALTER TABLE image ADD COLUMN orientation INTEGER NOT NULL DEFAULT 0;

-- The release before writes rows of images by the place of their columns.
UPDATE cluster SET opens_from = 9;
