package web

import (
	"net/http"
	"strings"

	"approdo/domain/basis"
)

// reasonFamilies are the texts of the coded reasons, by the stored name of the event that gives them.
var reasonFamilies = map[string]string{
	"case.grade-determined": "resolution.",
	"case.handed-over":      "handover.",
	"case.offer-declined":   "decline.",
	"case.offer-withdrawn":  "withdrawn.",
	"case.closed":           "closure.",
	"case.erasure-proposed": "erasure.",
	"case.erasure-rejected": "rejection.",
	"case.pupil-erased":     "erasure.",
	"case.health-erased":    "erasure.",
	"case.restricted":       "restriction.",
	"reading.name-opened":   "opening.",
	"account.suspended":     "account-reason.",
	"account.closed":        "account-reason.",
}

// lawWords cites the laws of a stored event name.
func (s *site) lawWords(r *http.Request, name string) string {
	sources, _ := basis.Of(name)
	var words []string
	for _, x := range sources {
		words = append(words, s.spoken(r, text("law."+string(x))))
	}
	return strings.Join(words, "; ")
}

// markWords say by what an act was decided.
func (s *site) markWords(r *http.Request, name string, marks []basis.Mark) string {
	var words []string
	for _, m := range marks {
		words = append(words, s.spokenMark(r, name, m))
	}
	return strings.Join(words, "; ")
}

func (s *site) spokenMark(r *http.Request, name string, m basis.Mark) string {
	switch m.Kind {
	case basis.Routing, basis.Clocks, basis.Ceiling, basis.Retention, basis.Weights:
		said := s.spoken(r, text("basis."+string(m.Kind), "version", m.Value))
		if !m.Since.IsZero() {
			said = s.spoken(r, text("basis.since", "what", said, "day", m.Since))
		}
		if m.Derived {
			said = s.spoken(r, text("basis.derived", "what", said))
		}
		return said
	case basis.Trial:
		return s.spoken(r, text("case.provisional"))
	case basis.Reason:
		return s.spoken(r, text("basis.reason", "what", s.codeWords(r, reasonFamilies[name], m.Value)))
	case basis.Override:
		return s.spoken(r, text("basis.override", "what", s.spokenCell(r, s.overridden(m.Value))))
	case basis.Term:
		return s.spoken(r, text("basis.term", "what", s.codeWords(r, "case.clock-", m.Value)))
	}
	return s.spoken(r, text("basis."+string(m.Kind), "what", m.Value)) // a resolution's reference, the number of a suspension
}

// codeWords are those of a family for a code, or the code.
func (s *site) codeWords(r *http.Request, family, name string) string {
	return s.spokenCell(r, s.wordsFor(family, name))
}

// spokenCell is a cell of words or of a code as text.
func (s *site) spokenCell(r *http.Request, c Cell) string {
	if c.Text.IsZero() {
		return c.Code + c.Plain
	}
	return s.spoken(r, c.Text)
}

// basisCell cites the laws of an act, and below says by what it was decided.
func (s *site) basisCell(r *http.Request, name string, marks []basis.Mark) Cell {
	laws, decided := s.lawWords(r, name), s.markWords(r, name, marks)
	switch {
	case laws == "":
		return plain(decided)
	case decided == "":
		return plain(laws)
	}
	return plain(laws).over(plain(decided))
}
