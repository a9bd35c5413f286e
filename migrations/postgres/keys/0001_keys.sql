-- The data keys of pupils, closed under a key that only the master key opens: package adapters/seal says how. A backup of this
-- schema opens what was forgotten after it, so it may have a database, or a server, of its own.

-- One row. Proof is derived from the master key and tells a wrong one apart. The table is also the lock between those who make keys
-- (ROW SHARE) and those who destroy some (EXCLUSIVE).
CREATE TABLE keys.keyring (
	one   boolean PRIMARY KEY DEFAULT true CHECK (one),
	proof bytea NOT NULL
);

-- One row: the generation in force and its salt.
CREATE TABLE keys.wrappings (
	generation bigint PRIMARY KEY,
	salt       bytea NOT NULL
);

CREATE TABLE keys.keys (
	subject    uuid NOT NULL,
	class      text COLLATE "C" NOT NULL,
	generation bigint NOT NULL,
	wrapped    bytea NOT NULL,
	PRIMARY KEY (subject, class)
);

CREATE TABLE keys.forgotten (
	subject uuid PRIMARY KEY,
	at      timestamptz NOT NULL
);

-- Samples of these columns would be copied into pg_statistic, and stay there when the keys are destroyed.
ALTER TABLE keys.wrappings ALTER COLUMN salt SET STATISTICS 0;
ALTER TABLE keys.keys ALTER COLUMN wrapped SET STATISTICS 0;
