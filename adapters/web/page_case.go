package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/names"
	"approdo/projections"
	"approdo/projections/caseline"
	"approdo/projections/centre"
	"approdo/projections/duplicates"
	"approdo/projections/school"
	"approdo/projections/worklist"
)

// casePage is one case as its reader may see it.
type casePage struct {
	Heading    []domain.Personal // empty where the reader may not see the name, or the pupil is erased
	Nameless   Text
	Status     Badge
	Holder     []Pair
	Callouts   []Callout
	Turn       Text     // whose turn it is; empty once the case is over
	Steps      []Action // what the case waits for, where it waits for the reader
	Acts       []Action // whatever else can be done
	Grave      []Action // what ends the case, or is hard to undo
	Groups     []group
	Siblings   Table
	Duplicates Table
	Merges     bool // the reader may merge them
	Thread     thread
	Notices    Table // what was told of the case
	Timeline   []Moment
}

// group is one part of what is known.
type group struct {
	Title Text
	Pairs []Pair
}

var caseView = view[casePage]{"case"}

func (s *site) case_(w http.ResponseWriter, r *http.Request) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	k, err := s.knownOf(r)
	if err != nil {
		return err
	}
	file, err := s.Desk.Case(r.Context(), actorOf(r), id)
	if err != nil {
		return err
	}
	if k.past() {
		if file, err = file.AsOf(k.at); err != nil {
			return err
		}
	}
	opened, err := file.Open(r.Context())
	if err != nil {
		return err
	}
	c := casePage{Nameless: namelessText(id), Status: Badge{statusTones[file.State.Status], statusText(file.State.Status)}}
	if !opened.FamilyName.IsZero() {
		c.Heading = []domain.Personal{opened.FamilyName, opened.GivenName}
	}
	err = s.read(r, func(v *projections.Snapshot) error {
		g, err := s.registers(r.Context(), v)
		if err != nil {
			return err
		}
		if c.Holder, err = holding(g, file, k.or(s.Clock())); err != nil {
			return err
		}
		c.Callouts = callouts(file, opened.Erased)
		if c.Groups, err = groups(g, file, opened); err != nil {
			return err
		}
		if c.Thread, err = s.thread(r.Context(), g, file); err != nil {
			return err
		}
		if c.Notices, err = s.noticesOf(g, file, k.or(s.Clock())); err != nil {
			return err
		}
		if c.Timeline, err = s.timeline(r.Context(), g, file, -1); err != nil || k.past() {
			return err
		}
		if err := s.offerActs(r, g, file, &c); err != nil {
			return err
		}
		if c.Thread.Form, err = s.answering(r, g, file); err != nil {
			return err
		}
		undo, err := s.undo(r, file)
		if err != nil {
			return err
		}
		c.Callouts = append(undo, c.Callouts...)
		if access.Large(actorOf(r), access.Request) == nil && !opened.Erased {
			c.Acts = append(c.Acts, Action{text("request.sibling"), "/pratiche/nuova?fratello=" + id.String()})
		}
		if c.Siblings, err = s.siblings(r, g, file); err != nil {
			return err
		}
		if c.Duplicates, err = s.duplicatesOf(r, g, file, opened); err != nil {
			return err
		}
		c.Merges = slices.Contains(file.May(), access.Merge)
		return nil
	})
	if err != nil {
		return err
	}
	if k.past() {
		c.Callouts = append([]Callout{k.callout("/pratiche/" + id.String())}, c.Callouts...)
	}
	return caseView.show(s, w, r, http.StatusOK, text("case.title"), c, Crumb{text("cases.title"), k.on("/pratiche")}, Crumb{Text: text("case.title")})
}

// namelessText names a case without naming anybody.
func namelessText(id uuid.UUID) Text { return text("case.nameless", "id", id.String()[:8]) }

