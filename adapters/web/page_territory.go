package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/territory"
)

func (s *site) territoryRoutes(r chi.Router) {
	r.Route("/territorio", func(r chi.Router) {
		r.Get("/", s.page(s.territory))
		r.Get("/conferma", s.page(s.confirmation))
		r.Post("/conferma", s.page(s.confirmationPost))
		r.Get("/comuni", s.page(s.comuni))
		r.Get("/comuni/{code}", s.page(s.comune))
		r.Post("/comuni/{code}", s.page(s.comunePost))
		r.Get("/centri", s.page(s.centres))
		r.Get("/centri/{code}", s.page(s.centre))
		r.Post("/centri/{code}", s.page(s.centrePost))
		r.Get("/politica", s.page(s.policy))
		r.Post("/politica", s.page(s.policyPost))
		r.Get("/termini", s.page(s.terms))
		r.Post("/termini", s.page(s.termsPost))
		r.Get("/tetto", s.page(s.ceiling))
		r.Post("/tetto", s.page(s.ceilingPost))
		r.Get("/solleciti", s.page(s.automatic))
		r.Post("/solleciti", s.page(s.automaticPost))
		r.Get("/pesi", s.page(s.weights))
		r.Post("/pesi", s.page(s.weightsPost))
		r.Get("/sospensioni", s.page(s.suspensions))
		r.Get("/sospensioni/nuova", s.page(s.suspend))
		r.Post("/sospensioni/nuova", s.page(s.suspendPost))
		r.Get("/sospensioni/{number}/riprendi", s.page(s.askResume))
		r.Post("/sospensioni/{number}/riprendi", s.page(s.resumePost))
	})
}

var (
	errNoRegister = domain.NotFound("page-not-found")
	errNoNumber   = domain.Invalid("number-malformed")
)

var territoryCrumb = Crumb{text("territory.title"), "/territorio"}

// land is the register of the territory for whoever may do the act.
func (s *site) land(r *http.Request, act access.Act) (territory.State, error) {
	if err := access.Large(actorOf(r), act); err != nil {
		return territory.State{}, err
	}
	return s.Desk.Territory(r.Context())
}

// edit carries a command to the register. What the form can show it takes; the error is what it cannot.
func (s *site) edit(r *http.Request, f *Form, c territory.Command) (done bool, err error) {
	receipt, err := s.Desk.EditTerritory(r.Context(), ticketOf(r, f), c)
	if err != nil {
		if f.refuse(err) {
			return false, nil
		}
		return false, err
	}
	s.settled(r, receipt)
	return true, nil
}

// adopt carries out what the form of a register with versions asks for, and shows the register again with what is to be mended.
func (s *site) adopt(w http.ResponseWriter, r *http.Request, form func(territory.State) *Form,
	show func(http.ResponseWriter, *http.Request, territory.State, *Form) error, asked func(*Form) (territory.Command, error)) error {
	land, err := s.land(r, access.EditRegisters)
	if err != nil {
		return err
	}
	f := form(land)
	if err := f.read(r); err != nil {
		return err
	}
	c, err := asked(f)
	if err != nil {
		f.refuse(err)
		return show(w, r, land, f)
	}
	done, err := s.edit(r, f, c)
	if err != nil {
		return err
	}
	if !done {
		return show(w, r, land, f)
	}
	s.redirect(w, r, f.Action, "register-saved")
	return nil
}

// mayEdit reports whether the register's forms are shown.
func mayEdit(r *http.Request) bool { return access.Large(actorOf(r), access.EditRegisters) == nil }

