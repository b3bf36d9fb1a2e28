-- When an ID token of this grant went out by way of the browser: its portal knows of the session, whether or not it
-- redeems a code.
ALTER TABLE grants ADD COLUMN id_token_sent_at BIGINT;
