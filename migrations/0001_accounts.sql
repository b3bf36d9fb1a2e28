-- Who can sign in. `accounts` is what every kind has in common; the three tables below it say who it is.
-- Sealed columns (BYTEA) are encrypted by platform/vault.rs; `*_index` columns are keyed hashes to find them by.

CREATE TABLE accounts (
    id              TEXT   NOT NULL PRIMARY KEY,
    kind            TEXT   NOT NULL, -- legal_entity | operator | natural_person
    password_hash   TEXT,
    password_set_at BIGINT,
    assurance       BIGINT NOT NULL, -- 1: format checked, 2: confirmed by a register
    created_at      BIGINT NOT NULL,
    signed_in_at    BIGINT,
    disabled_at     BIGINT
);

CREATE TABLE legal_entities (
    account_id                    TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    login_name                    TEXT NOT NULL,
    login_name_key                TEXT NOT NULL UNIQUE,
    credit_code                   TEXT NOT NULL UNIQUE,
    name                          TEXT NOT NULL,
    entity_type                   TEXT NOT NULL,
    representative_name           BYTEA,
    representative_document_type  TEXT,
    representative_document       BYTEA,
    representative_document_index TEXT,
    phone                         BYTEA,
    phone_index                   TEXT
);
CREATE INDEX legal_entities_by_phone ON legal_entities (phone_index);
CREATE INDEX legal_entities_by_representative ON legal_entities (representative_document_index);

CREATE TABLE persons (
    account_id     TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    login_name     TEXT NOT NULL,
    login_name_key TEXT NOT NULL UNIQUE,
    name           BYTEA NOT NULL,
    document_type  TEXT, -- an account may have no stored document number (网号/网证)
    document       BYTEA,
    document_index TEXT UNIQUE,
    phone          BYTEA,
    phone_index    TEXT UNIQUE
);

CREATE TABLE operators (
    account_id      TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (id),
    legal_entity_id TEXT   NOT NULL REFERENCES legal_entities (account_id),
    name            BYTEA  NOT NULL,
    document_type   TEXT   NOT NULL,
    document        BYTEA  NOT NULL,
    document_index  TEXT   NOT NULL,
    phone           BYTEA  NOT NULL,
    phone_index     TEXT   NOT NULL,
    department      TEXT   NOT NULL,
    manager_since   BIGINT,          -- has 管理权限 since
    valid_from      BIGINT NOT NULL,
    valid_until     BIGINT,          -- NULL: no end
    frozen_at       BIGINT,
    removed_at      BIGINT
);
CREATE UNIQUE INDEX operators_once_a_unit ON operators (legal_entity_id, document_index) WHERE removed_at IS NULL;
CREATE INDEX operators_by_phone ON operators (phone_index);
CREATE INDEX operators_by_document ON operators (document_index);
CREATE UNIQUE INDEX operators_one_phone_a_unit ON operators (legal_entity_id, phone_index) WHERE removed_at IS NULL;
