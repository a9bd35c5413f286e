package territory

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"approdo/domain"
)

// Command is what somebody asks of a territory.
type Command interface {
	Issued() domain.Act
	territoryCommand()
}

// Commands of a territory. They are the UST's; Found and SetBoundaries are the program's as well, Suspend and Resume the Prefettura's.
// A From that is zero is the day, or the instant, of the act.
type (
	// Found begins a territory. Once it has begun, it is already so, whatever the register says.
	Found struct {
		domain.Act
		Province string
		Register Register
	}
	// AmendComune says what a comune is from Comune.From on, or adds one that is new. Provisional stays as it is given.
	AmendComune struct {
		domain.Act
		Comune Comune
	}
	// AmendCentre says what a centre is from Centre.From on, or adds one that is new.
	AmendCentre struct {
		domain.Act
		Centre Centre
	}
	// AssignCAP registers the municipio in which a postal code of Milano lies; 0 takes it back.
	AssignCAP struct {
		domain.Act
		CAP       string
		Municipio domain.Municipio
	}
	// Confirm makes certain what was provisional, as it stands. Policy is a version, or empty.
	Confirm struct {
		domain.Act
		Comuni  []domain.Comune
		Centres []domain.Centre
		Policy  string
	}
	// AdoptPolicy makes a new version of the routing rules.
	AdoptPolicy struct {
		domain.Act
		From     domain.Date
		Infanzia CityInfanzia
		Fallback domain.Centre
	}
	// SetClocks sets new terms from Clocks.From on.
	SetClocks struct {
		domain.Act
		Clocks Clocks
	}
	// SetCeiling sets a new ceiling from Ceiling.From on.
	SetCeiling struct {
		domain.Act
		Ceiling Ceiling
	}
	// SetRetention makes a new version of the register of retention, from Retention.From on; its Version is given by the territory.
	SetRetention struct {
		domain.Act
		Retention Retention
	}
	// Suspend stops intake or placement for a scope. A From before the act counts from the act: nobody could have known.
	Suspend struct {
		domain.Act
		Kind   Kind
		Scope  Scope
		Reason string
		From   time.Time
	}
	// Resume lifts a suspension for a scope, by default for all of it.
	Resume struct {
		domain.Act
		Number int
		Scope  Scope
		Reason string
		From   time.Time
	}
)

func (Found) territoryCommand()        {}
func (AmendComune) territoryCommand()  {}
func (AmendCentre) territoryCommand()  {}
func (AssignCAP) territoryCommand()    {}
func (Confirm) territoryCommand()      {}
func (AdoptPolicy) territoryCommand()  {}
func (SetClocks) territoryCommand()    {}
func (SetCeiling) territoryCommand()   {}
func (SetRetention) territoryCommand() {}
func (Suspend) territoryCommand()      {}
func (Resume) territoryCommand()       {}

// The rules that refuse.
var (
	ErrNotUST             = domain.Forbidden("ust-only")
	ErrNotAuthority       = domain.Forbidden("ust-or-prefettura-only")
	ErrNotFounded         = domain.NotFound("territory-not-found")
	ErrRegister           = domain.Invalid("register-incomplete")
	ErrComuneMalformed    = domain.Invalid("comune-malformed")
	ErrAmbitoUnknown      = domain.Invalid("ambito-unknown").On("ambito")
	ErrCentreMalformed    = domain.Invalid("centre-malformed")
	ErrCentreUnknown      = domain.Invalid("centre-unknown").On("centre")
	ErrAmbitoTaken        = domain.Refused("ambito-has-centre")
	ErrAmbitoFixed        = domain.Refused("centre-ambito-fixed")
	ErrMunicipioTaken     = domain.Refused("municipio-has-polo")
	ErrCAP                = domain.Invalid("cap-malformed").On("cap")
	ErrPolicyMalformed    = domain.Invalid("policy-malformed")
	ErrPolicyUnknown      = domain.Invalid("policy-unknown").On("policy")
	ErrClock              = domain.Invalid("clock-out-of-range")
	ErrCeiling            = domain.Invalid("ceiling-out-of-range").On("percent")
	ErrRetention          = domain.Invalid("retention-out-of-range")
	ErrKind               = domain.Invalid("suspension-kind-invalid").On("kind")
	ErrReason             = domain.Invalid("reason-missing").On("reason")
	ErrReasonTooLong      = domain.Invalid("reason-too-long").On("reason")
	ErrSuspensionNotFound = domain.NotFound("suspension-not-found")
)

