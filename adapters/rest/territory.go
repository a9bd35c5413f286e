package rest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/territory"
)

// land reads the territory for whoever may see its registers.
func (a *api) land(r *http.Request) (territory.State, error) {
	if err := access.Large(actorOf(r.Context()), access.ReadRegisters); err != nil {
		return territory.State{}, err
	}
	return a.Desk.Territory(r.Context())
}

// listing answers with a whole register: the registers of a province are small.
func listing[T, R any](a *api, r *http.Request, read func(territory.State) []R, dto func(R) T) (answer, error) {
	if err := queryOf(r).err(); err != nil {
		return answer{}, err
	}
	s, err := a.land(r)
	if err != nil {
		return answer{}, err
	}
	return answer{body: pageOf(read(s), "", dto)}, nil
}

// edit carries a command to the territory.
func (a *api) edit(o order, c territory.Command, location string) (deed, error) {
	r, err := a.Desk.EditTerritory(o.ctx, o.ticket, c)
	d := deed{position: r.Position}
	if location != "" {
		d = created(location, r.Position)
	}
	return d, err
}

type comune struct {
	Code         domain.Comune   `json:"code"`
	Belfiore     string          `json:"belfiore"`
	OfficialName string          `json:"official_name"`
	Lat          float64         `json:"lat"`
	Lon          float64         `json:"lon"`
	Population   int             `json:"population"`
	CAP          []string        `json:"cap"`
	Ambito       domain.Ambito   `json:"ambito"`
	Also         []domain.Ambito `json:"also"`
	Provisional  bool            `json:"provisional"`
	From         domain.Date     `json:"from"`
}

func comuneOf(c territory.Comune) comune {
	return comune{c.Code, c.Belfiore, c.Name, c.Lat, c.Lon, c.Population, full(c.CAP), c.Ambito, full(c.Also), c.Provisional, c.From}
}