func (s *site) territory(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.ReadRegisters)
	if err != nil {
		return err
	}
	comuni, centres, policy := land.Provisional()
	c := sheet{Title: text("territory.title"), Lead: text("territory.lead"), Callouts: provisionalCallouts(land, true)}
	if mayEdit(r) && len(c.Callouts) > 0 {
		c.Actions = []Action{{text("territory.confirm"), "/territorio/conferma"}}
	}
	today := domain.DateOf(s.Clock())
	left := func(n int) Text {
		if n == 0 {
			return text("territory.all-confirmed")
		}
		return text("territory.to-confirm", "count", n)
	}
	policyNote := text("territory.policy-version", "version", land.PolicyOn(today).Version)
	if policy != "" {
		policyNote = text("territory.policy-provisional", "version", land.PolicyOn(today).Version)
	}
	standing := 0
	for _, p := range land.Suspensions() {
		if !p.Over(s.Clock()) {
			standing++
		}
	}
	clocks := land.ClocksOn(today)
	c.Parts = []part{{Doors: []door{
		{text("territory.comuni"), left(len(comuni)), "/territorio/comuni"},
		{text("territory.centres"), left(len(centres)), "/territorio/centri"},
		{text("territory.policy"), policyNote, "/territorio/politica"},
		{text("territory.terms"), text("territory.terms-note", "charge", clocks.TakeCharge, "offer", clocks.FirstOffer, "day", clocks.FirstDay), "/territorio/termini"},
		{text("territory.ceiling"), text("territory.percent", "percent", land.CeilingOn(today)), "/territorio/tetto"},
		{text("reminders.title"), text("reminders.note", "monday", hourText(land.RemindersOn(today).Monday), "tuesday", hourText(land.RemindersOn(today).Tuesday)), remindersPath},
		{text("weights.title"), text("basis.weights", "version", land.WeightsOn(today).Version), weightsPath},
		{text("suspension.title"), text("suspension.standing", "count", standing), "/territorio/sospensioni"},
	}}}
	return c.show(s, w, r)
}

func confirmationForm(land territory.State) *Form {
	comuni, centres, policy := land.Provisional()
	var what []Option
	if n := len(comuni); n > 0 {
		what = append(what, Option{Value: "comuni", Label: say(text("territory.confirm-comuni", "count", n))})
	}
	if n := len(centres); n > 0 {
		what = append(what, Option{Value: "centri", Label: say(text("territory.confirm-centres", "count", n))})
	}
	if policy != "" {
		what = append(what, Option{Value: "politica", Label: say(text("territory.confirm-policy", "version", policy))})
	}
	f := newForm("/territorio/conferma", text("territory.confirm"), Field{Name: "what", Kind: FieldChecks, Label: text("territory.confirm-what"), Options: what})
	f.Cancel = "/territorio"
	return f
}

func (s *site) confirmation(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.EditRegisters)
	if err != nil {
		return err
	}
	return s.showConfirmation(w, r, confirmationForm(land))
}

func (s *site) showConfirmation(w http.ResponseWriter, r *http.Request, f *Form) error {
	c := confirm{Title: text("territory.confirm-title"), Lead: text("territory.confirm-lead"), Form: f}
	return c.show(s, w, r, territoryCrumb, Crumb{Text: c.Title})
}

func (s *site) confirmationPost(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.EditRegisters)
	if err != nil {
		return err
	}
	f := confirmationForm(land)
	if err := f.read(r); err != nil {
		return err
	}
	what, err := f.Field("what")
	if err != nil {
		return err
	}
	comuni, centres, policy := land.Provisional()
	c := territory.Confirm{Act: s.Desk.Act(actorOf(r))}
	if what.Has("comuni") {
		c.Comuni = comuni
	}
	if what.Has("centri") {
		c.Centres = centres
	}
	if what.Has("politica") {
		c.Policy = policy
	}
	if len(c.Comuni)+len(c.Centres) == 0 && c.Policy == "" {
		f.refuse(domain.Invalid("field-required").On("what"))
		return s.showConfirmation(w, r, f)
	}
	done, err := s.edit(r, f, c)
	if err != nil {
		return err
	}
	if !done {
		return s.showConfirmation(w, r, f)
	}
	s.redirect(w, r, "/territorio", "register-saved")
	return nil
}

