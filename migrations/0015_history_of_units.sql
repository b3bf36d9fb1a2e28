-- Whose operators an entry is about, whoever of the unit did it: the unit's own account reads it in its history.
ALTER TABLE audit_log ADD COLUMN unit_id TEXT;
CREATE INDEX audit_log_by_unit ON audit_log (unit_id, at) WHERE unit_id IS NOT NULL;
UPDATE audit_log SET unit_id = (SELECT legal_entity_id FROM operators WHERE operators.account_id = audit_log.detail)
    WHERE event IN ('operator_added', 'operator_edited', 'operator_removed', 'operator_frozen', 'operator_unfrozen',
        'operator_confirmed', 'operator_password_reset');
