-- The standard claims of persons that nobody proves (nickname, picture, e-mail address …), as an administrator set them:
-- a sealed JSON object.
CREATE TABLE profiles (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (id),
    claims     BYTEA  NOT NULL,
    changed_at BIGINT NOT NULL
);
-- The scope now lets a portal read more than was agreed to.
DELETE FROM consents WHERE scope = 'profile';
