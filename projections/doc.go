// Package projections keeps views of the journal: tables that answer questions, can be thrown away and are built anew.
//
// # Writing a view
//
// A view is a package of its own. It declares its tables as variables (TableOf for rows that change, LogOf for rows that are only
// added), what each event does to them (Projection), and its questions as functions of a Snapshot. The package's example is a
// whole view. Fold tests what events do; questions are tested where there is an engine.
//
// What a projection may count on:
//   - Events come in the order of the journal. However often the journal delivers one, the tables see it once.
//   - What Apply did for a record counts as a whole, or not at all when it fails.
//   - All views of a page of the journal are committed at once, with their checkpoints. A Snapshot sees one state of all.
//   - Get and Put work in memory. Rows are read from the engine when they are wanted and written in bulk.
//
// # Keeping them
//
// A Runner subscribes to the journal, reads and decodes each record once for all projections, and commits. A projection whose
// version or tables are new is built beside the others, in tables of a new Generation, and swapped in; so does Rebuild. A
// projection that meets an event it has no type for halts, and shows where; it never skips, and the others go on.
//
// Tables live on an Engine. The SQL of questions is what SQLite and PostgreSQL have in common.
package projections
