package rest

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/grade"
	"approdo/domain/names"
	"approdo/projections"
	"approdo/projections/caseline"
	"approdo/projections/duplicates"
	"approdo/projections/worklist"
)

func (a *api) listCases(r *http.Request) (answer, error) {
	q := queryOf(r)
	f := caseline.Filter{
		Statuses: someOf(q, "status", casefile.Statuses()...),
		Order:    oneOf(q, "order", grade.Orders()...),
		Channel:  oneOf(q, "channel", domain.ChannelComune, domain.ChannelSchool, domain.ChannelUST),
		Comune:   domain.Comune(q.text("comune")),
		Centre:   domain.Centre(q.text("centre")),
		School:   domain.School(strings.ToUpper(q.text("school"))),
	}
	now := a.Clock().UTC()
	if q.yes("overdue") {
		f.Overdue = now
	}
	by := oneOf(q, "sort", caseline.ByDue, caseline.ByChange)
	if by == "" {
		by = caseline.ByChange
	}
	cursor, limit := caseline.Cursor(q.text("cursor")), q.limit()
	if err := q.err(); err != nil {
		return answer{}, err
	}
	ctx, actor := r.Context(), actorOf(r.Context())
	var out page[caseLine]
	asked, err := worklist.List(ctx, a.Board, actor, f, by, cursor, limit)
	if err != nil {
		return answer{}, err
	}
	err = a.Views.ReadAs(ctx, actorOf(ctx), func(s *projections.Snapshot) error {
		lines, next, err := asked.Lines(s)
		if err != nil {
			return err
		}
		out = pageOf(lines, string(next), func(l caseline.Line) caseLine { return lineOf(actor, l, now) })
		for i, l := range lines {
			identity, err := worklist.Name(ctx, a.Sealer, actor, l, access.Name, access.BirthDate)
			if err != nil {
				return err
			}
			out.Items[i].name(identity)
		}
		return nil
	})
	return answer{body: out}, err
}

// search is whom somebody looks for. It comes in the body: names never stand in a URL.
type search struct {
	FamilyName         domain.Personal `json:"family_name"`
	GivenName          domain.Personal `json:"given_name"`
	FamilyNameCyrillic domain.Personal `json:"family_name_cyrillic,omitzero"`
	GivenNameCyrillic  domain.Personal `json:"given_name_cyrillic,omitzero"`
	Sex                string          `json:"sex,omitzero"`
	BirthDate          domain.Personal `json:"birth_date,omitzero"`
	TaxCode            domain.Personal `json:"tax_code,omitzero"`
	Document           domain.Personal `json:"document,omitzero"`
	LikelyOnly         bool            `json:"likely_only,omitzero"` // rather this child than not
}

// mostMatches bounds what a search shows: who finds more is to say more.
const mostMatches = 50

func (a *api) searchCases(r *http.Request) (answer, error) {
	body, err := bodyOf(r)
	if err != nil {
		return answer{}, err
	}
	in, err := decode[search](body)
	if err != nil {
		return answer{}, err
	}
	ctx, actor, now := r.Context(), actorOf(r.Context()), a.Clock().UTC()
	if err := access.Large(actor, access.SearchByName); err != nil {
		return answer{}, err
	}
	var c checker
	c.required("family_name", in.FamilyName)
	c.required("given_name", in.GivenName)
	if err := c.err(); err != nil {
		return answer{}, err
	}
	person := duplicates.PersonOf(casefile.Identity{FamilyName: in.FamilyName, GivenName: in.GivenName,
		FamilyNameCyrillic: in.FamilyNameCyrillic, GivenNameCyrillic: in.GivenNameCyrillic, BirthDate: in.BirthDate, TaxCode: in.TaxCode,
		Document: in.Document}, casefile.Sex(in.Sex))
	var out page[match]
	err = a.Views.ReadAs(ctx, actorOf(ctx), func(s *projections.Snapshot) error {
		found, err := worklist.Search(ctx, s, actor, a.Sealer, a.Tokens, person, in.LikelyOnly)
		if err != nil {
			return err
		}
		found = found[:min(len(found), mostMatches)]
		out = pageOf(found, "", func(m duplicates.Match) match { return match{lineOf(actor, m.Line, now), m.Value, reasonsOf(m.Score)} })
		for i, m := range found {
			identity, err := worklist.Name(ctx, a.Sealer, actor, m.Line, access.Name, access.BirthDate)
			if err != nil {
				return err
			}
			out.Items[i].name(identity)
		}
		return nil
	})
	return answer{body: out}, err
}

