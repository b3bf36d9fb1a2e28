-- Authorization requests that are pushed, what they may carry, and what was agreed to.

ALTER TABLE grants ADD COLUMN resources TEXT;             -- RFC 8707: absolute URIs, space separated
ALTER TABLE grants ADD COLUMN authorization_details TEXT; -- RFC 9396: a JSON array
ALTER TABLE grants ADD COLUMN dpop_jkt TEXT;              -- RFC 9449 section 10: the key that must redeem the code

-- The account that proved itself, where it acts through another one of the same person: what ends it ends the grant.
ALTER TABLE grants ADD COLUMN holder_id TEXT;
CREATE INDEX grants_by_holder ON grants (holder_id) WHERE holder_id IS NOT NULL;

-- RFC 9126: what a client pushed, until it is answered.
CREATE TABLE pushed_requests (
    id_hash    BYTEA  NOT NULL PRIMARY KEY, -- of the request_uri
    client_id  TEXT   NOT NULL,
    parameters TEXT   NOT NULL,             -- sealed, base64url
    visit_before BIGINT NOT NULL,           -- a browser must bring it by then
    expires_at BIGINT NOT NULL              -- whoever brought it has signed in by then, or never does
);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);

-- What an account lets a portal read, a row a scope.
CREATE TABLE consents (
    account_id TEXT   NOT NULL REFERENCES accounts (id),
    client_id  TEXT   NOT NULL,
    scope      TEXT   NOT NULL,
    sid        TEXT   NOT NULL,             -- the session that agreed last: sensitive scopes are asked for in each
    agreed_at  BIGINT NOT NULL,
    PRIMARY KEY (account_id, client_id, scope)
);