// holding says who must act, since when, and until when.
func holding(g *registers, f desk.File, now time.Time) ([]Pair, error) {
	st := f.State
	var out []Pair
	if h := st.Holder(); h.Body != "" {
		body, err := g.body(h)
		if err != nil {
			return nil, err
		}
		out = append(out, Pair{text("case.holder"), body}, Pair{text("case.since"), at(st.HeldSince)})
	}
	line := lineOf(f)
	if due, _ := dueCell(line, now); !line.Due.IsZero() {
		out = append(out, Pair{text("case.clock-" + line.Clock), due})
	}
	centreName := g.centre(st.Centre)
	if line.Provisional {
		second := say(text("case.provisional"))
		centreName = centreName.over(second)
	}
	out = append(out, Pair{text("case.centre"), centreName})
	if st.Offer != nil {
		name, err := g.school(st.Offer.School)
		if err != nil {
			return nil, err
		}
		out = append(out, Pair{text("case.school"), name})
	}
	for _, d := range []struct {
		label Text
		day   domain.Date
	}{{text("case.accepted-on"), st.AcceptedOn}, {text("case.first-day"), st.FirstDay}, {text("case.ended-on"), st.EndedOn}} {
		if !d.day.IsZero() {
			out = append(out, Pair{d.label, on(d.day)})
		}
	}
	if st.Reason != "" {
		out = append(out, Pair{text("case.closed-because"), say(closureText(st.Reason))})
	}
	return out, nil
}

// lineOf folds a file into the line its lists show, so that page and list say the same of its terms.
func lineOf(f desk.File) caseline.Line {
	l := caseline.Line{Case: f.ID}
	for _, e := range f.Trail {
		l = l.With(e.Record, e.Event)
	}
	return l
}

// suspended says why the step that a case waits for is not offered, where a suspension is why.
func suspended(err error) []Callout {
	refused, ok := errors.AsType[*domain.Error](err)
	if !ok || refused.Code != "intake-suspended" && refused.Code != "placement-suspended" {
		return nil
	}
	return []Callout{{Tone: Warning, Title: text("act.not-now"), Text: text("error." + refused.Code)}}
}

func callouts(f desk.File, erased bool) []Callout {
	var out []Callout
	if q := f.State.Question; q != nil {
		out = append(out, Callout{Tone: Warning, Title: text("case.question-open"), Text: topicText(q.Topic)})
	}
	if into := f.State.MergedInto; into != uuid.Nil {
		out = append(out, Callout{Tone: Info, Title: text("case.merged"), Text: text("case.merged-text"),
			Cells: []Cell{say(namelessText(into)).to("/pratiche/" + into.String())}})
	}
	if f.Relation == access.Past {
		out = append(out, Callout{Tone: Info, Title: text("case.past"), Text: text("case.past-text")})
	}
	out = append(out, forgettingCallouts(f)...)
	if erased || f.State.Erased {
		out = append(out, Callout{Tone: Neutral, Title: text("case.erased"), Text: text("case.erased-text")})
	}
	return out
}

// offerActs says whose turn it is and lists what can be done now.
func (s *site) offerActs(r *http.Request, g *registers, f desk.File, c *casePage) error {
	a, holder := actorOf(r), f.State.Holder()
	mine := holder.Is(a)
	if holder.Body != "" && f.Relation != access.Past {
		name, err := g.body(holder)
		if err != nil {
			return err
		}
		c.Turn = text("case.their-turn", "body", name.Plain+name.Code)
		if mine {
			c.Turn = text("case.your-turn")
		}
	}
	for _, p := range acts {
		if !slices.Contains(f.May(), p.act) {
			continue
		}
		err := s.Desk.Can(r.Context(), f, p.act)
		if mine && p.step {
			c.Callouts = append(c.Callouts, suspended(err)...)
		}
		if errors.Is(err, domain.KindRefused) {
			continue
		} else if err != nil {
			return err
		}
		link := Action{p.title(), "/pratiche/" + f.ID.String() + "/" + p.path}
		switch {
		case p.step && (mine || a.Role == domain.RoleUST):
			c.Steps = append(c.Steps, link)
		case p.danger:
			c.Grave = append(c.Grave, link)
		default:
			c.Acts = append(c.Acts, link)
		}
	}
	offerSheets(f, c)
	if slices.Contains(f.May(), access.ReadHeld) && !f.State.Erased {
		c.Acts = append(c.Acts, Action{text("case.held"), "/pratiche/" + f.ID.String() + "/accesso"})
	}
	if slices.Contains(f.May(), access.ReadCertificate) && (f.State.Erased || f.State.HealthErased) {
		c.Acts = append(c.Acts, Action{text("case.certificate"), "/pratiche/" + f.ID.String() + "/certificato"})
	}
	if slices.Contains(f.May(), access.ReadTrail) {
		c.Acts = append(c.Acts, Action{text("case.trail"), trailPath(f.ID)})
	}
	return nil
}

