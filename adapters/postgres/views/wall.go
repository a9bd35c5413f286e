package views

import (
	"fmt"
	"slices"
	"strings"

	"approdo/projections"
)

// walls are the statements that let those who read on behalf of an actor see the rows that are his. The program itself, which owns
// the table, sees and changes all of them.
func walls(name string, t *projections.Schema) []string {
	name = quote(name)
	return []string{
		"ALTER TABLE " + name + " ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
		"CREATE POLICY keeper ON " + name + " TO CURRENT_USER USING (true) WITH CHECK (true)",
		"CREATE POLICY wall ON " + name + " FOR SELECT TO approdo_reader USING (" + condition(t.Wall) + ")",
		"GRANT SELECT ON " + name + " TO approdo_reader",
	}
}

// condition says of a row whether the actor sees it. Whoever is not named in a wall sees nothing.
func condition(w projections.Wall) string {
	if w == nil {
		return "true"
	}
	var doors []string
	for role, column := range w {
		door := fmt.Sprintf("current_setting('approdo.role', true) = '%s'", strings.ReplaceAll(string(role), "'", "''"))
		if column != "" {
			door = fmt.Sprintf("(%s AND %s = current_setting('approdo.body', true))", door, quote(column))
		}
		doors = append(doors, door)
	}
	slices.Sort(doors)
	return strings.Join(append(doors, "false"), " OR ")
}
