// Package statetest is what every engine that keeps the state of nodes must do, as tests. The ports are those that sessions, pages,
// API and policies declare; this is their union, and it knows no engine.
package statetest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain/event"
	"approdo/domain/policy"
)

// Store is the state as one node sees it.
type Store interface {
	Reserve(ctx context.Context, account uuid.UUID, login, link []byte, now, expires time.Time) (bool, error)
	Withdraw(ctx context.Context, account uuid.UUID) error
	Invitation(ctx context.Context, link []byte) (account uuid.UUID, expires time.Time, used bool, err error)
	Accept(ctx context.Context, link []byte, hash string, now time.Time) (bool, error)
	Credential(ctx context.Context, login []byte) (account uuid.UUID, hash string, err error)
	Password(ctx context.Context, account uuid.UUID) (hash string, err error)
	ReplacePassword(ctx context.Context, account uuid.UUID, old, hash string) (bool, error)
	Passwords(ctx context.Context, each func(account uuid.UUID, login []byte, hash string) error) error
	Adopt(ctx context.Context, account uuid.UUID, login []byte, hash string) (bool, error)
	Drop(ctx context.Context, account uuid.UUID) error

	Bind(ctx context.Context, account uuid.UUID, identity []byte, now time.Time) (bool, error)
	Bound(ctx context.Context, identity []byte) (uuid.UUID, error)
	BoundSince(ctx context.Context, account uuid.UUID) (time.Time, error)
	Unbind(ctx context.Context, account uuid.UUID) error
	Identities(ctx context.Context, each func(account uuid.UUID, identity []byte, since time.Time) error) error
	AcceptIdentity(ctx context.Context, link []byte, hash string, identity []byte, now time.Time) (bool, error)
	SetOut(ctx context.Context, state, browser []byte, account uuid.UUID, errand []byte, expires time.Time) error
	Return(ctx context.Context, state, browser []byte, now time.Time) (account uuid.UUID, errand []byte, err error)

	AskRecovery(ctx context.Context, id uuid.UUID, login []byte, now time.Time) error
	Recoveries(ctx context.Context, each func(id uuid.UUID, login []byte, at time.Time) error) error
	DropRecovery(ctx context.Context, id uuid.UUID) error
	MarkPosted(ctx context.Context, invitation uuid.UUID, now time.Time) error
	Posted(ctx context.Context, invitation uuid.UUID) (bool, error)

	BeginSession(ctx context.Context, token []byte, account uuid.UUID, proof string, created, expires time.Time) error
	BeginByPassword(ctx context.Context, token []byte, account uuid.UUID, hash, proof string, created, expires time.Time) (bool, error)
	RaiseSession(ctx context.Context, old, token []byte, proof string, created, expires time.Time) (bool, error)
	Session(ctx context.Context, token []byte) (
		account uuid.UUID, proof string, factors int, created, seen, expires time.Time, err error)
	TouchSession(ctx context.Context, token []byte, seen, expires time.Time) error
	EndSession(ctx context.Context, token []byte) error
	EndSessions(ctx context.Context, account uuid.UUID) error

	Sessions(ctx context.Context, account uuid.UUID, each func(token []byte, proof string, created, seen, expires time.Time) error) error
	EndOtherSessions(ctx context.Context, account uuid.UUID, token []byte) error

	AddFactor(ctx context.Context, factor, account uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error
	Factors(ctx context.Context, account uuid.UUID,
		each func(factor uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error) error
	MarkFactor(ctx context.Context, factor uuid.UUID, mark int64) (bool, error)
	RemoveFactor(ctx context.Context, account, factor uuid.UUID, lastStays bool) (bool, error)
	DropFactors(ctx context.Context, account uuid.UUID, until time.Time) error
	SetRecoveryCodes(ctx context.Context, account uuid.UUID, codes [][]byte) error
	FirstRecoveryCodes(ctx context.Context, account uuid.UUID, codes [][]byte) (bool, error)
	RecoveryCodes(ctx context.Context, account uuid.UUID) ([][]byte, error)
	UseRecoveryCode(ctx context.Context, account uuid.UUID, code []byte) (bool, error)
	Ask(ctx context.Context, session []byte, kind string, account uuid.UUID, sealed []byte, expires time.Time) error
	Question(ctx context.Context, session []byte, kind string) (sealed []byte, expires time.Time, err error)
	Answered(ctx context.Context, session []byte, kind string, sealed []byte) (bool, error)

	Try(ctx context.Context, key []byte, now time.Time, judge func(count int, last time.Time) (int, time.Time)) (time.Time, error)
	TakeBack(ctx context.Context, key []byte) error
	ForgetTries(ctx context.Context, key []byte) error

	SaveDraft(ctx context.Context, account, draft uuid.UUID, kind string, sealed []byte, now time.Time) error
	Draft(ctx context.Context, account, draft uuid.UUID) (kind string, sealed []byte, updated time.Time, err error)
	Drafts(ctx context.Context, account uuid.UUID, kind string, each func(draft uuid.UUID, sealed []byte, updated time.Time) error) error
	EachDraft(ctx context.Context, kind string, each func(account, draft uuid.UUID, sealed []byte) error) error
	DropDraftsBefore(ctx context.Context, last time.Time) error
	DropAnswersAbout(ctx context.Context, of uuid.UUID) error
	Scrub(ctx context.Context) error
	DropDraft(ctx context.Context, account, draft uuid.UUID) error

	Claim(ctx context.Context, account uuid.UUID, key, request []byte, now time.Time) (
		same bool, status int, position uint64, location string, err error)
	Answer(ctx context.Context, account uuid.UUID, key []byte, status int, position uint64, location string) error

	Purge(ctx context.Context, now time.Time) error
	Imports
}

// Checkpoints says how far policies have come.
type Checkpoints interface {
	Load(ctx context.Context, policy string) (event.Position, error)
	Save(ctx context.Context, policy string, p event.Position) error
	All(ctx context.Context) (map[string]event.Position, error)
}

// Parking keeps what policies could not deal with.
type Parking interface {
	Park(ctx context.Context, p policy.Parked) error
	Find(ctx context.Context, id uuid.UUID) (policy.Parked, error)
	Waiting(ctx context.Context, policy, stream string) ([]policy.Parked, error)
	All(ctx context.Context) ([]policy.Parked, error)
	Unpark(ctx context.Context, id uuid.UUID) error
	Drop(ctx context.Context, id, by uuid.UUID, reason policy.DropReason, at time.Time) error
}

// Node is one of several that share a state.
type Node struct {
	Store
	Checkpoints Checkpoints
	Parking     Parking
	Ledger      Ledger
	Notices     Notices
}

// nodes are two on one state. What one has done the other sees at once.
type nodes struct{ one, other Node }

// Contract runs every rule on two nodes over a state of its own, and says how many there are.
func Contract(t *testing.T, open func(t *testing.T) (one, other Node)) {
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, other := open(t)
			rule(t, nodes{one, other})
		})
	}
	t.Logf("%d rules", len(rules))
}