// requested is what was asked for a pupil, none of it personal.
func requested(g *registers, f desk.File) ([]Pair, error) {
	p := f.Papers
	request := []Pair{{text("case.requested-on"), on(p.On)}, {text("case.channel"), say(text("channel." + string(p.Channel)))},
		{text("case.school-year"), plain(p.SchoolYear.String())}, {text("case.by-age"), say(levelText(f.State.ByAge))}}
	if f.State.Level != f.State.ByAge {
		request = append(request, Pair{text("case.determined"), say(levelText(f.State.Level))})
	}
	if p.Asked != nil {
		request = append(request, Pair{text("case.asked"), say(levelText(*p.Asked))})
	}
	for _, c := range p.Preferred {
		name, err := g.school(c)
		if err != nil {
			return nil, err
		}
		request = append(request, Pair{text("case.preferred"), name})
	}
	if p.SiblingAt != "" {
		name, err := g.school(p.SiblingAt)
		if err != nil {
			return nil, err
		}
		request = append(request, Pair{text("case.sibling-at"), name})
	}
	for _, n := range p.Needs {
		request = append(request, Pair{text("case.need"), say(text("need." + string(n)))})
	}
	return request, nil
}

func groups(g *registers, f desk.File, o desk.Opened) ([]group, error) {
	p := f.Papers
	request, err := requested(g, f)
	if err != nil {
		return nil, err
	}
	home := []Pair{{text("list.comune"), g.comune(f.State.Comune)}}
	if f.State.Municipio > 0 {
		home = append(home, Pair{text("case.municipio"), plain(strconv.Itoa(int(f.State.Municipio)))})
	}
	home = append(home, known(Pair{text("case.address"), named(o.Address)}, Pair{text("case.cap"), named(o.CAP)}, host(o.Host))...)
	pupil := append(known(Pair{text("case.cyrillic"), named(o.FamilyNameCyrillic, o.GivenNameCyrillic)}), Pair{text("case.sex"), say(text("sex." + string(p.Sex)))})
	if b, err := domain.ParseDate(o.BirthDate.Reveal()); err == nil {
		pupil = append(pupil, Pair{text("case.birth"), on(b)})
	}
	pupil = append(pupil, known(Pair{text("case.birth-place"), named(o.BirthPlace)}, Pair{text("case.citizenship"), country(o.Citizenship)},
		Pair{text("case.tax-code"), named(o.TaxCode)}, Pair{text("case.document"), named(o.Document)})...)
	out := []group{{text("case.pupil"), pupil}, {text("case.request"), request}, {text("case.domicile"), home}}
	if adults := adultPairs(o); len(adults) > 0 {
		out = append(out, group{text("case.adults"), adults})
	}
	if schooling := schoolingPairs(o); len(schooling) > 0 {
		out = append(out, group{text("case.schooling"), schooling})
	}
	if health := healthPairs(o); len(health) > 0 {
		out = append(out, group{text("case.health"), health})
	}
	if papers := checklist(f, o); len(papers) > 0 {
		out = append(out, group{text("case.papers"), papers})
	}
	return out, nil
}

// checklist says which papers are there, as far as the reader may see them. What lacks blocks nothing: the enrolment is then con riserva
// (DPR 394/1999 art. 45).
func checklist(f desk.File, o desk.Opened) []Pair {
	there := func(label Text, p domain.Personal) Pair {
		if p.IsZero() {
			return Pair{label, badge(Warning, text("case.paper-lacks"))}
		}
		return Pair{label, badge(Success, text("case.paper-there"))}
	}
	var out []Pair
	if o.Erased || f.Sees(access.Name) && o.FamilyName.IsZero() { // nothing was opened: nobody knows
		return nil
	}
	if f.Sees(access.Papers) {
		out = append(out, there(text("case.document"), o.Document), there(text("case.tax-code"), o.TaxCode))
	}
	if f.Sees(access.Schooling) {
		out = append(out, there(text("case.last-school"), o.LastSchool))
	}
	if f.Sees(access.Health) && o.Vaccination == "" {
		out = append(out, Pair{text("case.vaccination"), badge(Warning, text("case.paper-lacks"))})
	}
	if len(out) > 0 {
		out = append(out, Pair{text("case.paper-note"), say(text("case.paper-none-blocks"))})
	}
	return out
}

