// Package enginetest is what a Runner promises of views, as tests over a toy domain. Every engine runs it unchanged.
package enginetest

import (
	"testing"

	"approdo/projections"
)

// Engine is what keeps views, under test.
type Engine struct {
	// Open gives one without tables. It is closed when the test ends.
	Open func(t *testing.T) projections.Engine
	// Tables is a query that counts its tables, besides those that it makes for itself.
	Tables string
}

// rule is one sentence of what is promised.
type rule struct {
	name  string
	check func(t *testing.T, engine Engine)
}

var rules = []rule{
	{"views are a fold of the journal", viewsAreAFoldOfTheJournal},
	{"rows come back as they were written", rowsComeBackAsTheyWereWritten},
	{"queries", queries},
	{"queries that are wrong", queriesThatAreWrong},
	{"Await returns once the write can be read", awaitReturnsOnceTheWriteCanBeRead},
	{"Await ends with its context", awaitEndsWithItsContext},
	{"an unknown event halts only those who want it", anUnknownEventHaltsOnlyThoseWhoWantIt},
	{"a halted projection goes on with a program that knows the event", aHaltedProjectionGoesOnWithAProgramThatKnowsTheEvent},
	{"what is tried again misses nothing", whatIsTriedAgainMissesNothing},
	{"a build takes back what failed", aBuildTakesBackWhatFailed},
	{"a rebuild that would halt changes nothing", aRebuildThatWouldHaltChangesNothing},
	{"readers and writers do not notice a rebuild", readersAndWritersDoNotNoticeARebuild},
	{"an interrupted build is thrown away", anInterruptedBuildIsThrownAway},
	{"a rebuild that is cancelled leaves nothing", aRebuildThatIsCancelledLeavesNothing},
	{"a rebuild tells how far it has come", aRebuildTellsHowFarItHasCome},
	{"a higher version is built beside the old one", aHigherVersionIsBuiltBesideTheOldOne},
	{"tables of another shape do not serve", tablesOfAnotherShapeDoNotServe},
	{"views of another journal are built anew", viewsOfAnotherJournalAreBuiltAnew},
	{"a row that the engine refuses halts its projection only", aRowThatTheEngineRefusesHaltsItsProjectionOnly},
	{"two runners on the same views do not apply twice", twoRunnersOnTheSameViewsDoNotApplyTwice},
	{"old tables that could not be dropped are dropped at the next start", oldTablesThatCouldNotBeDroppedAreDroppedAtTheNextStart},
	{"reads end with their context", readsEndWithTheirContext},
	{"readers cannot write", readersCannotWrite},
	{"a batch is written as a whole or not at all", aBatchIsWrittenAsAWholeOrNotAtAll},
	{"a checkpoint that moved is not saved", aCheckpointThatMovedIsNotSaved},
	{"a reader keeps its state whatever is dropped", aReaderKeepsItsStateWhateverIsDropped},
	{"the ledger is the tree of all records", theLedgerIsTheTreeOfAllRecords},
}

// Run checks every rule, each on an engine of its own.
func Run(t *testing.T, engine Engine) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.check(t, engine)
		})
	}
}