// maxTerm is longer than any promise: what is more was mistyped.
const maxTerm = 250

// maxReason bounds a reason, in bytes: it cites an order and does not describe persons.
const maxReason = 500

// Decide answers a command with the events it causes, with none if it is already so, or with the rule that forbids it.
func Decide(s State, c Command) ([]Event, error) {
	if err := mayAsk(c); err != nil {
		return nil, err
	}
	if c, ok := c.(Found); ok {
		return s.found(c)
	}
	if !s.IsFounded() {
		return nil, ErrNotFounded
	}
	switch c := c.(type) {
	case AmendComune:
		return s.amendComune(c)
	case AmendCentre:
		return s.amendCentre(c)
	case AssignCAP:
		return s.assignCAP(c)
	case Confirm:
		return s.confirm(c)
	case AdoptPolicy:
		return s.adopt(c)
	case SetClocks:
		return s.setClocks(c)
	case SetCeiling:
		return s.setCeiling(c)
	case SetRetention:
		return s.setRetention(c)
	case SetBoundaries:
		return s.setBoundaries(c)
	case SetReminders:
		return s.setReminders(c)
	case SetWeights:
		return s.setWeights(c)
	case Suspend:
		return s.suspend(c)
	case Resume:
		return s.resume(c)
	}
	return nil, nil
}

func mayAsk(c Command) error {
	role := c.Issued().By.Role
	switch c.(type) {
	case Suspend, Resume:
		if role != domain.RoleUST && role != domain.RolePrefettura {
			return ErrNotAuthority
		}
		return nil
	case Found, SetBoundaries:
		if role == domain.RoleSystem {
			return nil
		}
	}
	if role != domain.RoleUST {
		return ErrNotUST
	}
	return nil
}

func (s State) found(c Found) ([]Event, error) {
	if s.IsFounded() {
		return nil, nil
	}
	r := c.Register
	s = Evolve(State{}, Founded{c.Province, r})
	if c.Province == "" || len(r.Comuni) == 0 || len(s.comuni) != len(r.Comuni) || len(s.centres) != len(r.Centres) {
		return nil, ErrRegister
	}
	for _, v := range r.Centres {
		if err := s.checkCentre(v); err != nil {
			return nil, err
		}
	}
	for _, v := range r.Comuni {
		if err := s.checkComune(v); err != nil {
			return nil, err
		}
	}
	if err := s.checkPolicy(r.Policy.Infanzia, r.Policy.Fallback); err != nil {
		return nil, err
	}
	if err := r.Clocks.check(); err != nil {
		return nil, err
	}
	if err := r.Ceiling.check(); err != nil {
		return nil, err
	}
	return []Event{Founded{c.Province, r}}, nil
}

func (s State) amendComune(c AmendComune) ([]Event, error) {
	v := c.Comune.tidy()
	v.From = fromDay(v.From, c.Act)
	if err := s.checkComune(v); err != nil {
		return nil, err
	}
	if old, ok := on(s.comuni[v.Code], v.From); ok {
		if old.From = v.From; reflect.DeepEqual(old.tidy(), v) {
			return nil, nil
		}
	}
	return []Event{ComuneAmended{v}}, nil
}

func (s State) checkComune(v Comune) error {
	if _, err := domain.ParseComune(string(v.Code)); err != nil || v.Name == "" || v.Belfiore == "" || v.Population < 0 {
		return ErrComuneMalformed
	}
	if slices.ContainsFunc(v.CAP, func(p string) bool { return !isCAP(p) }) {
		return ErrCAP
	}
	for _, a := range append([]domain.Ambito{v.Ambito}, v.Also...) {
		if _, ok := s.find(v.From, func(c Centre) bool { return a != "" && c.Ambito == a }); !ok {
			return ErrAmbitoUnknown
		}
	}
	return nil
}

