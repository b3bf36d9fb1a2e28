-- Clients that register themselves (RFC 7591) and manage their registration (RFC 7592).

-- What lets somebody register clients.
CREATE TABLE initial_access_tokens (
    token_hash BYTEA  NOT NULL PRIMARY KEY,
    note       TEXT   NOT NULL, -- whom it was given to
    uses_left  BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX initial_access_tokens_by_expiry ON initial_access_tokens (expires_at);

-- Clients that registered themselves; those of an administrator have no row.
CREATE TABLE registrations (
    client_id  TEXT   NOT NULL PRIMARY KEY,
    token_hash BYTEA  NOT NULL, -- of the registration access token
    created_at BIGINT NOT NULL
);

CREATE INDEX grants_by_client ON grants (client_id);
CREATE INDEX access_tokens_by_client ON access_tokens (client_id);

-- What the last attempt came to, for operators; never what was sent.
ALTER TABLE outbox ADD COLUMN last_error TEXT;

-- When a register confirmed the account, as verified claims tell it.
ALTER TABLE accounts ADD COLUMN confirmed_at BIGINT;