// match is a case that may be of the person looked for. Score is from 0 to 1.
type match struct {
	caseLine
	Score   float64  `json:"score"`
	Reasons []reason `json:"reasons"`
}

type reason struct {
	Code string `json:"code"`
	For  bool   `json:"for"` // speaks for one child rather than against it
}

func reasonsOf(s names.Score) []reason {
	out := make([]reason, 0, len(s.Reasons))
	for _, r := range s.Reasons {
		out = append(out, reason{string(r), r.For()})
	}
	return out
}

func (a *api) readCase(r *http.Request) (answer, error) {
	actor := actorOf(r.Context())
	f, err := a.Desk.Case(r.Context(), actor, pathID(r, "id"))
	if err != nil {
		return answer{}, err
	}
	out := fullCase{caseState: stateOf(f)}
	if f.Relation == access.Past { // who once acted on a case still knows of it, and has no business with the rest
		return answer{body: out, etag: etag(f.Revision)}, nil
	}
	out.facts = factsOf(f)
	if f.State.Erased { // the keys may outlive the decision for a moment
		return answer{body: out, etag: etag(f.Revision)}, nil
	}
	opened, err := f.Open(r.Context())
	if err != nil {
		return answer{}, err
	}
	sees := func(field access.Field) bool { return access.Sees(actor.Role, f.Relation, field) }
	out.Pupil = pupilOf(opened, sees(access.Schooling))
	return answer{body: out, etag: etag(f.Revision)}, nil
}

// showCase is how the case that a command was about stands after it.
func (a *api) showCase(o order, d deed) (answer, error) {
	f, state, err := a.caseAfter(o, o.subject(d))
	if err != nil || state.Relation == relationNone {
		return answer{body: state}, err
	}
	return answer{body: state, etag: etag(f.Revision)}, nil
}

// caseAfter is how a case stands after a command. One that has left the actor's hands by it tells no more than its id.
func (a *api) caseAfter(o order, id uuid.UUID) (desk.File, caseState, error) {
	f, err := a.Desk.Case(o.ctx, o.actor, id)
	if errors.Is(err, domain.KindNotFound) {
		return f, caseState{ID: id, Relation: relationNone}, nil
	}
	if err != nil {
		return f, caseState{}, err
	}
	return f, stateOf(f), nil
}

// relationNone is the relation of whoever has none any more.
const relationNone = "none"

func (a *api) requestCase(o order, in desk.RequestForm) (deed, error) {
	r, err := a.Desk.Request(o.ctx, o.ticket, o.actor, in)
	return created(base+"/cases/"+r.ID.String(), r.Position), err
}

func (a *api) enrol(o order, in desk.EnrolmentForm) (deed, error) {
	r, err := a.Desk.Enrol(o.ctx, o.ticket, o.actor, in)
	return created(base+"/cases/"+r.ID.String(), r.Position), err
}