func isCAP(s string) bool {
	return len(s) == 5 && strings.Trim(s, "0123456789") == ""
}

func (s State) amendCentre(c AmendCentre) ([]Event, error) {
	v := c.Centre.tidy()
	v.From = fromDay(v.From, c.Act)
	if err := s.checkCentre(v); err != nil {
		return nil, err
	}
	if old, ok := on(s.centres[v.Code], v.From); ok {
		if old.Ambito != v.Ambito {
			return nil, ErrAmbitoFixed
		}
		if old.From = v.From; reflect.DeepEqual(old.tidy(), v) {
			return nil, nil
		}
	}
	return []Event{CentreAmended{v}}, nil
}

// checkCentre wants that an ambito has one CTI and a municipio one Polo START: a route must be one.
func (s State) checkCentre(v Centre) error {
	kind, number, ok := strings.Cut(string(v.Code), "-")
	if _, err := strconv.Atoi(number); err != nil || !ok || v.Name == "" {
		return ErrCentreMalformed
	}
	switch {
	case kind == "CTI" && (v.Ambito == "" || len(v.Municipi) > 0), kind == "POLO" && v.Ambito != "", kind != "CTI" && kind != "POLO":
		return ErrCentreMalformed
	}
	for _, m := range v.Municipi {
		if m < 1 || m > municipiOfMilano {
			return ErrMunicipio
		}
	}
	other := func(same func(Centre) bool) bool {
		_, ok := s.find(v.From, func(c Centre) bool { return c.Code != v.Code && same(c) })
		return ok
	}
	if v.Ambito != "" && other(func(c Centre) bool { return c.Ambito == v.Ambito }) {
		return ErrAmbitoTaken
	}
	if other(func(c Centre) bool {
		return slices.ContainsFunc(v.Municipi, func(m domain.Municipio) bool { return slices.Contains(c.Municipi, m) })
	}) {
		return ErrMunicipioTaken
	}
	return nil
}

func (s State) assignCAP(c AssignCAP) ([]Event, error) {
	milano, _ := s.Comune(domain.Milano)
	switch {
	case !slices.Contains(milano.CAP, c.CAP):
		return nil, ErrCAP
	case c.Municipio < 0 || c.Municipio > municipiOfMilano:
		return nil, ErrMunicipio
	case s.municipi[c.CAP] == c.Municipio:
		return nil, nil
	}
	return []Event{CAPAssigned{c.CAP, c.Municipio}}, nil
}

func (s State) confirm(c Confirm) ([]Event, error) {
	var e Confirmed
	for _, code := range sorted(c.Comuni) {
		if _, ok := s.comuni[code]; !ok {
			return nil, ErrComuneUnknown
		}
		if slices.ContainsFunc(s.comuni[code], func(v Comune) bool { return v.Provisional }) {
			e.Comuni = append(e.Comuni, code)
		}
	}
	for _, code := range sorted(c.Centres) {
		if _, ok := s.centres[code]; !ok {
			return nil, ErrCentreUnknown
		}
		if slices.ContainsFunc(s.centres[code], func(v Centre) bool { return v.Provisional }) {
			e.Centres = append(e.Centres, code)
		}
	}
	if c.Policy != "" {
		i := slices.IndexFunc(s.policies, func(p Policy) bool { return p.Version == c.Policy })
		if i < 0 {
			return nil, ErrPolicyUnknown
		}
		if s.policies[i].Provisional {
			e.Policy = c.Policy
		}
	}
	if len(e.Comuni) == 0 && len(e.Centres) == 0 && e.Policy == "" {
		return nil, nil
	}
	return []Event{e}, nil
}

func (s State) adopt(c AdoptPolicy) ([]Event, error) {
	if err := s.checkPolicy(c.Infanzia, c.Fallback); err != nil {
		return nil, err
	}
	p := Policy{From: fromDay(c.From, c.Act), Infanzia: c.Infanzia, Fallback: c.Fallback}
	if now := s.PolicyOn(p.From); now.Infanzia == p.Infanzia && now.Fallback == p.Fallback && !now.Provisional {
		return nil, nil
	}
	p.Version = strconv.Itoa(len(s.policies) + 1)
	return []Event{PolicyAdopted{p}}, nil
}

