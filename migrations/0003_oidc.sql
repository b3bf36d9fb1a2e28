-- What portals are registered as, and what they were given.

CREATE TABLE clients (
    id          TEXT   NOT NULL PRIMARY KEY,
    secret_hash BYTEA,
    metadata    TEXT   NOT NULL, -- JSON, see oidc/client.rs
    created_at  BIGINT NOT NULL,
    disabled_at BIGINT
);

-- What an account let a client have. For the code flow the id is the SHA-256 of the code, so that one row is
-- both: the code that can be taken once, and the grant that its replay revokes.
CREATE TABLE grants (
    id               BYTEA  NOT NULL PRIMARY KEY,
    client_id        TEXT   NOT NULL,
    account_id       TEXT   NOT NULL,
    sid              TEXT   NOT NULL,
    scope            TEXT   NOT NULL,
    redirect_uri     TEXT   NOT NULL,
    nonce            TEXT,
    code_challenge   TEXT,
    claims           TEXT,          -- JSON, the `claims` parameter
    acr              TEXT   NOT NULL,
    amr              TEXT   NOT NULL,
    authenticated_at BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    code_expires_at  BIGINT NOT NULL,
    code_consumed_at BIGINT,
    access_hash       BYTEA,         -- the access token that the code bought
    access_expires_at BIGINT,
    expires_at       BIGINT NOT NULL,
    revoked_at       BIGINT
);
CREATE UNIQUE INDEX grants_by_access_token ON grants (access_hash);
CREATE INDEX grants_by_sid ON grants (sid);
CREATE INDEX grants_by_account ON grants (account_id);
CREATE INDEX grants_by_expiry ON grants (expires_at);

-- Access tokens that no code bought: of refreshes, and of clients for themselves.
CREATE TABLE access_tokens (
    hash       BYTEA  NOT NULL PRIMARY KEY,
    grant_id   BYTEA,               -- NULL: client_credentials
    client_id  TEXT   NOT NULL,
    scope      TEXT   NOT NULL,
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

CREATE TABLE refresh_tokens (
    hash        BYTEA  NOT NULL PRIMARY KEY,
    grant_id    BYTEA  NOT NULL,
    scope       TEXT   NOT NULL,
    issued_at   BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    consumed_at BIGINT              -- rotated away, public clients only
);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

-- What may be used once: the jti of client assertions.
CREATE TABLE used_once (
    key_hash   BYTEA  NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_once_by_expiry ON used_once (expires_at);

CREATE TABLE outbox (
    id           TEXT   NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL,
    payload      BYTEA  NOT NULL, -- sealed JSON
    attempts     BIGINT NOT NULL,
    due_at       BIGINT NOT NULL, -- next attempt; while leased, the end of the lease
    give_up_at   BIGINT NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE INDEX outbox_by_due ON outbox (due_at);