// caseState is where a case stands: nothing of the pupil.
type caseState struct {
	ID          uuid.UUID         `json:"id"`
	Relation    string            `json:"relation"` // the reader's
	Status      casefile.Status   `json:"status,omitzero"`
	Revision    int64             `json:"revision,omitzero"`
	SchoolYear  domain.SchoolYear `json:"school_year,omitzero"`
	Level       string            `json:"level,omitzero"`
	RequestedOn domain.Date       `json:"requested_on,omitzero"`
	Erased      bool              `json:"erased"`
	Holder      *holder           `json:"holder,omitzero"`
	Question    *question         `json:"question,omitzero"`
	Offer       *offer            `json:"offer,omitzero"`
	Centre      domain.Centre     `json:"centre,omitzero"`
	Clock       string            `json:"clock,omitzero"`
	Due         time.Time         `json:"due,omitzero"`
	MergedInto  uuid.UUID         `json:"merged_into,omitzero"`
	May         []access.Act      `json:"may,omitzero"`
	// Restricted is why only holder, enrolling school and UST read the pupil's data (GDPR art. 18).
	Restricted casefile.RestrictionReason `json:"restricted,omitzero"`
	Erasure    *waitingErasure            `json:"erasure,omitzero"`
}

type holder struct {
	Kind  casefile.HolderKind `json:"kind"`
	Body  string              `json:"body"`
	Since time.Time           `json:"since,omitzero"`
}

type question struct {
	To    holder                 `json:"to"`
	Topic casefile.QuestionTopic `json:"topic"`
}

type offer struct {
	ID          uuid.UUID          `json:"id"`
	School      domain.School      `json:"school"`
	Institution domain.Institution `json:"institution"`
	Level       string             `json:"level"`
	Due         time.Time          `json:"due,omitzero"`
}

func stateOf(f desk.File) caseState {
	s := f.State
	out := caseState{ID: f.ID, Relation: string(f.Relation), Status: s.Status, Revision: int64(f.Revision), SchoolYear: s.SchoolYear,
		Level: s.Level.String(), RequestedOn: s.RequestedOn, Erased: s.Erased, May: f.May()}
	if f.Relation == access.Past {
		return out
	}
	out.Centre, out.MergedInto, out.Restricted, out.Erasure = s.Centre, s.MergedInto, s.Restriction, erasureOf(f)
	if h := s.Holder(); h.Kind != "" {
		out.Holder = &holder{h.Kind, h.Body, s.HeldSince.UTC()}
	}
	if s.Question != nil {
		out.Question = &question{holder{Kind: s.Question.To.Kind, Body: s.Question.To.Body}, s.Question.Topic}
	}
	if o := s.Offer; o != nil {
		out.Offer = &offer{o.ID, o.School, o.Institution, o.Level.String(), o.Due.UTC()}
	}
	var line caseline.Line // the same fold as in the lists, so that both name the same term
	for _, e := range f.Trail {
		line = line.With(e.Record, e.Event)
	}
	out.Clock, out.Due = line.Clock, line.Due.UTC()
	return out
}

// fullCase is a case as one reader may see it. What he may not see is not there.
type fullCase struct {
	caseState
	facts
	Pupil *pupil `json:"pupil,omitzero"`
}

// facts of a request that name nobody.
type facts struct {
	Channel       domain.Channel         `json:"channel,omitzero"`
	Comune        domain.Comune          `json:"comune,omitzero"`
	Municipio     domain.Municipio       `json:"municipio,omitzero"`
	LevelByAge    string                 `json:"level_by_age,omitzero"`
	AskedGrade    string                 `json:"asked_grade,omitzero"`
	Sex           casefile.Sex           `json:"sex,omitzero"`
	Household     string                 `json:"household,omitzero"`
	Preferred     []domain.School        `json:"preferred_schools,omitzero"`
	SiblingAt     domain.School          `json:"sibling_school,omitzero"`
	Needs         []casefile.Need        `json:"needs,omitzero"`
	AcceptedOn    domain.Date            `json:"accepted_on,omitzero"`
	FirstDay      domain.Date            `json:"first_day,omitzero"`
	EndedOn       domain.Date            `json:"ended_on,omitzero"`
	ClosureReason casefile.ClosureReason `json:"closure_reason,omitzero"`
	Declined      []declined             `json:"declined_by,omitzero"` // for whoever may offer
}

