// Package seal keeps the keys under which personal data is closed, and destroys them.
//
// # Keys
//
//	master key     32 bytes in a file outside the data directory; never written by this package but for the demo
//	wrapping key   HKDF-SHA-256(master key, salt of the generation, "approdo/wrapping"); the salt lies with the data keys
//	data key       32 random bytes per subject and class, in keys.db or the schema "keys" only, closed by AES-256-GCM under the wrapping key,
//	               with subject, class and generation authenticated
//	box            version byte 1, nonce (12 bytes, random), ciphertext, tag (16 bytes): AES-256-GCM under the data key,
//	               with subject, class and the context authenticated
//	tokens         HMAC-SHA-256 under HKDF(master key, "approdo/tokens"); pseudonyms likewise under a key of their own
//
// One machine keeps its keys in a SQLite file, keys.db; several nodes share the schema "keys" of a PostgreSQL database, which may be
// one of its own.
//
// A data key is durable (synchronous=FULL, synchronous_commit=on) before anything closed under it leaves Seal: no crash can leave a
// record in the journal whose key was never kept. First seals that arrive together are written together, one fsync for many
// subjects, both classes of a subject at once.
//
// # What forgetting a subject does, and what it cannot do
//
// Forget destroys the subject's data keys, leaves a tombstone, puts all other keys under a new generation of the wrapping key and
// destroys the salt of the old one. Whatever holds the subject's boxes (journal, views, indexes, exports, backups of those) then
// holds noise.
//
// ForgetClass does the same for one class of a subject's data, so that what is special can go earlier than the rest.
//
// A ledger of tombstones (Erasures) lies outside the data directory, beside the master key. Older keys that somebody brings back forget
// again what it has, before anybody is served.
//
// # What is left of it in a file
//
// The file is rewritten and its write-ahead log emptied.
//
// Protected: the files themselves hold neither the old keys nor the old salt any more, in no freed page and in no log. And a
// fragment of an older state that the file system or the disk kept (a freed or remapped block) opens nothing unless the page with
// the salt of its generation was kept as well: one page among many, overwritten in place (secure_delete) at every forgetting.
//
// Not protected: a whole older copy of keys.db holds the old salt and the old keys together, and with the same master key it
// opens. So backups of keys.db are kept apart from those of the journal and no longer than the retention agreed for erasures,
// and every restore replays the erasures that came after it (Forgotten lists them; Forget takes them all at once, and is
// harmless for those already forgotten). A file system or disk that keeps whole old versions (snapshots, copy on write) counts as
// such a backup. Another process that has the file open may go on opening boxes from its memory for at most a minute.
//
// # What is left of it in a database
//
// Tombstones, new generation and the end of the old one are one transaction, which TRUNCATE empties the tables in: they are files
// of their own afterwards, whatever snapshots other sessions hold, and the old ones are removed when it commits. Other nodes are told
// at once (LISTEN/NOTIFY) and clear their memory; one that cannot hear it may go on opening boxes for at most a minute. While a dump
// reads the tables Forget is ErrUnavailable.
//
// Protected: no table, index or statistic of the server holds the old keys or the old salt any more. Fragments that the file system
// kept open nothing without the block that had the salt of their generation. Unlike in a file, nothing overwrites that block in
// place: it is free, and its content stays on the disk until it is used again.
//
// Not protected, besides whole older copies as above: the server's log of changes (pg_wal) has both keys and salt as they were
// written, until its segments are used again, a checkpoint or some after; its archive and its replicas have them as long as they
// are kept. So do base backups, and dumps. Whoever has one of those and the master key opens what was forgotten since. Retention of
// WAL archive and backups is therefore that agreed for erasures; a server of its own for the keys, small and with an archive of its
// own or none, keeps this from binding the journal's. A server that crashed while it forgot may leave files that belong to no table;
// they hold the generation that was to come. Logging statements with their parameters puts wrapped keys into the server's log.
package seal
