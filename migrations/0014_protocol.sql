-- Tokens for less than their grant, and what ends with what.

-- RFC 9396 section 6: what a token is good for, where its request named less than was agreed to (a JSON array); of a
-- client's own token, all of it.
ALTER TABLE grants ADD COLUMN access_details TEXT;
ALTER TABLE access_tokens ADD COLUMN authorization_details TEXT;

-- What a device asks for beside scopes (RFC 9396): a JSON array.
ALTER TABLE device_codes ADD COLUMN authorization_details TEXT;

-- RFC 8693: the hash of the token that was exchanged; revoked, it takes this one with it.
ALTER TABLE access_tokens ADD COLUMN exchanged_from BYTEA;
CREATE INDEX access_tokens_by_origin ON access_tokens (exchanged_from) WHERE exchanged_from IS NOT NULL;

-- A redemption that failed takes its tokens back.
CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (grant_id);

-- Sessions that were signed out a moment ago: a second click is answered like the first.
CREATE TABLE ended_sessions (
    token_hash BYTEA  NOT NULL PRIMARY KEY,
    sid        TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ended_sessions_by_expiry ON ended_sessions (expires_at);
