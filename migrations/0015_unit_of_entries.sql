-- Whose operators an entry is about, whoever of the unit did it: the unit's own account reads it in its history. The next
-- two are files of their own: PostgreSQL runs a file in one transaction, and nobody may write an entry while this locks.
ALTER TABLE audit_log ADD COLUMN unit_id TEXT;
