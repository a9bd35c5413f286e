package desk

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/grade"
)

// RequestForm is a request as it is filled in, on the web or over REST. Only family name, given name, sex, birth date and comune
// are needed: papers, status and the date of the year never block a request (DPR 394/1999 art. 45).
type RequestForm struct {
	On                  string          `json:"on,omitzero"`     // 2022-03-14; empty: today
	Comune              string          `json:"comune,omitzero"` // of domicile; a comune's own where it asks
	Municipio           string          `json:"municipio,omitzero"`
	FamilyName          domain.Personal `json:"family_name"`
	GivenName           domain.Personal `json:"given_name"`
	FamilyNameCyrillic  domain.Personal `json:"family_name_cyrillic,omitzero"`
	GivenNameCyrillic   domain.Personal `json:"given_name_cyrillic,omitzero"`
	Sex                 string          `json:"sex"`
	BirthDate           domain.Personal `json:"birth_date"`
	BirthPlace          domain.Personal `json:"birth_place,omitzero"`
	Citizenship         domain.Personal `json:"citizenship,omitzero"`
	TaxCode             domain.Personal `json:"tax_code,omitzero"`
	Document            domain.Personal `json:"document,omitzero"`
	Address             domain.Personal `json:"address,omitzero"`
	CAP                 domain.Personal `json:"cap,omitzero"`
	Host                domain.Personal `json:"host,omitzero"`
	ArrivedOn           domain.Personal `json:"arrived_on,omitzero"`
	TemporaryProtection bool            `json:"temporary_protection,omitzero"`
	Unaccompanied       bool            `json:"unaccompanied,omitzero"`
	WithReserve         bool            `json:"with_reserve,omitzero"`
	AdultName           domain.Personal `json:"adult_name,omitzero"`
	AdultRelation       domain.Personal `json:"adult_relation,omitzero"`
	AdultPhone          domain.Personal `json:"adult_phone,omitzero"`
	AdultEmail          domain.Personal `json:"adult_email,omitzero"`
	AdultLanguage       domain.Personal `json:"adult_language,omitzero"`
	LastSchool          domain.Personal `json:"last_school,omitzero"`
	LastGrade           domain.Personal `json:"last_grade,omitzero"`
	StillOnline         bool            `json:"still_online,omitzero"`
	Languages           domain.Personal `json:"languages,omitzero"`
	Italian             string          `json:"italian,omitzero"`
	Vaccination         string          `json:"vaccination,omitzero"`
	Disability          string          `json:"disability,omitzero"`
	AskedGrade          string          `json:"asked_grade,omitzero"` // "primaria-3"
	Preferred           []string        `json:"preferred_schools,omitzero"`
	SiblingAt           string          `json:"sibling_school,omitzero"`
	Needs               []string        `json:"needs,omitzero"`
	Household           string          `json:"household,omitzero"` // id of a sibling's household
}

// EnrolmentForm is an autonomous enrolment, in eight fields.
type EnrolmentForm struct {
	School     string          `json:"school"` // the site
	FamilyName domain.Personal `json:"family_name"`
	GivenName  domain.Personal `json:"given_name"`
	Sex        string          `json:"sex"`
	BirthDate  domain.Personal `json:"birth_date"`
	Comune     string          `json:"comune"`
	On         string          `json:"on,omitzero"`        // enrolled on; empty: today
	FirstDay   string          `json:"first_day,omitzero"` // empty: still to come
}

// checker gathers every field at fault.
type checker struct{ errs domain.Errors }

func (c *checker) fail(field, code string) { c.errs = append(c.errs, domain.Invalid(code).On(field)) }

// note adds an error that a parser gave, under the name of the form's field.
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

// maxText bounds every text of a form, in bytes.
const maxText = 200

func (c *checker) text(field string, p domain.Personal, required bool) domain.Personal {
	s := strings.Join(strings.Fields(p.Reveal()), " ")
	if required && s == "" {
		c.fail(field, "field-required")
	}
	if len(s) > maxText {
		c.fail(field, "text-too-long")
	}
	return domain.NewPersonal(s)
}

// day reads a day that is not after today; empty gives the fallback.
func (c *checker) day(field, s string, today, fallback domain.Date) domain.Date {
	if strings.TrimSpace(s) == "" {
		return fallback
	}
	d, err := domain.ParseDate(strings.TrimSpace(s))
	c.note(field, err, "date-malformed")
	if err == nil && today.Before(d) {
		c.fail(field, "day-in-future")
	}
	return d
}

