package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
)

// asOf is the instant whose knowledge board, lists and case pages show. It stands in the address, and goes from one page to the next with it.
type asOf struct {
	day, hour string
	at        time.Time // UTC; zero for all that is known
}

// knownOf reads the instant from an address: at the hour, or at the end of the day where there is none. An instant to come is now.
func (s *site) knownOf(r *http.Request) (k asOf, err error) {
	v := r.URL.Query()
	return knownAt(s.Clock(), v.Get("noto"), v.Get("ora"), "noto", "ora")
}

func knownAt(now time.Time, day, hour, dayField, hourField string) (k asOf, err error) {
	if day == "" {
		return asOf{}, nil
	}
	d, err := domain.ParseDate(day)
	if err != nil {
		return asOf{}, errDate.On(dayField)
	}
	t := d.AddDays(1).Start().Add(-time.Microsecond)
	if hour != "" {
		clock, err := time.Parse("15:04", hour)
		if err != nil {
			clock, err = time.Parse(time.TimeOnly, hour)
		}
		if err != nil {
			return asOf{}, errHour.On(hourField)
		}
		t = time.Date(d.Year, d.Month, d.Day, clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), domain.Rome).UTC()
	}
	if t.After(now) {
		return asOf{}, nil
	}
	return asOf{day, hour, t}, nil
}

func (k asOf) past() bool { return !k.at.IsZero() }

// or is the instant, and otherwise now.
func (k asOf) or(now time.Time) time.Time {
	if k.past() {
		return k.at
	}
	return now
}

func (k asOf) add(v url.Values) {
	if k.past() {
		v.Set("noto", k.day)
		if k.hour != "" {
			v.Set("ora", k.hour)
		}
	}
}

// on gives an address of ours the instant.
func (k asOf) on(href string) string {
	if !k.past() || href == "" {
		return href
	}
	v := url.Values{}
	k.add(v)
	if strings.Contains(href, "?") {
		return href + "&" + v.Encode()
	}
	return href + "?" + v.Encode()
}

// callout says that a page shows the past, and leads back to now.
func (k asOf) callout(now string) Callout {
	return Callout{Tone: Warning, Title: text("known.title", "instant", k.at), Text: text("known.text"), Cells: []Cell{say(text("known.back")).to(now)}}
}

// fields ask for the instant.
func (k asOf) fields() []Field {
	return []Field{{Name: "noto", Kind: FieldDate, Label: text("known.day"), Optional: true}, {Name: "ora", Kind: FieldTime, Label: text("known.hour"), Optional: true}}
}

// pastRows are the lines of cases as they were known, of those the reader may still see and could see then, and how many are not.
func (s *site) pastRows(r *http.Request, g *registers, cases []uuid.UUID, k asOf) (rows []Row, others int, err error) {
	for _, id := range cases {
		file, err := s.Desk.Case(r.Context(), actorOf(r), id)
		if err == nil {
			file, err = file.AsOf(k.at)
		}
		if isAbsent(err) {
			others++
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		row, err := s.pastRow(r, g, file, k)
		if err != nil {
			return nil, 0, err
		}
		rows = append(rows, row)
	}
	return rows, others, nil
}

func (s *site) pastRow(r *http.Request, g *registers, f desk.File, k asOf) (Row, error) {
	opened, err := f.Open(r.Context(), access.Name)
	if err != nil {
		return Row{}, err
	}
	return s.rowOf(g, lineOf(f), opened.Identity, k)
}
