CREATE INDEX audit_log_by_unit ON audit_log (unit_id, at) WHERE unit_id IS NOT NULL;
