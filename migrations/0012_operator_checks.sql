-- The register of persons says that an operator's name and number do not belong together: they are frozen for good.
ALTER TABLE operators ADD COLUMN denied_at BIGINT;
