-- 扫码登录: a code on one device's screen that another device confirms.

CREATE TABLE qr_tickets (
    id_hash            BYTEA  NOT NULL PRIMARY KEY, -- of the browser's secret
    code_hash          BYTEA  NOT NULL UNIQUE,      -- of the code in the picture, the telephone's secret
    device_hash        BYTEA  NOT NULL,             -- the browser that shows it
    stage              TEXT   NOT NULL,             -- domain/qr_ticket.rs
    portal_name        TEXT   NOT NULL,             -- empty: no portal waits
    number             BIGINT NOT NULL,             -- shown by the browser once the code is scanned
    choices            TEXT   NOT NULL,             -- that number and two others, as the telephone shows them
    address            TEXT   NOT NULL,
    user_agent         TEXT   NOT NULL,
    -- Who is signed in at the browser already, where the telephone only has to add to that.
    wanted_sid         TEXT,
    wanted_account_id  TEXT,
    -- The telephone: its session or, of an app, its grant.
    scanner_sid        TEXT,
    scanner_account_id TEXT,
    scanner_grant_id   BYTEA,
    scanner_name       TEXT,                        -- masked
    -- As whom the telephone lets the browser in.
    account_id         TEXT,
    holder_id          TEXT,
    acr                TEXT,
    created_at         BIGINT NOT NULL,
    changed_at         BIGINT NOT NULL,
    expires_at         BIGINT NOT NULL
);
-- What every instance asks for again and again: small, since most codes are never scanned.
CREATE INDEX qr_tickets_by_change ON qr_tickets (changed_at) WHERE stage <> 'waiting';
CREATE INDEX qr_tickets_by_expiry ON qr_tickets (expires_at);