// known keeps the pairs that say something.
func known(pairs ...Pair) []Pair {
	return slices.DeleteFunc(pairs, func(p Pair) bool {
		return p.Value.Text.IsZero() && p.Value.Plain == "" && p.Value.Date.IsZero() && !slices.ContainsFunc(p.Value.Person, func(x domain.Personal) bool { return !x.IsZero() })
	})
}

// host shows the kind of host a form offers by its text, and what somebody wrote otherwise as it is.
func host(p domain.Personal) Pair {
	if slices.Contains(hostCodes, p.Reveal()) {
		return Pair{text("case.host"), say(text("host." + p.Reveal()))}
	}
	return Pair{text("case.host"), named(p)}
}

// hostCodes are the kinds of host a form offers.
var hostCodes = []string{"family", "private", "community", "hotel", "centre"}

func adultPairs(o desk.Opened) []Pair {
	var out []Pair
	for _, a := range o.Adults {
		out = append(out, known(Pair{text("case.adult"), named(a.Name)}, Pair{text("case.relation"), relation(a.Relation)},
			Pair{text("case.phone"), named(a.Phone)}, Pair{text("case.email"), named(a.Email)}, Pair{text("case.language"), tongues(a.Language)})...)
	}
	return out
}

// relations are the codes a form offers.
var relations = []string{"mother", "father", "guardian", "relative", "other"}

func relation(p domain.Personal) Cell {
	if slices.Contains(relations, p.Reveal()) {
		return say(text("relation." + p.Reveal()))
	}
	return named(p)
}

// tongues names the languages that a form offers by their texts, one below the other; what somebody wrote otherwise stays as it is.
func tongues(p domain.Personal) Cell {
	var c Cell
	written := strings.FieldsFunc(p.Reveal(), func(r rune) bool { return r == ',' || r == ';' || r == '/' })
	for _, x := range slices.Backward(written) {
		x = strings.TrimSpace(x)
		next := named(domain.NewPersonal(x))
		if slices.Contains(languageCodes, strings.ToLower(x)) {
			next = say(languageText(strings.ToLower(x)))
		}
		if x != "" && (!c.Text.IsZero() || len(c.Person) > 0) {
			next = next.over(c)
		}
		if x != "" {
			c = next
		}
	}
	return c
}

// countryCodes are the citizenships that have a name of their own here; others are shown as the code they were given in.
var countryCodes = []string{"UA", "RU", "BY", "MD", "GE", "PL", "RO", "IT"}

func country(p domain.Personal) Cell {
	if c := strings.ToUpper(strings.TrimSpace(p.Reveal())); slices.Contains(countryCodes, c) {
		return say(text("country." + c))
	}
	return named(p)
}

func schoolingPairs(o desk.Opened) []Pair {
	out := known(Pair{text("case.last-school"), named(o.LastSchool)}, Pair{text("case.last-grade"), named(o.LastGrade)}, Pair{text("case.languages"), tongues(o.Languages)})
	if d, err := domain.ParseDate(o.ArrivedOn.Reveal()); err == nil {
		out = append(out, Pair{text("case.arrived-on"), on(d)})
	}
	if o.Italian != "" {
		out = append(out, Pair{text("case.italian"), say(text("italian." + string(o.Italian)))})
	}
	for _, flag := range []struct {
		set   bool
		label Text
	}{{o.StillOnline, text("case.still-online")}, {o.TemporaryProtection, text("case.protection")}, {o.Unaccompanied, text("case.unaccompanied")}, {o.WithReserve, text("case.reserve")}} {
		if flag.set {
			out = append(out, Pair{flag.label, say(text("case.yes"))})
		}
	}
	return out
}

func healthPairs(o desk.Opened) []Pair {
	var out []Pair
	if o.Vaccination != "" {
		out = append(out, Pair{text("case.vaccination"), say(text("health." + string(o.Vaccination)))})
	}
	if o.Disability != "" {
		out = append(out, Pair{text("case.disability"), say(text("health." + string(o.Disability)))})
	}
	return out
}

// siblings lists the other cases of the household that the reader may see.
func (s *site) siblings(r *http.Request, g *registers, f desk.File) (Table, error) {
	a := actorOf(r)
	if f.Papers.Household == "" || f.Relation == access.Past {
		return Table{}, nil
	}
	lines, err := projections.Collect(centre.Household(g.views, f.Papers.Household))
	if err != nil {
		return Table{}, err
	}
	lines = slices.DeleteFunc(lines, func(l caseline.Line) bool {
		return l.Case == f.ID || access.Case(a, access.Relate(a, worklist.Facts(l)), access.ReadCase) != nil
	})
	return s.lineTable(r, g, text("case.siblings"), lines, Empty{})
}

