-- 扫码登录: what a ticket is for, and how old a sign-in may be that answers for it.

ALTER TABLE qr_tickets ADD COLUMN request_hash BYTEA;              -- of the id of the request that waits; of nothing, if none does
ALTER TABLE qr_tickets ADD COLUMN fresh_since BIGINT;              -- the portal wants who has signed in since,
ALTER TABLE qr_tickets ADD COLUMN max_age BIGINT;                  -- or at most so many seconds ago
ALTER TABLE qr_tickets ADD COLUMN scanner_authenticated_at BIGINT; -- when the telephone's own sign-in was

-- When somebody last signed in at this browser; `authenticated_at` says when what that rests on was proved.
ALTER TABLE sessions ADD COLUMN signed_in_at BIGINT;