type declined struct {
	School domain.School `json:"school"`
	At     time.Time     `json:"at"`
}

func factsOf(f desk.File) facts {
	s, p := f.State, f.Papers
	out := facts{Channel: s.Channel, Comune: s.Comune, Municipio: s.Municipio, LevelByAge: s.ByAge.String(), Sex: p.Sex, Household: p.Household,
		Preferred: p.Preferred, SiblingAt: p.SiblingAt, Needs: p.Needs, AcceptedOn: s.AcceptedOn, FirstDay: s.FirstDay, EndedOn: s.EndedOn,
		ClosureReason: s.Reason}
	if p.Asked != nil {
		out.AskedGrade = p.Asked.String()
	}
	if mayOffer(f) {
		for _, school := range sortedKeys(s.Declined) {
			out.Declined = append(out.Declined, declined{school, s.Declined[school].UTC()})
		}
	}
	return out
}

// pupil is written in the clear: it is filled right before it is sent, and kept nowhere.
type pupil struct {
	FamilyName          string  `json:"family_name,omitzero"`
	GivenName           string  `json:"given_name,omitzero"`
	FamilyNameCyrillic  string  `json:"family_name_cyrillic,omitzero"`
	GivenNameCyrillic   string  `json:"given_name_cyrillic,omitzero"`
	BirthDate           string  `json:"birth_date,omitzero"`
	BirthPlace          string  `json:"birth_place,omitzero"`
	Citizenship         string  `json:"citizenship,omitzero"`
	TaxCode             string  `json:"tax_code,omitzero"`
	Document            string  `json:"document,omitzero"`
	Address             string  `json:"address,omitzero"`
	CAP                 string  `json:"cap,omitzero"`
	Host                string  `json:"host,omitzero"`
	ArrivedOn           string  `json:"arrived_on,omitzero"`
	TemporaryProtection *bool   `json:"temporary_protection,omitzero"`
	Unaccompanied       *bool   `json:"unaccompanied,omitzero"`
	WithReserve         *bool   `json:"with_reserve,omitzero"`
	Adults              []adult `json:"adults,omitzero"`
	LastSchool          string  `json:"last_school,omitzero"`
	LastGrade           string  `json:"last_grade,omitzero"`
	StillOnline         *bool   `json:"still_online,omitzero"`
	Languages           string  `json:"languages,omitzero"`
	Italian             string  `json:"italian,omitzero"`
	Vaccination         string  `json:"vaccination,omitzero"`
	Disability          string  `json:"disability,omitzero"`
}

type adult struct {
	FullName string `json:"full_name,omitzero"`
	Relation string `json:"relation,omitzero"`
	Phone    string `json:"phone,omitzero"`
	Email    string `json:"email,omitzero"`
	Language string `json:"language,omitzero"`
}

// pupilOf reveals what package desk opened. Schooling tells a reader who sees that group, where a no is as much told as a yes.
func pupilOf(o desk.Opened, schooling bool) *pupil {
	if o.Erased {
		return nil
	}
	p := &pupil{FamilyName: o.FamilyName.Reveal(), GivenName: o.GivenName.Reveal(), FamilyNameCyrillic: o.FamilyNameCyrillic.Reveal(),
		GivenNameCyrillic: o.GivenNameCyrillic.Reveal(), BirthDate: o.BirthDate.Reveal(), BirthPlace: o.BirthPlace.Reveal(),
		Citizenship: o.Citizenship.Reveal(), TaxCode: o.TaxCode.Reveal(), Document: o.Document.Reveal(), Address: o.Address.Reveal(),
		CAP: o.CAP.Reveal(), Host: o.Host.Reveal(), ArrivedOn: o.ArrivedOn.Reveal(), LastSchool: o.LastSchool.Reveal(),
		LastGrade: o.LastGrade.Reveal(), Languages: o.Languages.Reveal(), Italian: string(o.Italian),
		Vaccination: string(o.Vaccination), Disability: string(o.Disability)}
	if schooling {
		p.TemporaryProtection, p.Unaccompanied, p.WithReserve, p.StillOnline = &o.TemporaryProtection, &o.Unaccompanied, &o.WithReserve, &o.StillOnline
	}
	for _, who := range o.Adults {
		p.Adults = append(p.Adults, adult{who.Name.Reveal(), who.Relation.Reveal(), who.Phone.Reveal(), who.Email.Reveal(), who.Language.Reveal()})
	}
	return p
}

