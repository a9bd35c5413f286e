// Package archive is how a backup lies on a disk.
//
// # A set
//
// A set is a folder, named by instant and position, that appears whole or not at all: it is written under a name that ends in ".part",
// made durable, and renamed. In it lie
//
//	manifest.json  in clear: of which journal, up to where, size and root of its ledger; size, SHA-256 and recipients of each archive
//	journal.age    the records, in their order; personal data in them is closed under keys that are not there
//	state.age      what a service has beside its journal and cannot make anew, as one JSON value
//	keys.age       the keys of pupils as they are kept, closed under the master key, as one JSON value
//
// The keys may lie in a folder of their own, of the same name and with the same manifest: whoever has one of the two reads nothing
// personal, and neither has the master key. A set may begin where an older one ends (Facts.Since): then its journal.age has only what
// came after, and it is worth as much as the older one beside it.
//
// # An archive
//
// An archive is an age file (age-encryption.org/v1) of frames, perhaps with gzip between. A frame is its length as an unsigned varint
// and as many bytes. The first is the header, the last repeats the facts of the manifest, and a frame of length 0 stands before it:
// so an archive of another set, one that was cut and a manifest that was altered are found by whoever has an identity.
//
// # What it does not protect from
//
// Whoever can write where the sets lie can make a whole set anew: age tells who may read, not who wrote. What is signed is the
// checkpoint of the ledger, and one of those, kept elsewhere, is what a restored journal is to be held against.
package archive

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"approdo/domain/event"
)

// Kind is which archive of a set.
type Kind string

// The archives of a set.
const (
	Journal Kind = "journal"
	State   Kind = "state"
	Keys    Kind = "keys"
)

// File is the archive's name in the folder of its set.
func (k Kind) File() string { return string(k) + ".age" }

// Facts say what a set is. They hold nothing personal.
type Facts struct {
	Set     uuid.UUID      `json:"set"`
	Taken   time.Time      `json:"taken"`   // UTC, when it was begun
	Program string         `json:"program"` // the version that took it
	Engine  string         `json:"engine"`  // of the journal
	Journal string         `json:"journal"` // event.Name
	Head    event.Position `json:"head"`    // of the last record, in that journal
	Size    int64          `json:"size"`    // records of the whole journal up to there
	Root    tlog.Hash      `json:"root"`    // of the ledger over them (RFC 6962)
	Since   Base           `json:"since,omitzero"`
}

// Base is the set that another one continues.
type Base struct {
	Name string    `json:"name"` // of its folder, which lies beside
	Set  uuid.UUID `json:"set"`
	Size int64     `json:"size"`
	Root tlog.Hash `json:"root"`
}

// Name is that of the folder. Names in their order are sets in theirs.
func (f Facts) Name() string {
	return fmt.Sprintf("%s%s-%012d", prefix, f.Taken.UTC().Format("20060102T150405Z"), f.Head)
}

const (
	prefix       = "approdo-"
	part         = ".part"
	manifestFile = "manifest.json"
	format       = "approdo-backup-1"
)

// Manifest is what manifest.json says.
type Manifest struct {
	Format string `json:"format"`
	Facts
	Archives []Archive `json:"archives"`
}

// Archive is one file of a set.
type Archive struct {
	Kind       Kind     `json:"archive"`
	Bytes      int64    `json:"bytes"`
	SHA256     string   `json:"sha256"` // in hex
	Recipients []string `json:"recipients"`
}

// header is the first frame of an archive.
type header struct {
	Format     string    `json:"format"`
	Set        uuid.UUID `json:"set"`
	Kind       Kind      `json:"archive"`
	Recipients []string  `json:"recipients"`
}

// Reason is why a set cannot be trusted.
type Reason string

// The reasons of a Fault.
const (
	Missing    Reason = "missing"          // the file is not there
	Unfinished Reason = "unfinished"       // the backup was interrupted
	NoManifest Reason = "manifest"         // the manifest cannot be read
	Unknown    Reason = "unknown-format"   // it is of another version of this format
	Cut        Reason = "cut"              // the archive is shorter than it was
	Changed    Reason = "changed"          // the archive is not the one that was written
	Mixed      Reason = "mixed"            // the archive belongs to another set
	Altered    Reason = "manifest-altered" // the manifest says something else than the archive
	Stranger   Reason = "wrong-identity"   // no identity opens it
	Damaged    Reason = "damaged"          // it opens and does not read to its end
	NoBase     Reason = "base-missing"     // the set that it continues is not beside it
	OtherBase  Reason = "base-other"       // what is beside it is not the set that it continues
	OtherRoot  Reason = "root-differs"     // the records are not those of the manifest
)

// Fault says of which file a set cannot be trusted, and why.
type Fault struct {
	Reason Reason
	File   string
	Err    error // may be nil
}

func (f *Fault) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("archive: %s: %s", f.File, f.Reason)
	}
	return fmt.Sprintf("archive: %s: %s: %v", f.File, f.Reason, f.Err)
}

func (f *Fault) Unwrap() error { return f.Err }