// duplicatesOf lists the reader's cases that are rather of this child than not, with the reasons in words. Whoever sees a name searches by it.
func (s *site) duplicatesOf(r *http.Request, g *registers, f desk.File, o desk.Opened) (Table, error) {
	if o.FamilyName.IsZero() || !f.State.Status.Open() {
		return Table{}, nil
	}
	matches, err := worklist.Search(r.Context(), g.views, actorOf(r), s.Keys, s.Tokens, duplicates.PersonOf(o.Identity, f.Papers.Sex), true)
	if err != nil {
		return Table{}, err
	}
	t := Table{Caption: text("case.duplicates"), Columns: []Column{{Label: text("list.pupil")}, {Label: text("list.status")}, {Label: text("case.why")}}}
	distinct, err := duplicates.ApartFrom(g.views, f.ID)
	if err != nil {
		return t, err
	}
	for _, m := range matches {
		if m.Case == f.ID || m.MergedInto == f.ID || m.Case == f.State.MergedInto || distinct[m.Case] {
			continue
		}
		row, err := s.lineRow(r, g, m.Line)
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{row.Cells[0], row.Cells[3], reasonsCell(m.Reasons)}})
	}
	return t, nil
}

// reasonsCell stacks reasons one below the other.
func reasonsCell(reasons []names.Reason) Cell {
	var c Cell
	for _, reason := range slices.Backward(reasons) {
		next := say(text("reason." + string(reason)))
		if !c.Text.IsZero() {
			next = next.over(c)
		}
		c = next
	}
	return c
}

// timeline tells what happened, the latest first.
// timeline is what happened to a case after a revision, the latest first.
func (s *site) timeline(ctx context.Context, g *registers, f desk.File, after event.Revision) ([]Moment, error) {
	var out []Moment
	for _, e := range slices.Backward(f.Timeline()) {
		if e.Revision <= after {
			break
		}
		m := Moment{Tone: momentTone(e.Event), At: e.Meta.At, Title: text("event." + e.Type)}
		by, err := g.actor(e.Meta.Actor)
		if err != nil {
			return nil, err
		}
		m.By = by
		if m.Detail, err = details(g, e.Event); err != nil {
			return nil, err
		}
		if o, ok := e.Event.(casefile.PlaceOffered); ok {
			m.Detail = append(m.Detail, whyOffered(f, o)...)
		}
		if _, ok := e.Event.(casefile.MessageSent); !ok { // the words are in the conversation
			words, err := f.Words(ctx, e)
			if err != nil {
				return nil, err
			}
			m.Detail = append(m.Detail, known(Pair{text("case.words"), named(words)})...)
		}
		out = append(out, m)
	}
	return out, nil
}

func momentTone(e casefile.Event) Tone {
	switch e.(type) {
	case casefile.OfferAccepted, casefile.FirstDayRecorded:
		return Success
	case casefile.OfferDeclined, casefile.OfferLapsed, casefile.ClockExpired, casefile.AcceptanceTakenBack, casefile.FirstDayAnnulled:
		return Warning
	case casefile.PlaceOffered, casefile.ChargeTaken, casefile.RequestRecorded, casefile.AutonomousEnrolmentRecorded:
		return Info
	}
	return Neutral
}

// actor names the body somebody acted for, or the role where it has none. No person is named to another body.
func (g *registers) actor(a domain.Actor) (Cell, error) {
	switch a.Role {
	case domain.RoleComune:
		c := g.comune(domain.Comune(a.Body))
		if c.Plain != "" {
			c.Plain = "Comune di " + c.Plain
		}
		return c, nil
	case domain.RoleCentre:
		return g.centre(domain.Centre(a.Body)), nil
	case domain.RoleSchool:
		name, err := school.Institution(g.views, domain.Institution(a.Body))
		if name == "" {
			return code(a.Body), err
		}
		return plain(name), err
	}
	return say(roleText(a.Role)), nil
}

