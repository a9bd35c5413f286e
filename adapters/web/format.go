package web

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode"

	"approdo/domain"
)

var months = map[Lang][12]string{
	Italian: {"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"},
	English: {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

// number writes 1.310 in Italian, 1,310 in English.
func (c catalogue) number(n int) string {
	sep := "."
	if c.lang == English {
		sep = ","
	}
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + sep + digits[i:]
	}
	return sign + digits
}

// metres are written as kilometres with one decimal; below zero they cannot be.
type metres int

// tenths are written with one decimal.
type tenths int

func (c catalogue) tenths(n int) string {
	point := ","
	if c.lang == English {
		point = "."
	}
	return c.number(n/10) + point + strconv.Itoa(n%10)
}

// day writes 20 novembre 2026, 1º maggio 2026; nothing for no day.
func (c catalogue) day(d domain.Date) string {
	if d.IsZero() {
		return ""
	}
	n := strconv.Itoa(d.Day)
	if d.Day == 1 && c.lang == Italian {
		n = "1º"
	}
	return fmt.Sprintf("%s %s %d", n, months[c.lang][d.Month-1], d.Year)
}

// told is a figure of the board: one of too few pupils to be told is not.
func (c catalogue) told(n int) (string, error) {
	switch n {
	case few:
		return c.say(text("board.few"))
	case untold:
		return "–", nil
	}
	return c.number(n), nil
}

// month is the name of a month, cut short for the foot of a drawing.
func (c catalogue) month(n int) string { return string([]rune(months[c.lang][n-1])[:3]) }

// date is a day for people and machines.
func (c catalogue) date(d domain.Date) template.HTML {
	if d.IsZero() {
		return ""
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, d, c.day(d)))
}

// instant is a moment for people, as a clock in Rome shows it, and for machines.
func (c catalogue) instant(t time.Time) template.HTML {
	if t.IsZero() {
		return ""
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s, %s</time>`, t.UTC().Format(time.RFC3339), c.day(domain.DateOf(t)),
		t.In(domain.Rome).Format("15:04")))
}

// person writes personal text, the one place where it reaches a page. What is written in Cyrillic is marked as Ukrainian, so
// that a screen reader changes its voice.
func person(parts ...domain.Personal) template.HTML {
	var out []string
	for _, p := range parts {
		s := template.HTMLEscapeString(p.Reveal())
		if s == "" {
			continue
		}
		if strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
			s = `<span lang="uk">` + s + `</span>`
		}
		out = append(out, s)
	}
	return template.HTML(strings.Join(out, " "))
}

// since tells how long something has waited, in working days.
func since(days int) Text {
	if days <= 0 {
		return text("wait.today")
	}
	return text("wait.since", "count", days)
}

// due tells how many working days are left, or by how many it is late.
func due(days int) Text {
	switch {
	case days < 0:
		return text("wait.late", "count", -days)
	case days == 0:
		return text("wait.due-today")
	}
	return text("wait.due", "count", days)
}
