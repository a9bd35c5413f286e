package notice

import (
	"approdo/domain"
	"approdo/domain/event"
)

// ReturnTypes are the stored names of the events of a Monday return that matter to whoever is told of it: one asks, the other answers.
func ReturnTypes() []string { return []string{"return.reminded", "return.validated"} }

// OfReturn is what the people of a school are told of a reminder.
func OfReturn(r event.Record, i domain.Institution, monday domain.Date) Notice {
	return Notice{Event: r.ID, What: r.Type, Kind: Return, Role: domain.RoleSchool, Body: string(i), At: r.Meta.At.UTC(), Monday: monday}
}
