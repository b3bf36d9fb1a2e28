-- What stands between a visitor and an account. Tokens are kept as SHA-256, never as they are.

CREATE TABLE sessions (
    token_hash       BYTEA  NOT NULL PRIMARY KEY,
    sid              TEXT   NOT NULL UNIQUE, -- the `sid` claim
    account_id       TEXT   NOT NULL REFERENCES accounts (id),
    acr              TEXT   NOT NULL,
    amr              TEXT   NOT NULL,        -- space separated
    authenticated_at BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    seen_at          BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,        -- never later than the account itself is valid
    address          TEXT   NOT NULL,
    user_agent       TEXT   NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- An authorization request that waits for its visitor to sign in; named in the URL, bound to one browser.
CREATE TABLE authorization_requests (
    id_hash      BYTEA  NOT NULL PRIMARY KEY,
    visitor_hash BYTEA  NOT NULL,
    parameters   TEXT   NOT NULL, -- JSON
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX authorization_requests_by_expiry ON authorization_requests (expires_at);

CREATE TABLE attempts (
    bucket     TEXT   NOT NULL PRIMARY KEY,
    count      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX attempts_by_expiry ON attempts (expires_at);

CREATE TABLE captchas (
    id_hash    BYTEA  NOT NULL PRIMARY KEY,
    answer     TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX captchas_by_expiry ON captchas (expires_at);

-- Browsers from which an account has signed in before.
CREATE TABLE devices (
    account_id  TEXT   NOT NULL REFERENCES accounts (id),
    device_hash BYTEA  NOT NULL,
    seen_at     BIGINT NOT NULL,
    PRIMARY KEY (account_id, device_hash)
);
CREATE INDEX devices_by_seen ON devices (seen_at);

CREATE TABLE audit_log (
    id         TEXT   NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    event      TEXT   NOT NULL,
    account_id TEXT,
    client_id  TEXT,
    address    TEXT   NOT NULL,
    user_agent TEXT   NOT NULL,
    detail     TEXT   NOT NULL
);
CREATE INDEX audit_log_by_account ON audit_log (account_id, at);
CREATE INDEX audit_log_by_time ON audit_log (at);
