-- The condition of a mapping, a JSON filter; null where the mapping always applies.
ALTER TABLE mappings ADD COLUMN condition TEXT;
-- 1 where `$first`, `$template`, `$each` and `$lookup` in the parameters are forms. In mappings that were saved before
-- there were forms, they are members like any other.
ALTER TABLE mappings ADD COLUMN forms INTEGER NOT NULL DEFAULT 0;
