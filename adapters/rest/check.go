package rest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"approdo/domain"
	"approdo/domain/grade"
)

// checker gathers every field at fault.
type checker struct{ errs domain.Errors }

func (c *checker) fail(field, code string) { c.errs = append(c.errs, domain.Invalid(code).On(field)) }

// note adds what a parser said, under the name of the field.
func (c *checker) note(field string, err error, code string) {
	if err != nil {
		c.fail(field, code)
	}
}

func (c *checker) err() error {
	if len(c.errs) == 0 {
		return nil
	}
	return c.errs
}

func (c *checker) required(field string, p domain.Personal) {
	if strings.TrimSpace(p.Reveal()) == "" {
		c.fail(field, "field-required")
	}
}

// The longest texts, in characters: of a field, and of what somebody writes about a case.
const (
	longestText  = 200
	longestWords = 2000
)

// words reads free text.
func (c *checker) words(field string, p domain.Personal) domain.Personal {
	s := strings.TrimSpace(p.Reveal())
	if utf8.RuneCountInString(s) > longestWords {
		c.fail(field, "text-too-long")
	}
	return domain.NewPersonal(s)
}

// level reads a grade that must be given.
func (c *checker) level(field, text string) grade.Level {
	if text == "" {
		c.fail(field, "field-required")
		return grade.Level{}
	}
	l, err := grade.ParseLevel(text)
	c.note(field, err, "grade-unknown")
	return l
}

// school reads the code of a site that must be given.
func (c *checker) school(field, text string) domain.School {
	if text == "" {
		c.fail(field, "field-required")
		return ""
	}
	code, err := domain.ParseSchool(text)
	c.note(field, err, "school-code-malformed")
	return code
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
