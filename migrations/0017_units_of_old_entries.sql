UPDATE audit_log SET unit_id = (SELECT legal_entity_id FROM operators WHERE operators.account_id = audit_log.detail)
    WHERE event IN ('operator_added', 'operator_edited', 'operator_removed', 'operator_frozen', 'operator_unfrozen',
        'operator_confirmed', 'operator_password_reset');