func (c *checker) oneOf(field, s string, known []string) string {
	if s != "" && !slices.Contains(known, s) {
		c.fail(field, "choice-unknown")
	}
	return s
}

func (c *checker) sex(s string) casefile.Sex {
	if s != string(casefile.Female) && s != string(casefile.Male) {
		c.fail("sex", "field-required")
	}
	return casefile.Sex(s)
}

// birth reads the birth date and the grade by age in the school year.
func (c *checker) birth(p domain.Personal, today domain.Date, y domain.SchoolYear) (domain.Personal, grade.Level) {
	text := strings.TrimSpace(p.Reveal())
	if text == "" {
		c.fail("birth_date", "field-required")
		return p, grade.Level{}
	}
	d, err := domain.ParseDate(text)
	if err != nil || d.Year < 1900 {
		c.fail("birth_date", "date-malformed")
		return p, grade.Level{}
	}
	if today.Before(d) {
		c.fail("birth_date", "day-in-future")
		return p, grade.Level{}
	}
	level, err := grade.ByAge(d, y)
	if refusal, ok := errorAs(err); ok {
		c.fail("birth_date", refusal.Code)
	}
	return domain.NewPersonal(text), level
}

func words[T ~string](known []T) []string {
	out := make([]string, len(known))
	for i, k := range known {
		out[i] = string(k)
	}
	return out
}

// requestYear is the school year a request is for: from July on the next one, since lessons are over.
func requestYear(on domain.Date) domain.SchoolYear {
	if on.Month == time.July || on.Month == time.August {
		return domain.SchoolYear(on.Year)
	}
	return domain.SchoolYearOf(on)
}

// Request records a request by a comune, or by the UST for a mail it received. The same ticket gives the same case. The error is
// domain.Errors with every field at fault.
func (d *Desk) Request(ctx context.Context, t Ticket, a domain.Actor, f RequestForm) (Receipt, error) {
	cmd, err := d.request(ctx, a, caseOf(t), f)
	if err != nil {
		return Receipt{}, err
	}
	return d.begin(ctx, t, cmd)
}

// caseOf is the id of the case that the command of a ticket begins.
func caseOf(t Ticket) uuid.UUID { return event.DeriveID(t.ID, "case", 0) }

// begin records a request that was checked.
func (d *Desk) begin(ctx context.Context, t Ticket, cmd casefile.RecordRequest) (Receipt, error) {
	id := caseOf(t)
	out, err := event.Execute(ctx, d.store, d.codec, casefile.Decider, casefile.Stream(id), casefile.Command(cmd), t.origin(cmd.Act))
	return receipt(id, out.Result), err
}

// CheckRequest gives what Request would refuse of a form, and records nothing: a page asks about similar cases only over a form
// that can be recorded.
func (d *Desk) CheckRequest(ctx context.Context, a domain.Actor, f RequestForm) error {
	_, err := d.request(ctx, a, uuid.Nil, f)
	return err
}

// request makes the command of a form.
func (d *Desk) request(ctx context.Context, a domain.Actor, id uuid.UUID, f RequestForm) (casefile.RecordRequest, error) {
	if err := access.Large(a, access.Request); err != nil {
		return casefile.RecordRequest{}, err
	}
	act := d.Act(a)
	cmd := casefile.RecordRequest{Act: act, Channel: domain.ChannelUST}
	if a.Role == domain.RoleComune {
		cmd.Channel, f.Comune = domain.ChannelComune, a.Body
	}
	var c checker
	today := domain.DateOf(act.At)
	cmd.On = c.day("on", f.On, today, today)
	cmd.Facts.SchoolYear = requestYear(cmd.On)
	d.fillRequest(ctx, &c, &cmd, id, f, today)
	if err := c.err(); err != nil {
		return cmd, err
	}
	var err error
	cmd.Route, err = d.route(ctx, cmd.Facts.Comune, cmd.Facts.Municipio, f.CAP.Reveal(), cmd.Facts.Level.Order, act.At)
	return cmd, err
}