func (s *site) comuni(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.ReadRegisters)
	if err != nil {
		return err
	}
	ambito := domain.Ambito(r.URL.Query().Get("ambito"))
	c := sheet{Title: text("territory.comuni"), Lead: text("territory.comuni-lead"), Callouts: provisionalCallouts(land, true)}
	c.Filter = newFilter("/territorio/comuni", text("board.filter"),
		Field{Name: "ambito", Kind: FieldSelect, Label: text("board.ambito"), Options: ambitoOptions(land), Optional: true}).Set("ambito", string(ambito))
	t := Table{Caption: text("territory.comuni-caption"), Columns: []Column{{Label: text("list.comune")}, {Label: text("board.ambito")}, {Label: text("territory.cap")},
		{Label: text("territory.population"), Numeric: true}, {Label: text("territory.state")}},
		Empty: Empty{Title: text("territory.no-comuni"), Text: text("territory.no-comuni-text")}}
	for _, x := range land.Comuni() {
		if ambito == "" || x.In(ambito) {
			t.Rows = append(t.Rows, Row{Cells: []Cell{plain(x.Name).to("/territorio/comuni/" + string(x.Code)), ambitiCell(x), plain(shortList(x.CAP, 4)),
				count(x.Population), stateCell(x.Provisional)}})
		}
	}
	c.Parts = []part{{Table: &t}}
	return c.show(s, w, r, territoryCrumb)
}

// shortList names the first few and how many more there are.
func shortList(all []string, n int) string {
	if len(all) <= n {
		return strings.Join(all, " ")
	}
	return strings.Join(all[:n], " ") + " +" + strconv.Itoa(len(all)-n)
}

func ambitiCell(c territory.Comune) Cell {
	cell := code(string(c.Ambito))
	if len(c.Also) > 0 {
		var also []string
		for _, a := range c.Also {
			also = append(also, string(a))
		}
		return cell.over(say(text("territory.also", "ambiti", strings.Join(also, " "))))
	}
	return cell
}

// stateCell says whether the UST has confirmed an entry.
func stateCell(provisional bool) Cell {
	if provisional {
		return badge(Warning, text("territory.unconfirmed"))
	}
	return badge(Success, text("territory.confirmed"))
}

// comuneOf is the comune the address names.
func comuneOf(r *http.Request, land territory.State) (territory.Comune, error) {
	c, ok := land.Comune(domain.Comune(chi.URLParam(r, "code")))
	if !ok {
		return c, errNoRegister
	}
	return c, nil
}

// fromField asks from which day something holds.
func fromField() Field {
	return Field{Name: "from", Kind: FieldDate, Label: text("territory.from"), Hint: text("territory.from-hint"), Optional: true}
}

// fromOf reads it; no day is the day of the act.
func fromOf(f *Form) (domain.Date, error) {
	if f.value("from") == "" {
		return domain.Date{}, nil
	}
	d, err := domain.ParseDate(f.value("from"))
	if err != nil {
		return d, domain.Invalid("date-malformed").On("from")
	}
	return d, nil
}

func provisionalField() Field {
	return Field{Name: "provisional", Kind: FieldCheck, Label: text("territory.keep-provisional"), Optional: true}
}

func comuneForm(land territory.State, c territory.Comune) *Form {
	f := newForm("/territorio/comuni/"+string(c.Code), text("territory.save"),
		Field{Name: "ambito", Kind: FieldSelect, Label: text("board.ambito"), Options: ambitoOptions(land)},
		Field{Name: "cap", Kind: FieldArea, Label: text("territory.cap"), Hint: text("territory.cap-hint")},
		fromField(), provisionalField())
	f.Cancel = "/territorio/comuni"
	f.Set("ambito", string(c.Ambito)).Set("cap", strings.Join(c.CAP, " "))
	if c.Provisional {
		f.Set("provisional", "on")
	}
	return f
}

func (s *site) comune(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.ReadRegisters)
	if err != nil {
		return err
	}
	c, err := comuneOf(r, land)
	if err != nil {
		return err
	}
	return s.showComune(w, r, c, comuneForm(land, c))
}

func (s *site) showComune(w http.ResponseWriter, r *http.Request, x territory.Comune, f *Form) error {
	c := sheet{Title: text("territory.comune-title", "name", x.Name), Facts: []Pair{
		{text("territory.istat"), code(string(x.Code))}, {text("territory.belfiore"), code(x.Belfiore)}, {text("board.ambito"), ambitiCell(x)},
		{text("territory.cap"), plain(strings.Join(x.CAP, " "))}, {text("territory.population"), count(x.Population)},
		{text("territory.state"), stateCell(x.Provisional)}, {text("territory.from"), on(x.From)}}}
	if mayEdit(r) {
		c.Parts = []part{{ID: "edit", Title: text("territory.edit"), Form: f}}
	}
	return c.show(s, w, r, territoryCrumb, Crumb{text("territory.comuni"), "/territorio/comuni"})
}

