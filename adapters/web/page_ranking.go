package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/matching"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/plans"
	"approdo/projections/ranking"
)

// The ranking of schools for a case, and why one of them stands where it does. Both are of any instant.

// shortRanking is how many schools a page shows unless all are asked for, and fewOffered how many an offer can choose among.
const (
	shortRanking = 25
	fewOffered   = 12
)

// rankingPath is where the schools of a case stand in order; with a school it is that school's sheet.
func rankingPath(id uuid.UUID, more ...domain.School) string {
	path := "/pratiche/" + id.String() + "/scuole"
	for _, x := range more {
		path += "/" + string(x)
	}
	return path
}

// offeredAt is the instant before an offer, at which the place it took was still free.
func offeredAt(t time.Time) asOf {
	before := t.Add(-time.Millisecond).In(domain.Rome).Truncate(time.Millisecond)
	return asOf{day: domain.DateOf(before).String(), hour: before.Format("15:04:05.000"), at: before.UTC()}
}

// rank puts schools in order for a case, as it was known then.
func (s *site) rank(r *http.Request, f desk.File, k asOf) (ranking.Ranking, error) {
	var household []uuid.UUID
	err := s.read(r, func(v *projections.Snapshot) (err error) {
		household, err = ranking.Household(v, f)
		return err
	})
	if err != nil {
		return ranking.Ranking{}, err
	}
	last, err := plans.Last(r.Context(), s.Views, s.Desk, f.State, k.at)
	if err != nil {
		return ranking.Ranking{}, err
	}
	return ranking.Of(r.Context(), s.Desk, s.Board, f, household, last, k.at)
}

// rankedFile is the case of an address and the ranking for it, at the instant the address names.
func (s *site) rankedFile(r *http.Request) (f desk.File, x ranking.Ranking, k asOf, err error) {
	id, err := caseID(r)
	if err != nil {
		return f, x, k, err
	}
	if k, err = s.knownOf(r); err != nil {
		return f, x, k, err
	}
	if f, err = s.Desk.Case(r.Context(), actorOf(r), id); err != nil {
		return f, x, k, err
	}
	if k.past() {
		if f, err = f.AsOf(k.at); err != nil {
			return f, x, k, err
		}
	}
	x, err = s.rank(r, f, k)
	return f, x, k, err
}

// reasonText puts a reason into words.
func reasonText(x matching.Ranked, r matching.Reason) Text {
	switch r.Code {
	case matching.ReasonWay:
		if x.SameComune && x.To != matching.AtSite {
			return text("rank.same-comune", "way", metres(r.Metres))
		}
		return text("rank.way", "way", metres(r.Metres))
	case matching.ReasonWish, matching.ReasonStale:
		return text("rank."+string(r.Code), "number", r.Number)
	case matching.ReasonPlaces:
		return text("rank.places", "number", r.Number, "day", r.Day)
	case matching.ReasonFull:
		return text("rank.full", "number", r.Number, "day", r.Day)
	case matching.ReasonDeclined, matching.ReasonDeclaredAnew, matching.ReasonPlanned, matching.ReasonNeeded, matching.ReasonWanted:
		return text("rank."+string(r.Code), "day", r.Day)
	case matching.ReasonShare, matching.ReasonCeiling:
		of := text("rank.of-grade", "year", x.CountedIn)
		switch {
		case x.ByClass:
			of = text("rank.of-class")
		case x.Count.Grade == 0:
			of = text("rank.of-site", "year", x.CountedIn)
		}
		return text("rank."+string(r.Code), "percent", tenths(r.Number), "of", of)
	}
	return text("rank." + string(r.Code))
}

// countsText says what a reason counts for, or a sum of reasons.
func countsText(m int) Text {
	switch {
	case m > 0:
		return text("rank.farther", "way", metres(m))
	case m < 0:
		return text("rank.nearer", "way", metres(-m))
	}
	return text("rank.told")
}

// reasonsText joins all reasons.
func reasonsText(x matching.Ranked) Text {
	all := reasonText(x, x.Reasons[0])
	for _, r := range x.Reasons[1:] {
		all = text("rank.and", "one", all, "other", reasonText(x, r))
	}
	return all
}

// reasonTone warns of what an officer should look at, whatever else speaks for the school.
func reasonTone(x matching.Ranked) Tone {
	tone := Neutral
	for _, r := range x.Reasons {
		switch r.Code {
		case matching.ReasonFull, matching.ReasonCeiling, matching.ReasonDeclined, matching.ReasonFar, matching.ReasonNeeded:
			return Warning
		case matching.ReasonSibling, matching.ReasonWish, matching.ReasonPlanned:
			tone = Success
		}
	}
	return tone
}