// details are the facts of an event in words.
func details(g *registers, e casefile.Event) ([]Pair, error) {
	site := func(c domain.School, more ...Pair) ([]Pair, error) {
		name, err := g.school(c)
		return append([]Pair{{text("case.school"), name}}, more...), err
	}
	switch e := e.(type) {
	case casefile.AutonomousEnrolmentRecorded:
		return site(e.School, Pair{text("list.grade"), say(levelText(e.Level))}, Pair{text("case.enrolled-on"), on(e.On)})
	case casefile.Routed:
		out := []Pair{{text("case.centre"), g.centre(e.Centre)}, {text("case.policy"), plain(e.Policy)}}
		if e.Provisional {
			out = append(out, Pair{text("case.note"), say(text("case.provisional"))})
		}
		if e.Assumed {
			out = append(out, Pair{text("case.note"), say(text("case.assumed"))})
		}
		return out, nil
	case casefile.DomicileChanged:
		return []Pair{{text("list.comune"), g.comune(e.Comune)}, {text("case.from"), on(e.From)}}, nil
	case casefile.QuestionAsked:
		to, err := g.body(e.To)
		return []Pair{{text("case.asked-to"), to}, {text("case.topic"), say(topicText(e.Topic))}}, err
	case casefile.MessageSent:
		var out []Pair
		to, err := g.parties(e.To)
		for _, name := range to {
			out = append(out, Pair{text("case.message-to"), name})
		}
		return out, err
	case casefile.GradeDetermined:
		out := []Pair{{text("list.grade"), say(levelText(e.Level))}}
		if e.Resolution != nil {
			out = append(out, Pair{text("case.reason"), say(resolutionText(e.Resolution.Reason))},
				Pair{text("case.resolution"), plain(e.Resolution.Reference)})
		}
		return out, nil
	case casefile.HandedOver:
		return []Pair{{text("case.from-centre"), g.centre(e.From)}, {text("case.to-centre"), g.centre(e.To)},
			{text("case.reason"), say(handoverText(e.Reason))}}, nil
	case casefile.PlaceOffered:
		more := []Pair{{text("list.grade"), say(levelText(e.Level))}, {text("case.answer-by"), on(lastDay(e.Due))}}
		if e.Override != nil {
			more = append(more, Pair{text("case.note"), say(text("case.override"))})
		}
		return site(e.School, more...)
	case casefile.OfferDeclined:
		return site(e.School, Pair{text("case.reason"), say(declineText(e.Reason))})
	case casefile.OfferLapsed:
		return site(e.School)
	case casefile.OfferWithdrawn:
		return site(e.School, Pair{text("case.reason"), say(withdrawnText(e.Reason))})
	case casefile.OfferAccepted:
		return site(e.School, known(Pair{text("list.grade"), say(levelText(e.Level))}, Pair{text("case.section"), plain(e.Section)}, Pair{text("case.accepted-on"), on(e.On)})...)
	case casefile.FirstDayRecorded:
		return []Pair{{text("case.first-day"), on(e.On)}}, nil
	case casefile.AcceptanceTakenBack:
		return site(e.School, Pair{text("case.reason"), say(undoneText(e.Reason))})
	case casefile.DeclineTakenBack:
		return site(e.School, Pair{text("case.reason"), say(undoneText(e.Reason))})
	case casefile.FirstDayAnnulled:
		return []Pair{{text("case.reason"), say(undoneText(e.Reason))}}, nil
	case casefile.AttendanceEnded:
		return []Pair{{text("case.ended-on"), on(e.On)}}, nil
	case casefile.CaseClosed:
		return []Pair{{text("case.reason"), say(closureText(e.Reason))}}, nil
	case casefile.CaseMerged:
		return []Pair{{text("case.into"), say(namelessText(e.Into)).to("/pratiche/" + e.Into.String())}}, nil
	case casefile.CaseParted:
		return []Pair{{text("case.from-case"), say(namelessText(e.From)).to("/pratiche/" + e.From.String())}}, nil
	case casefile.ErasureProposed, casefile.ErasureRejected, casefile.CaseRestricted:
		return forgettingDetails(e), nil
	case casefile.ClockExpired:
		return []Pair{{text("case.term"), say(text("case.clock-" + string(e.Clock)))}, {text("case.told"), say(roleText(e.To))}}, nil
	}
	return nil, nil
}

// lastDay is the day on which a term ends: terms run to the midnight after it.
func lastDay(due time.Time) domain.Date { return domain.DateOf(due.Add(-time.Second)) }

// seen is what a person types for a day.
func seen(d domain.Date) string { return strings.TrimSpace(d.String()) }