func (s *site) comunePost(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.EditRegisters)
	if err != nil {
		return err
	}
	c, err := comuneOf(r, land)
	if err != nil {
		return err
	}
	f := comuneForm(land, c)
	if err := f.read(r); err != nil {
		return err
	}
	changed := c
	changed.Ambito, changed.Provisional = domain.Ambito(f.value("ambito")), f.value("provisional") == "on"
	changed.Also = slices.DeleteFunc(slices.Clone(c.Also), func(a domain.Ambito) bool { return a == changed.Ambito })
	if c.Code == domain.Milano && changed.Ambito != c.Ambito {
		changed.Also = append(changed.Also, c.Ambito) // Milano goes on lying in both
	}
	changed.CAP = strings.FieldsFunc(f.value("cap"), func(c rune) bool { return c == ',' || c == ';' || c == ' ' || c == '\n' || c == '\r' || c == '\t' })
	if changed.From, err = fromOf(f); err != nil {
		f.refuse(err)
		return s.showComune(w, r, c, f)
	}
	done, err := s.edit(r, f, territory.AmendComune{Act: s.Desk.Act(actorOf(r)), Comune: changed})
	if err != nil {
		return err
	}
	if !done {
		return s.showComune(w, r, c, f)
	}
	s.redirect(w, r, "/territorio/comuni/"+string(c.Code), "register-saved")
	return nil
}

func (s *site) centres(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.ReadRegisters)
	if err != nil {
		return err
	}
	t := Table{Caption: text("territory.centres-caption"), Columns: []Column{{Label: text("board.centre")}, {Label: text("territory.serves")},
		{Label: text("territory.host")}, {Label: text("territory.contact")}, {Label: text("territory.state")}}}
	for _, x := range land.Centres() {
		t.Rows = append(t.Rows, Row{Cells: []Cell{plain(x.Name).to("/territorio/centri/" + string(x.Code)).over(code(string(x.Code))), servesCell(x), hostCell(x),
			plain(orDash(x.Email)).over(plain(x.Phone)), stateCell(x.Provisional)}})
	}
	c := sheet{Title: text("territory.centres"), Lead: text("territory.centres-lead"), Callouts: provisionalCallouts(land, true), Parts: []part{{Table: &t}}}
	return c.show(s, w, r, territoryCrumb)
}

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

func servesCell(c territory.Centre) Cell {
	if c.Ambito != "" {
		return code(string(c.Ambito))
	}
	return say(text("territory.municipi-of", "municipi", municipiText(c.Municipi)))
}

func municipiText(all []domain.Municipio) string {
	var out []string
	for _, m := range all {
		out = append(out, strconv.Itoa(int(m)))
	}
	return strings.Join(out, ", ")
}

// hostCell names the institution a centre sits in, or says that nobody has named it yet.
func hostCell(c territory.Centre) Cell {
	switch {
	case c.HostName != "":
		return plain(c.HostName).over(code(string(c.Host)))
	case c.Host != "":
		return code(string(c.Host))
	}
	return say(text("territory.no-host"))
}

func centreOf(r *http.Request, land territory.State) (territory.Centre, error) {
	c, ok := land.Centre(domain.Centre(chi.URLParam(r, "code")))
	if !ok {
		return c, errNoRegister
	}
	return c, nil
}

// municipiOfMilano are the nine there are.
const municipiOfMilano = 9

