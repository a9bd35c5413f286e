package web

import (
	"math"
	"net/http"

	"approdo/domain"
	"approdo/domain/ledger"
	"approdo/projections/audit"
	"approdo/projections/readings"
)

// Watch is what those who oversee find first on their home page: figures, and the names a person has open.
type Watch struct {
	Title Text
	Lead  bool // before the cases, for whoever has no other work here
	Open  []Callout
	Tiles []Tile
}

// watch counts what was read of late; for the Prefettura also what it answers for.
func (s *site) watch(r *http.Request, g *registers) (c Watch, err error) {
	a, now := actorOf(r), s.Clock()
	today := domain.DateOf(now)
	watched, err := s.watched(g, today)
	if err != nil {
		return c, err
	}
	unusual := 0
	for _, d := range watched {
		if len(d.Reasons) > 0 {
			unusual++
		}
	}
	opened, err := readings.OpeningsSince(g.views, today.AddDays(-watchedDays).Start())
	if err != nil {
		return c, err
	}
	late := text("watch.days", "days", watchedDays)
	read := Tile{Tone: alarm(unusual), Label: text("watch.unusual"), Value: unusual, Note: late, Href: readingsPath + "#unusual"}
	names := Tile{Tone: alarm(len(opened)), Label: text("watch.names"), Value: len(opened), Note: late, Href: readingsPath + "#names"}
	if a.Role != domain.RolePrefettura {
		return Watch{Title: text("watch.title"), Tiles: []Tile{names, read}}, nil
	}
	c = Watch{Title: text("watch.prefettura"), Lead: true}
	for _, x := range opened {
		if x.Account == a.Account && now.Before(x.Until) {
			c.Open = append(c.Open, Callout{Tone: Warning, Title: text("watch.open", "instant", x.Until.In(domain.Rome).Format("15:04")),
				Cells: []Cell{code(s.pseudonym(a, x.Case)).to(trailPath(x.Case))}})
		}
	}
	standing := 0
	for _, p := range g.land.Suspensions() {
		if !now.Before(p.From) && !p.Over(now) {
			standing++
		}
	}
	acts, err := audit.Count(g.views, today)
	if err != nil {
		return c, err
	}
	signed, err := s.lastSigned(r)
	if err != nil {
		return c, err
	}
	c.Tiles = []Tile{{Tone: alarm(standing), Label: text("watch.suspensions"), Value: standing, Href: "/territorio/sospensioni"},
		{Tone: Info, Label: text("watch.today"), Value: acts, Href: dayPath(today)}, read, names, signed}
	return c, nil
}

// lastSigned is what of the journal was signed last.
func (s *site) lastSigned(r *http.Request) (Tile, error) {
	t := Tile{Tone: Success, Label: text("watch.signed"), Href: proofsPath}
	newest, err := s.Ledger.Newest(r.Context(), math.MaxInt64, 1)
	if err != nil {
		return t, err
	}
	refused, _, err := s.Ledger.Refused(r.Context())
	last := ledger.Signed{}
	if len(newest) > 0 {
		last = newest[0]
	}
	switch t.Value = int(last.Size); {
	case refused != "":
		t.Tone, t.Note = Danger, text("watch.not-signed")
	case last.Size == 0:
		t.Tone, t.Note = Warning, text("ledger.none")
	default:
		t.Note = text("watch.signed-at", "day", domain.DateOf(last.At), "hour", last.At.In(domain.Rome).Format("15:04"))
	}
	return t, err
}

// alarm warns of whatever there is.
func alarm(n int) Tone {
	if n > 0 {
		return Warning
	}
	return Success
}
