package web

import (
	"time"

	"approdo/domain"
)

// Tone is what a colour says; every tone also has words or a mark, so that nothing is told by colour alone.
type Tone string

// The tones of badges, callouts, notices and moments.
const (
	Neutral Tone = "neutral"
	Info    Tone = "info"
	Success Tone = "success"
	Warning Tone = "warning"
	Danger  Tone = "danger"
)

// Badge is a state in a word or two.
type Badge struct {
	Tone Tone
	Text Text
}

// Cell is a value as tables, definition lists and timelines show it: one of text, register name, person, day, instant, number
// or badge; perhaps a link; perhaps a second line.
type Cell struct {
	Text   Text
	Plain  string // a name or code of a register, the same in every language
	Code   string // like Plain, in letters of one width
	Person []domain.Personal
	Date   domain.Date
	At     time.Time
	Number *int
	Badge  Badge
	Href   string
	Second *Cell
}

func say(t Text) Cell                 { return Cell{Text: t} }
func plain(s string) Cell             { return Cell{Plain: s} }
func code(s string) Cell              { return Cell{Code: s} }
func named(p ...domain.Personal) Cell { return Cell{Person: p} }
func on(d domain.Date) Cell           { return Cell{Date: d} }
func at(t time.Time) Cell             { return Cell{At: t} }
func count(n int) Cell                { return Cell{Number: &n} }
func badge(t Tone, s Text) Cell       { return Cell{Badge: Badge{t, s}} }

// to makes the value a link.
func (c Cell) to(href string) Cell {
	c.Href = href
	return c
}

// over puts a second, quieter value below.
func (c Cell) over(second Cell) Cell {
	c.Second = &second
	return c
}

// Column is a column of a Table. The first one names the row.
type Column struct {
	Label   Text
	Numeric bool
}

// Row is a row of a Table, with a cell for every column. Tone marks its edge.
type Row struct {
	Tone  Tone
	Cells []Cell
}

// Table is a table that turns into cards on a phone. Without rows it shows Empty instead.
type Table struct {
	Caption Text
	Columns []Column
	Rows    []Row
	Empty   Empty
	Pager   Pager
	// Downloads lead to the whole list as a file.
	Downloads []Action
}

// Pager leads through a long list by its keys: there are no page numbers, so that no list has to be counted. Shown and
// Next are empty where there is nothing to lead to.
type Pager struct {
	Shown Text
	First string
	Next  string
}

// Empty says that there is nothing, and what that means; perhaps what to do.
type Empty struct {
	Title, Text Text
	Action      Action
}

// Action is a link that looks like a button.
type Action struct {
	Text Text
	Href string
}

// Callout is a remark that must not be missed.
type Callout struct {
	Tone  Tone
	Title Text
	Text  Text
	Cells []Cell // shown as a list below the text
}

// Pair is a term and its value in a definition list.
type Pair struct {
	Term  Text
	Value Cell
}

// Moment is an entry of a timeline, newest first by convention.
type Moment struct {
	Tone   Tone
	At     time.Time
	Title  Text
	By     Cell // who did it
	Detail []Pair
}

// Tile is a figure with its name, linking to what it counts.
type Tile struct {
	Tone  Tone
	Label Text
	Value int
	Note  Text
	Href  string
}

// Bar is one line of a simple bar chart; the longest in a Bars is Most.
type Bar struct {
	Label Cell
	Value int
}

// Bars is a bar chart that reads as a list of figures.
type Bars struct {
	Caption Text
	Bars    []Bar
}

// Most is the largest value, at least 1.
func (b Bars) Most() int {
	most := 1
	for _, x := range b.Bars {
		most = max(most, x.Value)
	}
	return most
}

// Crumb is a step of the way to the page. The last one is the page itself and links nowhere.
type Crumb struct {
	Text Text
	Href string
}
