-- What a token is bound to and good for, and sign-ins at devices without a browser.

-- Of the access token that the code bought: URIs, space separated (without one: those of `resources`), and what its
-- bearer must prove, as domain/confirmation.rs writes it.
ALTER TABLE grants ADD COLUMN access_audience TEXT;
ALTER TABLE grants ADD COLUMN access_binding TEXT;

ALTER TABLE access_tokens ADD COLUMN audience TEXT;
ALTER TABLE access_tokens ADD COLUMN binding TEXT;
ALTER TABLE access_tokens ADD COLUMN actor TEXT;    -- JSON: who acts for the account (RFC 8693 section 4.1)

ALTER TABLE refresh_tokens ADD COLUMN binding TEXT;

-- Only for client_secret_jwt, which needs the secret itself.
ALTER TABLE clients ADD COLUMN secret_sealed BYTEA;

-- RFC 8628. Once it is allowed, a row of `grants` has the same id.
CREATE TABLE device_codes (
    id_hash            BYTEA  NOT NULL PRIMARY KEY, -- of the device code
    user_code_index    TEXT   NOT NULL UNIQUE,      -- keyed hash
    client_id          TEXT   NOT NULL,
    scope              TEXT   NOT NULL,
    resources          TEXT,
    binding            TEXT,                        -- of the key that asked (RFC 9449)
    address            TEXT   NOT NULL,             -- where it was asked from
    created_at         BIGINT NOT NULL,
    expires_at         BIGINT NOT NULL,
    interval_seconds   BIGINT NOT NULL,
    polled_at          BIGINT,
    previous_polled_at BIGINT,
    allowed_at         BIGINT,
    denied_at          BIGINT
);
CREATE INDEX device_codes_by_expiry ON device_codes (expires_at);