func (d *Desk) fillRequest(ctx context.Context, c *checker, cmd *casefile.RecordRequest, id uuid.UUID, f RequestForm, today domain.Date) {
	identity := c.identity(f)
	facts := &cmd.Facts
	identity.BirthDate, facts.Level = c.birth(f.BirthDate, today, facts.SchoolYear)
	facts.Sex = c.sex(f.Sex)
	facts.Comune = d.comune(ctx, c, f.Comune)
	facts.Municipio = c.municipio(f.Municipio, facts.Comune)
	facts.Household = c.household(f.Household, id)
	for i, s := range f.Preferred {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		code, err := domain.ParseSchool(s)
		c.note("preferred_schools", err, "school-code-malformed")
		if i < 3 {
			facts.Preferred = append(facts.Preferred, code)
		}
	}
	if len(f.Preferred) > 3 {
		c.fail("preferred_schools", "too-many-preferences")
	}
	if f.SiblingAt != "" {
		code, err := domain.ParseSchool(f.SiblingAt)
		c.note("sibling_school", err, "school-code-malformed")
		facts.SiblingAt = code
	}
	for _, n := range f.Needs {
		facts.Needs = append(facts.Needs, casefile.Need(c.oneOf("needs", n, words(casefile.Needs()))))
	}
	if f.AskedGrade != "" {
		l, err := grade.ParseLevel(f.AskedGrade)
		c.note("asked_grade", err, "grade-unknown")
		cmd.Asked = &l
	}
	cmd.Pupil = casefile.Pupil{
		Identity: domain.Open(id, domain.ClassPersonal, identity),
		Domicile: domain.Open(id, domain.ClassPersonal, c.domicile(f.Address, f.CAP, f.Host)),
		Profile:  domain.Open(id, domain.ClassPersonal, c.profile(f, today)),
	}
	if f.Vaccination != "" || f.Disability != "" {
		cmd.Pupil.Health = domain.Open(id, domain.ClassSpecial, casefile.Health{
			Vaccination: casefile.HealthAnswer(c.oneOf("vaccination", f.Vaccination, []string{"yes", "no", "pending"})),
			Disability:  casefile.HealthAnswer(c.oneOf("disability", f.Disability, []string{"certified", "pending"})),
		})
	}
}

func (c *checker) identity(f RequestForm) casefile.Identity {
	i := casefile.Identity{
		FamilyName:         c.text("family_name", f.FamilyName, true),
		GivenName:          c.text("given_name", f.GivenName, true),
		FamilyNameCyrillic: c.text("family_name_cyrillic", f.FamilyNameCyrillic, false),
		GivenNameCyrillic:  c.text("given_name_cyrillic", f.GivenNameCyrillic, false),
		BirthPlace:         c.text("birth_place", f.BirthPlace, false),
		Citizenship:        c.text("citizenship", f.Citizenship, false),
		TaxCode:            domain.NewPersonal(strings.ToUpper(strings.TrimSpace(f.TaxCode.Reveal()))),
		Document:           c.text("document", f.Document, false),
	}
	if !i.TaxCode.IsZero() && !casefile.TaxCodeWellFormed(i.TaxCode.Reveal()) {
		c.fail("tax_code", "tax-code-malformed")
	}
	return i
}

func (c *checker) domicile(address, cap, host domain.Personal) casefile.Domicile {
	d := casefile.Domicile{Address: c.text("address", address, false), CAP: c.text("cap", cap, false), Host: c.text("host", host, false)}
	if s := d.CAP.Reveal(); s != "" && (len(s) != 5 || strings.Trim(s, "0123456789") != "") {
		c.fail("cap", "cap-malformed")
	}
	return d
}

func (c *checker) profile(f RequestForm, today domain.Date) casefile.Profile {
	p := casefile.Profile{
		TemporaryProtection: f.TemporaryProtection, Unaccompanied: f.Unaccompanied, WithReserve: f.WithReserve,
		LastSchool: c.text("last_school", f.LastSchool, false), LastGrade: c.text("last_grade", f.LastGrade, false),
		StillOnline: f.StillOnline, Languages: c.text("languages", f.Languages, false),
		Italian: casefile.ItalianLevel(c.oneOf("italian", f.Italian, words(casefile.ItalianLevels()))),
	}
	if !f.ArrivedOn.IsZero() {
		p.ArrivedOn = domain.NewPersonal(c.day("arrived_on", f.ArrivedOn.Reveal(), today, domain.Date{}).String())
	}
	adult := casefile.Adult{
		Name: c.text("adult_name", f.AdultName, false), Relation: c.text("adult_relation", f.AdultRelation, false),
		Phone: c.text("adult_phone", f.AdultPhone, false), Email: c.text("adult_email", f.AdultEmail, false),
		Language: c.text("adult_language", f.AdultLanguage, false),
	}
	if adult != (casefile.Adult{}) {
		p.Adults = []casefile.Adult{adult}
	}
	return p
}

