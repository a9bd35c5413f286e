-- Views: tables that projections make and drop, and here which of them there are. All can be thrown away; the journal gives them anew.

CREATE TABLE views.generation (
	number     bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	projection text    NOT NULL,
	version    integer NOT NULL,
	shape      text    NOT NULL,
	tables     text[]  NOT NULL, -- their names in queries; in the schema each has the number behind it
	state      text    NOT NULL,
	position   bigint  NOT NULL DEFAULT 0, -- checkpoint
	reason     text    NOT NULL DEFAULT '',
	stuck      bigint  NOT NULL DEFAULT 0,
	journal    text    NOT NULL DEFAULT '' -- its first record, so that views of another one are not gone on with
);

-- Whoever reads on behalf of an actor does so in this role, which the policies of the tables bind. Roles belong to the cluster:
-- another database of it may have made this one, or its administrator, for a user who may not.
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'approdo_reader') THEN
		CREATE ROLE approdo_reader NOLOGIN;
	END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
	NULL; -- made by another database at this moment
END
$$;
DO $$
BEGIN
	-- From version 16 on, who makes a role is a member of it that may not yet act as it.
	IF current_setting('server_version_num')::integer >= 160000 THEN
		IF NOT pg_has_role(current_user, 'approdo_reader', 'SET') THEN
			EXECUTE format('GRANT approdo_reader TO %I WITH SET TRUE', current_user);
		END IF;
	ELSIF NOT pg_has_role(current_user, 'approdo_reader', 'MEMBER') THEN
		EXECUTE format('GRANT approdo_reader TO %I', current_user);
	END IF;
END
$$;

GRANT USAGE ON SCHEMA views TO approdo_reader;
GRANT SELECT ON views.generation TO approdo_reader;