func centreForm(c territory.Centre) *Form {
	fields := []Field{{Name: "name", Kind: FieldText, Label: text("territory.name"), Width: 40}}
	if c.Code.IsPolo() {
		var all []Option
		for m := range municipiOfMilano {
			all = append(all, Option{Value: strconv.Itoa(m + 1), Label: say(text("territory.municipio", "number", strconv.Itoa(m+1)))})
		}
		fields = append(fields, Field{Name: "municipi", Kind: FieldChecks, Label: text("territory.municipi"), Options: all, Optional: true})
	}
	fields = append(fields, Field{Name: "host", Kind: FieldText, Label: text("territory.host-code"), Hint: text("territory.host-hint"), Width: 20, Optional: true},
		Field{Name: "host_name", Kind: FieldText, Label: text("territory.host-name"), Width: 40, Optional: true},
		Field{Name: "email", Kind: FieldEmail, Label: text("territory.email"), Hint: text("territory.email-hint"), Width: 40, Optional: true},
		Field{Name: "phone", Kind: FieldTel, Label: text("territory.phone"), Width: 20, Optional: true}, fromField(), provisionalField())
	f := newForm("/territorio/centri/"+string(c.Code), text("territory.save"), fields...)
	f.Cancel = "/territorio/centri"
	f.Set("name", c.Name).Set("host", string(c.Host)).Set("host_name", c.HostName).Set("email", c.Email).Set("phone", c.Phone)
	var municipi []string
	for _, m := range c.Municipi {
		municipi = append(municipi, strconv.Itoa(int(m)))
	}
	f.Set("municipi", municipi...)
	if c.Provisional {
		f.Set("provisional", "on")
	}
	return f
}

func (s *site) centre(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.ReadRegisters)
	if err != nil {
		return err
	}
	c, err := centreOf(r, land)
	if err != nil {
		return err
	}
	return s.showCentre(w, r, c, centreForm(c))
}

func (s *site) showCentre(w http.ResponseWriter, r *http.Request, x territory.Centre, f *Form) error {
	c := sheet{Title: text("territory.centre-title", "name", x.Name), Facts: []Pair{
		{text("territory.code"), code(string(x.Code))}, {text("territory.serves"), servesCell(x)}, {text("territory.host"), hostCell(x)},
		{text("territory.email"), plain(orDash(x.Email))}, {text("territory.phone"), plain(orDash(x.Phone))},
		{text("territory.state"), stateCell(x.Provisional)}, {text("territory.from"), on(x.From)}}}
	if mayEdit(r) {
		c.Parts = []part{{ID: "edit", Title: text("territory.edit"), Form: f}}
	}
	return c.show(s, w, r, territoryCrumb, Crumb{text("territory.centres"), "/territorio/centri"})
}

func (s *site) centrePost(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.EditRegisters)
	if err != nil {
		return err
	}
	c, err := centreOf(r, land)
	if err != nil {
		return err
	}
	f := centreForm(c)
	if err := f.read(r); err != nil {
		return err
	}
	changed, err := centreFrom(f, c)
	if err != nil {
		f.refuse(err)
		return s.showCentre(w, r, c, f)
	}
	done, err := s.edit(r, f, territory.AmendCentre{Act: s.Desk.Act(actorOf(r)), Centre: changed})
	if err != nil {
		return err
	}
	if !done {
		return s.showCentre(w, r, c, f)
	}
	s.redirect(w, r, "/territorio/centri/"+string(c.Code), "register-saved")
	return nil
}

// centreFrom is the centre as the form has it; domain.Errors with every field at fault.
func centreFrom(f *Form, c territory.Centre) (territory.Centre, error) {
	var errs domain.Errors
	c.Name, c.HostName = strings.TrimSpace(f.value("name")), strings.TrimSpace(f.value("host_name"))
	c.Email, c.Phone = strings.TrimSpace(f.value("email")), strings.TrimSpace(f.value("phone"))
	c.Provisional = f.value("provisional") == "on"
	if c.Name == "" {
		errs = append(errs, domain.Invalid("field-required").On("name"))
	}
	c.Host = ""
	if host := f.value("host"); host != "" {
		parsed, err := domain.ParseSchool(host)
		if err != nil {
			errs = append(errs, domain.Invalid("school-code-malformed").On("host"))
		}
		c.Host = domain.Institution(parsed)
	}
	if c.Code.IsPolo() {
		c.Municipi = nil
		if field, err := f.Field("municipi"); err == nil {
			for _, v := range field.values {
				n, err := strconv.Atoi(v)
				if err != nil {
					n = -1 // the register refuses it
				}
				c.Municipi = append(c.Municipi, domain.Municipio(n))
			}
		}
	}
	var err error
	if c.From, err = fromOf(f); err != nil {
		errs = append(errs, domain.Invalid("date-malformed").On("from"))
	}
	if errs != nil {
		return c, errs
	}
	return c, nil
}