// comune reads the comune of domicile, which must be one of the territory's.
func (d *Desk) comune(ctx context.Context, c *checker, code string) domain.Comune {
	if code == "" {
		c.fail("comune", "field-required")
		return ""
	}
	state, err := d.land.state(ctx)
	if err != nil {
		c.fail("comune", "comune-unknown")
		return ""
	}
	if _, ok := state.Comune(domain.Comune(code)); !ok {
		c.fail("comune", "comune-unknown")
	}
	return domain.Comune(code)
}

func (c *checker) municipio(s string, comune domain.Comune) domain.Municipio {
	if s == "" || comune != domain.Milano {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 9 {
		c.fail("municipio", "municipio-unknown")
		return 0
	}
	return domain.Municipio(n)
}

// household joins siblings by an id; the first of them gives its case's own.
func (c *checker) household(s string, id uuid.UUID) string {
	if s == "" {
		return id.String()
	}
	h, err := uuid.Parse(s)
	c.note("household", err, "household-malformed")
	return h.String()
}

// Enrol records a pupil whom a school enrolled on its own.
func (d *Desk) Enrol(ctx context.Context, t Ticket, a domain.Actor, f EnrolmentForm) (Receipt, error) {
	id := caseOf(t)
	cmd, err := d.enrolment(ctx, a, id, f)
	if err != nil {
		return Receipt{}, err
	}
	cmd.Enrolment = event.DeriveID(t.ID, "enrolment", 0)
	out, err := event.Execute(ctx, d.store, d.codec, casefile.Decider, casefile.Stream(id), casefile.Command(cmd), t.origin(cmd.Act))
	return receipt(id, out.Result), err
}

// CheckEnrolment gives what Enrol would refuse of a form, and records nothing.
func (d *Desk) CheckEnrolment(ctx context.Context, a domain.Actor, f EnrolmentForm) error {
	_, err := d.enrolment(ctx, a, uuid.Nil, f)
	return err
}

// enrolment makes the command of a form, but for the enrolment's id.
func (d *Desk) enrolment(ctx context.Context, a domain.Actor, id uuid.UUID, f EnrolmentForm) (casefile.RecordAutonomousEnrolment, error) {
	if err := access.Large(a, access.Enrol); err != nil {
		return casefile.RecordAutonomousEnrolment{}, err
	}
	act := d.Act(a)
	var c checker
	today := domain.DateOf(act.At)
	cmd := casefile.RecordAutonomousEnrolment{Act: act, On: c.day("on", f.On, today, today), FirstDay: c.day("first_day", f.FirstDay, today, domain.Date{})}
	cmd.Facts.SchoolYear = requestYear(cmd.On)
	identity := casefile.Identity{FamilyName: c.text("family_name", f.FamilyName, true), GivenName: c.text("given_name", f.GivenName, true)}
	identity.BirthDate, cmd.Facts.Level = c.birth(f.BirthDate, today, cmd.Facts.SchoolYear)
	cmd.Facts.Sex = c.sex(f.Sex)
	cmd.Facts.Comune = d.comune(ctx, &c, f.Comune)
	cmd.Facts.Household = id.String()
	cmd.Pupil.Identity = domain.Open(id, domain.ClassPersonal, identity)
	code, err := domain.ParseSchool(f.School)
	c.note("school", err, "school-code-malformed")
	if err := c.err(); err != nil {
		return cmd, err
	}
	school, err := d.School(ctx, code)
	if err != nil {
		return cmd, err
	}
	if string(school.School.Institution) != a.Body {
		return cmd, domain.Invalid("school-not-yours").On("school")
	}
	cmd.School, cmd.Institution = code, school.School.Institution
	cmd.Route, err = d.route(ctx, cmd.Facts.Comune, 0, "", cmd.Facts.Level.Order, act.At)
	return cmd, err
}
