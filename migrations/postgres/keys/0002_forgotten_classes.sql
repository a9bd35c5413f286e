-- One class of a subject's data (the special categories of GDPR art. 9) can be forgotten before the rest. Those forgotten altogether
-- stand in "forgotten", as before.
CREATE TABLE keys.forgotten_classes (
	subject uuid NOT NULL,
	class   text COLLATE "C" NOT NULL,
	at      timestamptz NOT NULL,
	PRIMARY KEY (subject, class)
);