func (s State) checkPolicy(i CityInfanzia, fallback domain.Centre) error {
	if i != InfanziaByCTI && i != InfanziaByPolo {
		return ErrPolicyMalformed.On("infanzia")
	}
	if _, known := s.centres[fallback]; !known || !fallback.IsPolo() {
		return ErrPolicyMalformed.On("fallback")
	}
	return nil
}

func (s State) setClocks(c SetClocks) ([]Event, error) {
	v := c.Clocks
	v.From = fromDay(v.From, c.Act)
	if err := v.check(); err != nil {
		return nil, err
	}
	old := s.ClocksOn(v.From)
	if old.From = v.From; old == v {
		return nil, nil
	}
	return []Event{ClocksSet{v}}, nil
}

func (c Clocks) check() error {
	for _, term := range []struct {
		field string
		n     int
	}{{"take_charge", c.TakeCharge}, {"first_offer", c.FirstOffer}, {"school_answer", c.SchoolAnswer}, {"first_day", c.FirstDay},
		{"access_months", c.AccessMonths}, {"recast_months", c.RecastMonths}} {
		if term.n < 1 || term.n > maxTerm {
			return ErrClock.On(term.field)
		}
	}
	return nil
}

func (s State) setCeiling(c SetCeiling) ([]Event, error) {
	v := c.Ceiling
	v.From = fromDay(v.From, c.Act)
	if err := v.check(); err != nil {
		return nil, err
	}
	if s.CeilingOn(v.From) == v.Percent {
		return nil, nil
	}
	return []Event{CeilingSet{v}}, nil
}

func (c Ceiling) check() error {
	if c.Percent < 1 || c.Percent > 100 {
		return ErrCeiling
	}
	return nil
}

func (s State) suspend(c Suspend) ([]Event, error) {
	scope, err := s.checkOrder(c.Scope, c.Reason)
	if err != nil {
		return nil, err
	}
	if c.Kind != Intake && c.Kind != Placement {
		return nil, ErrKind
	}
	from := fromInstant(c.From, c.Act)
	for _, p := range s.suspensions {
		if p.Kind == c.Kind && p.Scope.equal(scope) && !from.Before(p.From) && len(p.Lifted) == 0 {
			return nil, nil
		}
	}
	return []Event{Suspended{len(s.suspensions) + 1, c.Kind, scope, c.By.Role, strings.TrimSpace(c.Reason), from}}, nil
}

func (s State) resume(c Resume) ([]Event, error) {
	scope, err := s.checkOrder(c.Scope, c.Reason)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(s.suspensions, func(p Suspension) bool { return p.Number == c.Number })
	if i < 0 {
		return nil, ErrSuspensionNotFound
	}
	if scope.All() {
		scope = s.suspensions[i].Scope
	}
	from := fromInstant(c.From, c.Act)
	if s.suspensions[i].liftedFor(scope, from) {
		return nil, nil
	}
	return []Event{Resumed{c.Number, scope, c.By.Role, strings.TrimSpace(c.Reason), from}}, nil
}

// checkOrder gives the scope in order, or what is wrong with an order of suspension or resumption.
func (s State) checkOrder(scope Scope, reason string) (Scope, error) {
	switch {
	case strings.TrimSpace(reason) == "":
		return scope, ErrReason
	case len(reason) > maxReason:
		return scope, ErrReasonTooLong
	}
	for _, code := range scope.Comuni {
		if _, ok := s.comuni[code]; !ok {
			return scope, ErrComuneUnknown
		}
	}
	for _, a := range scope.Ambiti {
		if _, ok := s.find(never, func(c Centre) bool { return a != "" && c.Ambito == a }); !ok {
			return scope, ErrAmbitoUnknown
		}
	}
	return scope.tidy(), nil
}

func fromDay(d domain.Date, a domain.Act) domain.Date {
	if d.IsZero() {
		return domain.DateOf(a.At)
	}
	return d
}

func fromInstant(t time.Time, a domain.Act) time.Time {
	if t.Before(a.At) {
		t = a.At
	}
	return t.UTC()
}