func (s *site) ranking(w http.ResponseWriter, r *http.Request) error {
	f, x, k, err := s.rankedFile(r)
	if err != nil {
		return err
	}
	shown := x.Schools
	_, whole := formatOf(r)
	whole = whole || r.URL.Query().Has("tutte")
	if !whole && len(shown) > shortRanking {
		shown = shown[:shortRanking]
	}
	c := sheet{Title: text("rank.title"), Lead: text("rank.lead")}
	if k.past() {
		c.Callouts = []Callout{k.callout(rankingPath(f.ID))}
	}
	t := Table{Caption: text("rank.caption"), Columns: []Column{{Label: text("rank.school")}, {Label: text("rank.rank"), Numeric: true}, {Label: text("list.comune")},
		{Label: text("rank.sum"), Numeric: true}, {Label: text("rank.reasons")}}, Empty: Empty{Title: text("rank.none"), Text: text("rank.none-text")}}
	var by []Pair
	err = s.withRegisters(r, func(g *registers) error {
		by = rankedBy(g, f, x)
		for _, y := range shown {
			name, err := g.school(y.School)
			if err != nil {
				return err
			}
			t.Rows = append(t.Rows, Row{Tone: reasonTone(y), Cells: []Cell{name.to(k.on(rankingPath(f.ID, y.School))), count(y.Rank), g.comune(y.Comune),
				say(sumText(y.Total)), say(reasonsText(y))}})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(shown) < len(x.Schools) {
		t.Pager = Pager{Shown: text("rank.shown", "shown", len(shown), "all", len(x.Schools)), Next: k.on(rankingPath(f.ID) + "?tutte")}
	}
	c.Parts = []part{{Table: &t}, {ID: "by", Title: text("rank.by"), Facts: by}}
	if s.mayOffer(r, f, k) {
		c.Actions = []Action{{text("act-form.proposta"), "/pratiche/" + f.ID.String() + "/proposta"}}
	}
	return c.show(s, w, r, rankingCrumbs(f.ID, k)...)
}

// mayOffer reports whether the reader can offer a place now.
func (s *site) mayOffer(r *http.Request, f desk.File, k asOf) bool {
	return !k.past() && slices.Contains(f.May(), access.Offer) && s.Desk.Can(r.Context(), f, access.Offer) == nil
}

func rankingCrumbs(id uuid.UUID, k asOf) []Crumb {
	return []Crumb{{text("cases.title"), k.on("/pratiche")}, {namelessText(id), k.on("/pratiche/" + id.String())}}
}

// sumText is a sum of metres: what speaks for a school may outweigh the way to it.
func sumText(m int) Text {
	if m < 0 {
		return text("rank.below", "way", metres(-m))
	}
	return text("rank.metres", "way", metres(m))
}

// rankedBy says from where ways were measured and by which registers.
func rankedBy(g *registers, f desk.File, x ranking.Ranking) []Pair {
	from := say(text("rank.from-comune", "comune", g.comuneName(f.State.Comune)))
	if len(x.Schools) > 0 && x.Schools[0].From == matching.AtMunicipio {
		from = say(text("rank.from-municipio", "number", int(f.State.Municipio)))
	}
	weights := say(text("rank.version", "version", x.Weights.Version)).over(say(text("rank.since", "day", x.Weights.From)))
	by := []Pair{{text("list.grade"), say(levelText(x.Level))}, {text("rank.year"), plain(x.Year.String())}, {text("rank.from"), from},
		{text("rank.weights"), weights.to(weightsPath)}, {text("territory.ceiling"), say(text("territory.percent", "percent", x.Percent))}, {text("rank.at"), at(x.At)}}
	if x.Schooling.Italian == "" {
		by = append(by, Pair{text("case.italian"), say(text("rank.italian-unknown"))})
	}
	return append(by, schoolingPairs(x.Schooling)...)
}

// rankingSheet says why a school stands where it does, and why others stand elsewhere.
func (s *site) rankingSheet(w http.ResponseWriter, r *http.Request) error {
	f, x, k, err := s.rankedFile(r)
	if err != nil {
		return err
	}
	wanted, err := domain.ParseSchool(chi.URLParam(r, "school"))
	if err != nil {
		return territory.ErrSchoolNotFound
	}
	this, ok := x.Place(wanted)
	if !ok {
		return errNotRanked
	}
	opened, err := f.Open(r.Context(), access.Name)
	if err != nil {
		return err
	}
	c := sheet{Title: text("rank.why"), Lead: text("rank.why-lead")}
	if k.past() {
		c.Callouts = []Callout{k.callout(rankingPath(f.ID, this.School))}
	}
	compared := strings.ToUpper(strings.TrimSpace(r.URL.Query().Get("confronta")))
	filter := newFilter(rankingPath(f.ID, this.School), text("rank.compare"),
		append([]Field{{Name: "confronta", Kind: FieldText, Label: text("rank.compare-with"), Hint: text("rank.compare-hint"), Optional: true, Width: 20}}, k.fields()...)...)
	filter.Set("confronta", compared).Set("noto", k.day).Set("ora", k.hour)
	var also *matching.Ranked
	if code, err := domain.ParseSchool(compared); err == nil {
		if y, ok := x.Place(code); ok {
			also = &y
		}
	}
	if compared != "" && also == nil {
		c.Callouts = append(c.Callouts, Callout{Tone: Warning, Title: text("rank.not-ranked"), Text: text("rank.not-ranked-text")})
	}
	err = s.withRegisters(r, func(g *registers) error {
		name, err := g.school(this.School)
		if err != nil {
			return err
		}
		c.Facts = append([]Pair{{text("rank.school"), name.to("/scuole/" + string(this.School))},
			{text("rank.rank"), say(text("rank.place-of", "rank", this.Rank, "all", len(x.Schools)))}, {text("receipt.number"), code(f.ID.String()[:8]).over(code(f.ID.String()))}},
			known(Pair{text("list.pupil"), named(opened.FamilyName, opened.GivenName)})...)
		c.Facts = append(c.Facts, rankedBy(g, f, x)...)
		c.Facts = append(c.Facts, Pair{text("rank.to"), say(text("rank.to-" + string(this.To)))})
		c.Parts = append(c.Parts, part{ID: "reasons", Title: text("rank.sum-title"), Table: reasonTable(this)})
		others, err := againstOthers(g, f, k, x, this, also)
		c.Parts = append(c.Parts, others, part{Text: text("rank.print")})
		return err
	})
	if err != nil {
		return err
	}
	c.Filter = filter
	if s.mayOffer(r, f, k) {
		c.Actions = []Action{{text("rank.offer"), "/pratiche/" + f.ID.String() + "/proposta?scuola=" + string(this.School)}}
	}
	return c.show(s, w, r, append(rankingCrumbs(f.ID, k), Crumb{text("rank.title"), k.on(rankingPath(f.ID))})...)
}

var errNotRanked = domain.NotFound("school-not-ranked")

// reasonTable adds the reasons of a school up.
func reasonTable(x matching.Ranked) *Table {
	t := &Table{Caption: text("rank.sum-caption"), Columns: []Column{{Label: text("rank.reason")}, {Label: text("rank.counts"), Numeric: true}}}
	for _, r := range x.Reasons {
		t.Rows = append(t.Rows, Row{Cells: []Cell{say(reasonText(x, r)), say(countsText(r.Metres))}})
	}
	t.Rows = append(t.Rows, Row{Tone: Info, Cells: []Cell{say(text("rank.sum")), say(sumText(x.Total))}})
	return t
}

// againstOthers sets a school beside the first of the others, and beside the one asked for.
func againstOthers(g *registers, f desk.File, k asOf, x ranking.Ranking, this matching.Ranked, also *matching.Ranked) (part, error) {
	p := part{ID: "others", Title: text("rank.others"), Text: text("rank.others-text")}
	t := &Table{Caption: text("rank.others-caption"), Columns: []Column{{Label: text("rank.school")}, {Label: text("rank.rank"), Numeric: true},
		{Label: text("rank.sum"), Numeric: true}, {Label: text("rank.against")}, {Label: text("rank.reasons")}}, Empty: Empty{Title: text("rank.alone"), Text: text("rank.alone-text")}}
	var others []matching.Ranked
	for _, y := range x.Schools {
		if len(others) < 3 && y.School != this.School && (also == nil || y.School != also.School) {
			others = append(others, y)
		}
	}
	if also != nil && also.School != this.School {
		others = append([]matching.Ranked{*also}, others...)
	}
	for _, y := range others {
		name, err := g.school(y.School)
		if err != nil {
			return p, err
		}
		against := text("rank.alike")
		switch {
		case y.Total > this.Total:
			against = text("rank.later", "way", metres(y.Total-this.Total))
		case y.Total < this.Total:
			against = text("rank.before", "way", metres(this.Total-y.Total))
		}
		t.Rows = append(t.Rows, Row{Tone: reasonTone(y), Cells: []Cell{name.to(k.on(rankingPath(f.ID, y.School))), count(y.Rank), say(sumText(y.Total)), say(against), say(reasonsText(y))}})
	}
	p.Table = t
	return p, nil
}

// rankedOptions are the first schools of the ranking to choose among for an offer, with the reasons of each, and the wanted one.
func rankedOptions(c actContext) ([]Option, error) {
	var out []Option
	wanted := wantedSchool(c.r)
	for _, x := range c.ranking.Schools {
		if x.Rank > fewOffered && string(x.School) != wanted {
			continue
		}
		name, err := c.regs.school(x.School)
		if err != nil {
			return nil, err
		}
		out = append(out, Option{Value: string(x.School), Label: name, Hint: text("rank.option", "rank", x.Rank, "comune", c.regs.comuneName(x.Comune), "reasons", reasonsText(x))})
	}
	return out, nil
}

// wantedSchool is the school that somebody chose on the page of the ranking, or in the form that he sent.
func wantedSchool(r *http.Request) string {
	if sent := r.PostForm.Get("school"); sent != "" {
		return sent
	}
	return r.URL.Query().Get("scuola")
}

// whyOffered leads from an offer in the timeline to the sheet of its instant, for whoever may rank.
func whyOffered(f desk.File, o casefile.PlaceOffered) []Pair {
	if o.Weights == "" || !slices.Contains(f.May(), access.Rank) {
		return nil
	}
	return []Pair{{text("rank.why"), say(text("basis.weights", "version", o.Weights)).to(offeredAt(o.At).on(rankingPath(f.ID, o.School)))}}
}