// caseLine is a case in a list.
type caseLine struct {
	ID            uuid.UUID          `json:"id"`
	Status        casefile.Status    `json:"status"`
	Revision      int64              `json:"revision"`
	FamilyName    string             `json:"family_name,omitzero"`
	GivenName     string             `json:"given_name,omitzero"`
	BirthDate     string             `json:"birth_date,omitzero"`
	Sex           casefile.Sex       `json:"sex,omitzero"`
	SchoolYear    domain.SchoolYear  `json:"school_year"`
	Level         string             `json:"level"`
	Channel       domain.Channel     `json:"channel"`
	Comune        domain.Comune      `json:"comune"`
	Municipio     domain.Municipio   `json:"municipio,omitzero"`
	Centre        domain.Centre      `json:"centre,omitzero"`
	Provisional   bool               `json:"provisional"` // routed by a register the UST has not confirmed
	School        domain.School      `json:"school,omitzero"`
	Institution   domain.Institution `json:"institution,omitzero"`
	Offer         uuid.UUID          `json:"offer_id,omitzero"`
	Holder        *holder            `json:"holder,omitzero"`
	HasQuestion   bool               `json:"has_question"`
	Clock         string             `json:"clock,omitzero"`
	Due           time.Time          `json:"due,omitzero"`
	Overdue       bool               `json:"overdue"`
	Escalated     domain.Role        `json:"escalated_to,omitzero"`
	RequestedOn   domain.Date        `json:"requested_on"`
	AcceptedOn    domain.Date        `json:"accepted_on,omitzero"`
	FirstDay      domain.Date        `json:"first_day,omitzero"`
	EndedOn       domain.Date        `json:"ended_on,omitzero"`
	ClosureReason string             `json:"closure_reason,omitzero"`
	MergedInto    uuid.UUID          `json:"merged_into,omitzero"`
	UpdatedAt     time.Time          `json:"updated_at"`
}

func lineOf(reader domain.Actor, l caseline.Line, now time.Time) caseLine {
	out := caseLine{ID: l.Case, Status: l.Status, Revision: l.Revision, Sex: l.Sex, SchoolYear: l.SchoolYear, Level: l.Level().String(),
		Channel: l.Channel, Comune: l.Comune, Municipio: l.Municipio, Centre: l.Centre, Provisional: l.Provisional, School: l.School,
		Institution: l.Institution, Offer: l.Offer, HasQuestion: l.Question, Clock: l.Clock, Due: l.Due.UTC(), Overdue: l.Overdue(now),
		Escalated: l.Escalated, RequestedOn: l.RequestedOn, AcceptedOn: l.AcceptedOn, FirstDay: l.FirstDay, EndedOn: l.EndedOn,
		ClosureReason: l.Reason, MergedInto: l.MergedInto, UpdatedAt: l.UpdatedAt.UTC()}
	if l.HolderKind != "" {
		out.Holder = &holder{l.HolderKind, l.HolderBody, l.HeldSince.UTC()}
	}
	return out
}

// name adds what the reader may see of the pupil.
func (l *caseLine) name(i casefile.Identity) {
	l.FamilyName, l.GivenName, l.BirthDate = i.FamilyName.Reveal(), i.GivenName.Reveal(), i.BirthDate.Reveal()
}
