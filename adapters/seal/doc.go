// Package seal keeps the keys under which personal data is closed, and destroys them.
//
// # Keys
//
//	master key     32 bytes in a file outside the data directory; never written by this package but for the demo
//	wrapping key   HKDF-SHA-256(master key, salt of the generation, "approdo/wrapping"); the salt lies in keys.db
//	data key       32 random bytes per subject and class, in keys.db only, closed by AES-256-GCM under the wrapping key,
//	               with subject, class and generation authenticated
//	box            version byte 1, nonce (12 bytes, random), ciphertext, tag (16 bytes): AES-256-GCM under the data key,
//	               with subject, class and the context authenticated
//	tokens         HMAC-SHA-256 under HKDF(master key, "approdo/tokens"); pseudonyms likewise under a key of their own
//
// A data key is durable (WAL, synchronous=FULL) before anything closed under it leaves Seal: no crash can leave a record in the
// journal whose key was never kept. First seals that arrive together are written together, one fsync for many subjects, both
// classes of a subject at once.
//
// # What forgetting a subject does, and what it cannot do
//
// Forget destroys the subject's data keys, leaves a tombstone, puts all other keys under a new generation of the wrapping key and
// destroys the salt of the old one, then rewrites the file and empties its write-ahead log. Whatever holds the subject's boxes
// (journal, views, indexes, exports, backups of those) then holds noise.
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
package seal