// rules are promises of the ports, one test each.
var rules = map[string]func(*testing.T, nodes){
	"a login is reserved as long as its invitation stands":         reserved,
	"a login is free where nobody chose a password":                withdrawn,
	"a link is accepted once, in time":                             accepted,
	"a password outlives a renewal":                                renewed,
	"a password is replaced only by who knew it":                   replaced,
	"a password from elsewhere is adopted and never replaces one":  adopted,
	"what is dropped is gone":                                      dropped,
	"an identity is one account's":                                 identities,
	"a link is accepted for an identity, or not at all":            acceptedFor,
	"a browser comes back once, in time":                           errands,
	"what was asked and what was posted is remembered":             mail,
	"race: one of many has an identity":                            raceBind,
	"race: one of many uses a link for an identity":                raceAcceptIdentity,
	"race: one of many comes back":                                 raceReturn,
	"sessions begin, move and end":                                 sessions,
	"sessions begin by the password of now, and rise while alive":  provenSessions,
	"an account's sessions are listed and ended but one":           sessionList,
	"factors are kept, marked upwards and taken away":              factors,
	"a reset takes what was there when it was asked for":           reset,
	"a recovery code is used once":                                 recovery,
	"a question is answered once, by the session it was asked":     questions,
	"race: one of many marks a factor":                             raceMark,
	"race: one of many uses a recovery code":                       raceRecovery,
	"race: one of many answers a question":                         raceAnswered,
	"tries are judged on the one before":                           tries,
	"drafts are their account's alone":                             drafts,
	"drafts and answers about a case are dropped, and scrubbed":    scrubbed,
	"a sheet is taken in row by row":                               imports,
	"a sheet is kept for a week":                                   importsEnd,
	"race: one of many works at a sheet":                           raceClaimImport,
	"an answer is repeated for a day":                              answers,
	"purge removes what has ended and nothing else":                purged,
	"a caller who leaves leaves nothing behind":                    left,
	"a caller who has left is told so":                             gone,
	"a checkpoint is the last that was saved":                      checkpoints,
	"parked records wait by position and keep their first failure": parking,
	"a parked record is given up once":                             givenUp,
	"a notice is queued once and leaves in one message":            notices,
	"a notice that did not leave waits, fails or is asked for":     noticesBack,
	"notices are kept for a month, and preferences until dropped":  noticesEnd,
	"race: one of many sends what is due":                          raceClaimNotices,
	"race: one of many queues a notice":                            raceQueue,
	"checkpoints of the ledger only grow":                          signing,
	"race: one of many signs":                                      raceSign,
	"race: one of many reserves a login":                           raceReserve,
	"race: an account that is invited at once has one link":        raceRenew,
	"race: one of many uses a link":                                raceAccept,
	"race: one of many replaces a password":                        raceReplace,
	"race: tries are judged one after the other":                   raceTries,
	"race: the first tries of a key are counted":                   raceFirstTries,
	"race: tries are taken back one by one":                        raceTakeBack,
	"race: one request has a key":                                  raceClaim,
	"race: the first answer stays":                                 raceAnswer,
	"race: a key that ran out is taken once":                       raceClaimAgain,
	"race: a draft has one account":                                raceDraft,
	"race: an ended session is not brought back":                   raceTouch,
	"race: no session outlives the password it was begun by":       raceOutlive,
	"race: a session rises once, and not when it has ended":        raceRaise,
	"race: the last factor stays":                                  raceRemove,
	"race: recovery codes are told once":                           raceCodes,
	"race: a checkpoint is one that was saved":                     raceCheckpoint,
	"race: attempts add up":                                        racePark,
	"race: one of many gives a record up":                          raceGiveUp,
	"race: everybody purges":                                       racePurge,
}

var (
	now      = time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
	tomorrow = now.Add(24 * time.Hour)
	anna     = uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	bruno    = uuid.MustParse("018f0000-0000-7000-8000-000000000002")
	annas    = []byte("token of anna's login")
	link1    = []byte("link 1")
	link2    = []byte("link 2")
	token1   = []byte("token 1")
	token2   = []byte("token 2")
	key      = []byte("key")
)

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is wants a value and no error.
func is[V comparable](t *testing.T, want V) func(V, error) {
	t.Helper()
	return func(got V, err error) {
		t.Helper()
		if err != nil || got != want {
			t.Fatalf("got %v, %v; want %v", got, err, want)
		}
	}
}

// crowd is how many do the same at once in a race.
const crowd = 12

// race has a crowd, half of it on each node, do something at once, and counts those who are told true.
func (n nodes) race(t *testing.T, do func(i int, n Node) (bool, error)) (won int) {
	t.Helper()
	var winners atomic.Int32
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range crowd {
		node := []Node{n.one, n.other}[i%2]
		all.Go(func() {
			<-begin
			told, err := do(i, node)
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
			if told {
				winners.Add(1)
			}
		})
	}
	close(begin)
	all.Wait()
	return int(winners.Load())
}