// full is a list that is written as one even when it is empty.
func full[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (a *api) listComuni(r *http.Request) (answer, error) {
	return listing(a, r, territory.State.Comuni, comuneOf)
}

// comuneAmendment replaces what is given, from a day on. A code the register does not have yet is added.
type comuneAmendment struct {
	Belfiore     *string         `json:"belfiore,omitzero"`
	OfficialName *string         `json:"official_name,omitzero"`
	Lat          *float64        `json:"lat,omitzero"`
	Lon          *float64        `json:"lon,omitzero"`
	Population   *int            `json:"population,omitzero"`
	CAP          []string        `json:"cap,omitzero"`
	Ambito       *domain.Ambito  `json:"ambito,omitzero"`
	Also         []domain.Ambito `json:"also,omitzero"`
	Provisional  *bool           `json:"provisional,omitzero"`
	From         domain.Date     `json:"from,omitzero"`
}

func (a *api) amendComune(o order, in comuneAmendment) (deed, error) {
	s, err := a.Desk.Territory(o.ctx)
	if err != nil {
		return deed{}, err
	}
	v, _ := s.Comune(domain.Comune(chi.URLParam(o.r, "code")))
	v.Code, v.From = domain.Comune(chi.URLParam(o.r, "code")), in.From
	set(&v.Belfiore, in.Belfiore)
	set(&v.Name, in.OfficialName)
	set(&v.Lat, in.Lat)
	set(&v.Lon, in.Lon)
	set(&v.Population, in.Population)
	set(&v.Ambito, in.Ambito)
	set(&v.Provisional, in.Provisional)
	if in.CAP != nil {
		v.CAP = in.CAP
	}
	if in.Also != nil {
		v.Also = in.Also
	}
	return a.edit(o, territory.AmendComune{Act: o.act, Comune: v}, "")
}

// set puts a value in its place where one is given.
func set[T any](to, given *T) {
	if given != nil {
		*to = *given
	}
}

func (a *api) showComune(o order, _ deed) (answer, error) {
	s, err := a.Desk.Territory(o.ctx)
	v, _ := s.Comune(domain.Comune(chi.URLParam(o.r, "code")))
	return answer{body: comuneOf(v)}, err
}

type centre struct {
	Code         domain.Centre      `json:"code"`
	OfficialName string             `json:"official_name"`
	Ambito       domain.Ambito      `json:"ambito,omitzero"`
	Municipi     []domain.Municipio `json:"municipi"`
	Host         domain.Institution `json:"host,omitzero"`
	HostName     string             `json:"host_name,omitzero"`
	Email        string             `json:"email,omitzero"`
	Phone        string             `json:"phone,omitzero"`
	Provisional  bool               `json:"provisional"`
	From         domain.Date        `json:"from"`
}

func centreOf(c territory.Centre) centre {
	return centre{c.Code, c.Name, c.Ambito, full(c.Municipi), c.Host, c.HostName, c.Email, c.Phone, c.Provisional, c.From}
}

func (a *api) listCentres(r *http.Request) (answer, error) {
	return listing(a, r, territory.State.Centres, centreOf)
}

// centreAmendment replaces what is given, from a day on. A code the register does not have yet is added.
type centreAmendment struct {
	OfficialName *string             `json:"official_name,omitzero"`
	Ambito       *domain.Ambito      `json:"ambito,omitzero"`
	Municipi     []domain.Municipio  `json:"municipi,omitzero"`
	Host         *domain.Institution `json:"host,omitzero"`
	HostName     *string             `json:"host_name,omitzero"`
	Email        *string             `json:"email,omitzero"`
	Phone        *string             `json:"phone,omitzero"`
	Provisional  *bool               `json:"provisional,omitzero"`
	From         domain.Date         `json:"from,omitzero"`
}

func (a *api) amendCentre(o order, in centreAmendment) (deed, error) {
	s, err := a.Desk.Territory(o.ctx)
	if err != nil {
		return deed{}, err
	}
	v, _ := s.Centre(domain.Centre(chi.URLParam(o.r, "code")))
	v.Code, v.From = domain.Centre(chi.URLParam(o.r, "code")), in.From
	set(&v.Name, in.OfficialName)
	set(&v.Ambito, in.Ambito)
	set(&v.Host, in.Host)
	set(&v.HostName, in.HostName)
	set(&v.Email, in.Email)
	set(&v.Phone, in.Phone)
	set(&v.Provisional, in.Provisional)
	if in.Municipi != nil {
		v.Municipi = in.Municipi
	}
	return a.edit(o, territory.AmendCentre{Act: o.act, Centre: v}, "")
}

func (a *api) showCentre(o order, _ deed) (answer, error) {
	s, err := a.Desk.Territory(o.ctx)
	v, _ := s.Centre(domain.Centre(chi.URLParam(o.r, "code")))
	return answer{body: centreOf(v)}, err
}

type confirmation struct {
	Comuni  []domain.Comune `json:"comuni,omitzero"`
	Centres []domain.Centre `json:"centres,omitzero"`
	Policy  string          `json:"policy,omitzero"` // a version
}

func (a *api) confirm(o order, in confirmation) (deed, error) {
	return a.edit(o, territory.Confirm{Act: o.act, Comuni: in.Comuni, Centres: in.Centres, Policy: in.Policy}, "")
}

// provisional is what the UST has still to confirm.
type provisional struct {
	Comuni  []domain.Comune `json:"comuni"`
	Centres []domain.Centre `json:"centres"`
	Policy  string          `json:"policy,omitzero"`
}

func (a *api) showProvisional(o order, _ deed) (answer, error) {
	s, err := a.Desk.Territory(o.ctx)
	comuni, centres, policy := s.Provisional()
	return answer{body: provisional{full(comuni), full(centres), policy}}, err
}

type policy struct {
	Version     string                 `json:"version"`
	From        domain.Date            `json:"from"`
	Infanzia    territory.CityInfanzia `json:"infanzia"`
	Fallback    domain.Centre          `json:"fallback"`
	Provisional bool                   `json:"provisional"`
}

func policyOf(p territory.Policy) policy {
	return policy{p.Version, p.From, p.Infanzia, p.Fallback, p.Provisional}
}

func (a *api) listPolicies(r *http.Request) (answer, error) {
	return listing(a, r, territory.State.Policies, policyOf)
}

type adoption struct {
	From     domain.Date            `json:"from,omitzero"`
	Infanzia territory.CityInfanzia `json:"infanzia"`
	Fallback domain.Centre          `json:"fallback"`
}

func (a *api) adoptPolicy(o order, in adoption) (deed, error) {
	return a.edit(o, territory.AdoptPolicy{Act: o.act, From: in.From, Infanzia: in.Infanzia, Fallback: in.Fallback}, base+"/territory/policies")
}

// showPolicy is the newest version: versions are numbered as they are adopted.
func (a *api) showPolicy(o order, _ deed) (answer, error) {
	s, err := a.Desk.Territory(o.ctx)
	if err != nil {
		return answer{}, err
	}
	newest := slices.MaxFunc(s.Policies(), func(a, b territory.Policy) int { return number(a.Version) - number(b.Version) })
	return answer{body: policyOf(newest)}, nil
}

// number is 0 for what is none.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// clocks are terms, in working days; the first day in school days. Months are those of the reception directives.
type clocks struct {
	From         domain.Date `json:"from,omitzero"`
	TakeCharge   int         `json:"take_charge"`
	FirstOffer   int         `json:"first_offer"`
	SchoolAnswer int         `json:"school_answer"`
	FirstDay     int         `json:"first_day"`
	AccessMonths int         `json:"access_months"`
	RecastMonths int         `json:"recast_months"`
}

func (a *api) readClocks(r *http.Request) (answer, error) {
	q := queryOf(r)
	on := domain.DateOf(a.Clock())
	if text := q.text("on"); text != "" {
		day, err := domain.ParseDate(text)
		if err != nil {
			q.fail("on", "date-malformed")
		}
		on = day
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	s, err := a.land(r)
	return answer{body: clocks(s.ClocksOn(on))}, err
}

func (a *api) setClocks(o order, in clocks) (deed, error) {
	on := dayOr(in.From, o.act)
	return a.edit(o, territory.SetClocks{Act: o.act, Clocks: territory.Clocks(in)}, base+"/territory/clocks?on="+on.String())
}

func (a *api) showClocks(o order, d deed) (answer, error) {
	_, day, _ := strings.Cut(d.location, "?on=")
	on, err := domain.ParseDate(day)
	if err != nil {
		return answer{}, err
	}
	s, err := a.Desk.Territory(o.ctx)
	return answer{body: clocks(s.ClocksOn(on))}, err
}

// suspension is an order that stops intake or placement.
type suspension struct {
	Number int            `json:"number"`
	Kind   territory.Kind `json:"kind"`
	Scope  scope          `json:"scope"`
	Role   domain.Role    `json:"role"` // whose order
	Reason string         `json:"reason"`
	From   time.Time      `json:"from"`
	Over   bool           `json:"over"` // the whole of it is lifted now
	Lifted []lift         `json:"lifted"`
}

type lift struct {
	Scope  scope       `json:"scope"`
	Role   domain.Role `json:"role"`
	Reason string      `json:"reason"`
	From   time.Time   `json:"from"`
}

// scope is a part of the territory; with neither it is all of it.
type scope struct {
	Comuni []domain.Comune `json:"comuni,omitzero"`
	Ambiti []domain.Ambito `json:"ambiti,omitzero"`
}

func (a *api) suspensionOf(s territory.Suspension) suspension {
	out := suspension{s.Number, s.Kind, scope(s.Scope), s.Role, s.Reason, s.From.UTC(), s.Over(a.Clock()), []lift{}}
	for _, l := range s.Lifted {
		out.Lifted = append(out.Lifted, lift{scope(l.Scope), l.Role, l.Reason, l.From.UTC()})
	}
	return out
}

func (a *api) listSuspensions(r *http.Request) (answer, error) {
	return listing(a, r, territory.State.Suspensions, a.suspensionOf)
}

func (a *api) readSuspension(r *http.Request) (answer, error) {
	s, err := a.land(r)
	if err != nil {
		return answer{}, err
	}
	return a.suspensionNumber(s, number(chi.URLParam(r, "number")))
}

func (a *api) suspensionNumber(s territory.State, n int) (answer, error) {
	for _, one := range s.Suspensions() {
		if one.Number == n {
			return answer{body: a.suspensionOf(one)}, nil
		}
	}
	return answer{}, territory.ErrSuspensionNotFound
}

type ordered struct {
	Kind   territory.Kind `json:"kind"`
	Scope  scope          `json:"scope,omitzero"`
	Reason string         `json:"reason"`
	From   time.Time      `json:"from,omitzero"`
}

// suspend finds the number of its order afterwards: the latest of the kind for the scope, which may be one that stood already.
func (a *api) suspend(o order, in ordered) (deed, error) {
	d, err := a.edit(o, territory.Suspend{Act: o.act, Kind: in.Kind, Scope: territory.Scope(in.Scope), Reason: in.Reason, From: in.From}, "")
	if err != nil {
		return deed{}, err
	}
	s, err := a.Desk.Territory(o.ctx)
	if err != nil {
		return deed{}, err
	}
	for _, one := range slices.Backward(s.Suspensions()) {
		if one.Kind == in.Kind && sameSet(one.Scope.Comuni, in.Scope.Comuni) && sameSet(one.Scope.Ambiti, in.Scope.Ambiti) {
			return created(base+"/territory/suspensions/"+strconv.Itoa(one.Number), d.position), nil
		}
	}
	return deed{}, territory.ErrSuspensionNotFound
}

func sameSet[T ~string](a, b []T) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

type resumption struct {
	Scope  scope     `json:"scope,omitzero"`
	Reason string    `json:"reason"`
	From   time.Time `json:"from,omitzero"`
}

func (a *api) resume(o order, in resumption) (deed, error) {
	return a.edit(o, territory.Resume{Act: o.act, Number: number(chi.URLParam(o.r, "number")), Scope: territory.Scope(in.Scope), Reason: in.Reason,
		From: in.From}, "")
}

func (a *api) showSuspension(o order, d deed) (answer, error) {
	s, err := a.Desk.Territory(o.ctx)
	if err != nil {
		return answer{}, err
	}
	n := number(chi.URLParam(o.r, "number"))
	if d.location != "" {
		n = number(d.location[strings.LastIndexByte(d.location, '/')+1:])
	}
	return a.suspensionNumber(s, n)
}
