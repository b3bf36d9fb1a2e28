-- What registration, recovery and the account centre keep.

-- The account waits for a register to confirm it; nobody signs in meanwhile.
ALTER TABLE accounts ADD COLUMN pending_since BIGINT;

-- Sealed `start/end` of the document; without an end where the card has none.
ALTER TABLE legal_entities ADD COLUMN representative_validity BYTEA;
ALTER TABLE legal_entities ADD COLUMN representative_changed_at BIGINT;
ALTER TABLE persons ADD COLUMN document_validity BYTEA;

-- Operators are listed newest first, a page at a time, and found by the whole name.
ALTER TABLE operators ADD COLUMN added_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operators ADD COLUMN name_index TEXT;
-- Since when the unit's present representative stands by this operator.
ALTER TABLE operators ADD COLUMN confirmed_at BIGINT;
CREATE INDEX operators_of_unit ON operators (legal_entity_id, added_at, account_id) WHERE removed_at IS NULL;

-- The account that proved itself, where it acts through another one of the same person.
ALTER TABLE sessions ADD COLUMN holder_id TEXT;
CREATE INDEX sessions_by_holder ON sessions (holder_id) WHERE holder_id IS NOT NULL;

-- The one live code of a purpose and a telephone.
CREATE TABLE sms_codes (
    id_hash     BYTEA  NOT NULL PRIMARY KEY, -- of purpose and telephone
    device_hash BYTEA  NOT NULL,             -- the browser that asked for it
    code        TEXT   NOT NULL,             -- keyed hash
    tries       BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX sms_codes_by_expiry ON sms_codes (expires_at);

-- A telephone that was proved a while ago, for one purpose and one browser.
CREATE TABLE phone_proofs (
    id_hash     BYTEA  NOT NULL PRIMARY KEY, -- of a token, or of a session's sid, with purpose, telephone and browser
    expires_at  BIGINT NOT NULL,
    consumed_at BIGINT
);
CREATE INDEX phone_proofs_by_expiry ON phone_proofs (expires_at);

-- 忘记密码 between its steps: named in the URL, bound to one browser.
CREATE TABLE recoveries (
    id_hash     BYTEA  NOT NULL PRIMARY KEY,
    device_hash BYTEA  NOT NULL,
    account_id  TEXT   NOT NULL,
    proved_at   BIGINT,                      -- the telephone was proved
    expires_at  BIGINT NOT NULL
);
CREATE INDEX recoveries_by_expiry ON recoveries (expires_at);

-- Who agreed to which version of which agreement.
CREATE TABLE agreement_consents (
    account_id TEXT   NOT NULL REFERENCES accounts (id),
    document   TEXT   NOT NULL, -- terms | privacy
    version    TEXT   NOT NULL,
    agreed_at  BIGINT NOT NULL,
    PRIMARY KEY (account_id, document, version)
);

-- The passwords before the present one.
CREATE TABLE password_history (
    account_id    TEXT   NOT NULL REFERENCES accounts (id),
    replaced_at   BIGINT NOT NULL,
    password_hash TEXT   NOT NULL,
    PRIMARY KEY (account_id, replaced_at)
);

-- What was changed in an account's data, by whom; the values are sealed JSON.
CREATE TABLE account_changes (
    id           TEXT   NOT NULL PRIMARY KEY,
    account_id   TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    kind         TEXT   NOT NULL,
    actor_id     TEXT   NOT NULL,
    value_before BYTEA,
    value_after  BYTEA
);
CREATE INDEX account_changes_by_account ON account_changes (account_id, at);

-- 拓展信息: sealed JSON that the owner may edit freely.
CREATE TABLE account_details (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (id),
    details    BYTEA  NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Accounts whose register was away when they were made.
CREATE TABLE register_checks (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (id),
    attempts   BIGINT NOT NULL,
    due_at     BIGINT NOT NULL, -- next attempt; while leased, the end of the lease
    created_at BIGINT NOT NULL
);
CREATE INDEX register_checks_by_due ON register_checks (due_at);
