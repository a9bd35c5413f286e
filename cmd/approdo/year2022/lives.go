package year2022

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/territory"
)

// arrivals are minors from Ukraine who crossed into Italy, by week from 28 February 2022 (Presidenza del Consiglio – Dipartimento
// della Protezione Civile, UKR-2022, CC BY 4.0). Requests follow 10 to 25 days later.
var arrivals = []int{5726, 9421, 7790, 4482, 2576, 2069, 1828, 820, 1403, 643, 997, 633, 902, 574, 855, 714}

// mailbox is the share of requests that lay in the office's mailbox by 10 March, before any curve.
const mailbox = 15 // percent: 200 of 1,310

// autumn is how many children come from September on, for a hundred who came by June.
const autumn = 14

// plan puts every household on the agenda.
func (y *year) plan() {
	spring := y.Enrolled * 100 / (100 + autumn)
	for planned := 0; planned < spring; {
		planned += y.household(y.springDay(), spring-planned, true)
	}
	fresh := min(8, y.Enrolled/10)
	for planned := spring; planned < y.Enrolled-fresh; {
		first := domain.Date{Year: 2022, Month: time.September, Day: 1}
		planned += y.household(first.AddDays(y.r.IntN(75)), y.Enrolled-fresh-planned, true)
	}
	// A few were enrolled by schools these days, and the last fortnight's requests are still on the desks.
	for range fresh {
		y.children, y.homes = y.children+1, y.homes+1
		c := y.child(domain.DateOf(Today), y.drawComune(), 0, y.family())
		y.at(y.office(Today.AddDate(0, 0, -1-y.r.IntN(3)), 0, c.comune), "enrolment", func() error { return y.enrol(c) })
	}
	for late := 0; late < max(20, y.Enrolled/25); {
		late += y.household(domain.DateOf(Today).AddDays(-min(y.r.IntN(14), y.r.IntN(14))), math.MaxInt, false)
	}
	y.suspension()
}

func (y *year) springDay() domain.Date {
	if y.chance(mailbox) {
		return domain.DateOf(Start).AddDays(y.r.IntN(10))
	}
	total := 0
	for _, n := range arrivals {
		total += n
	}
	n := y.r.IntN(total)
	for week, of := range arrivals {
		if n -= of; n < 0 {
			d := domain.DateOf(Start).AddDays(week*7 + y.r.IntN(7) + 10 + y.r.IntN(16))
			return domain.DateOf(y.office(d.Start(), 0, domain.Milano))
		}
	}
	return domain.DateOf(Start)
}

func (y *year) drawComune() domain.Comune {
	if y.chance(30) {
		return domain.Milano
	}
	n := y.r.IntN(y.weights[len(y.weights)-1])
	i, _ := slices.BinarySearch(y.weights, n+1)
	return y.comuni[i].Code
}

// household invents children of one family and gives each a life; it returns how many will be taken in, at most limit.
func (y *year) household(day domain.Date, limit int, finished bool) int {
	size := 1
	switch n := y.r.IntN(100); {
	case n >= 92:
		size = 3
	case n >= 60:
		size = 2
	}
	y.homes++
	comune, municipio := y.drawComune(), 0
	if comune == domain.Milano && y.chance(90) {
		municipio = 1 + y.r.IntN(9)
	}
	home := y.family()
	at := y.office(day.Start(), 0, comune)
	firstCase := uuid.Nil
	taken := 0
	for range size {
		y.children++
		c := y.child(day, comune, municipio, home)
		c.late = !finished
		placed := !finished || !y.chance(5)
		if placed && taken >= limit {
			break
		}
		if placed {
			taken++
		}
		at = at.Add(time.Duration(2+y.r.IntN(9)) * time.Minute)
		y.life(c, at, placed, &firstCase)
	}
	return taken
}

// family is what children of one household share.
type family struct{ name, mother spelling }

func (y *year) family() family {
	return family{familyNames[y.r.IntN(len(familyNames))], motherNames[y.r.IntN(len(motherNames))]}
}

// child invents one who asks for a school on a day.
func (y *year) child(day domain.Date, comune domain.Comune, municipio int, home family) child {
	c := child{family: home.name, mother: home.mother, girl: y.r.IntN(2) == 0, year: schoolYear(day), comune: comune, municipio: municipio,
		household: y.homes, n: y.children}
	c.level = drawLevel(y.r)
	c.birth = birthFor(y.r, c.level, c.year)
	given := boyNames
	if c.girl {
		given = girlNames
	}
	c.given = given[y.r.IntN(len(given))]
	return c
}

// schoolYear is the one a request is for: from July on the next.
func schoolYear(d domain.Date) domain.SchoolYear {
	if d.Month == time.July || d.Month == time.August {
		return domain.SchoolYear(d.Year)
	}
	return domain.SchoolYearOf(d)
}

// life puts one child's first step on the agenda: 45 in a hundred come by the comune, 45 by a school, 10 by a mail to the UST.
func (y *year) life(c child, at time.Time, placed bool, household *uuid.UUID) {
	if placed && !c.late && y.chance(45) && len(y.sites[c.level.Order]) > 0 {
		y.at(at, "enrolment", func() error { return y.enrol(c) })
		return
	}
	actor := officer(domain.RoleComune, string(c.comune))
	if y.chance(18) { // 10 of the 55 that are left
		actor = ust
	}
	y.at(at, "request", func() error {
		r, err := y.request(c, actor, *household)
		if err != nil {
			return err
		}
		if *household == uuid.Nil {
			*household = r.ID
		}
		y.followUp(c, r.ID, placed)
		return nil
	})
}

func (y *year) form(c child, household uuid.UUID) desk.RequestForm {
	p := domain.NewPersonal
	f := desk.RequestForm{
		Comune: string(c.comune), FamilyName: p(c.family.latin), GivenName: p(c.given.latin), Sex: "M", BirthDate: p(c.birth.String()),
		FamilyNameCyrillic: p(c.family.cyrillic), GivenNameCyrillic: p(c.given.cyrillic), Citizenship: p("UA"),
		BirthPlace: p(birthPlaces[y.r.IntN(len(birthPlaces))]), Address: p(c.address(y.r)), Host: p(hosts[y.r.IntN(len(hosts))]),
		ArrivedOn:           p(domain.DateOf(y.Clock.Now()).AddDays(-10 - y.r.IntN(16)).String()),
		TemporaryProtection: y.chance(85), Unaccompanied: y.chance(2.5),
		AdultName: p(c.mother.latin + " " + c.family.latin), AdultRelation: p("mother"), AdultPhone: p(c.telephone()),
		AdultEmail: p(c.email()), AdultLanguage: p("uk"), LastSchool: p("Scuola di " + birthPlaces[y.r.IntN(len(birthPlaces))]),
		StillOnline: y.chance(35), Languages: p("uk, ru"), Italian: []string{"none", "none", "none", "pre-A1", "A1"}[y.r.IntN(5)],
		Vaccination: []string{"yes", "pending", "pending", "no"}[y.r.IntN(4)],
	}
	if c.girl {
		f.Sex = "F"
	}
	if c.municipio > 0 {
		f.Municipio = strconv.Itoa(c.municipio)
	}
	if y.chance(15) {
		f.WithReserve = true
	} else {
		f.Document = p(c.document())
	}
	if y.chance(30) {
		f.TaxCode = p(taxCode(c))
	}
	if y.chance(0.5) {
		f.Disability = "certified"
	}
	if household != uuid.Nil {
		f.Household = household.String()
	}
	return f
}

func (y *year) request(c child, a domain.Actor, household uuid.UUID) (desk.Receipt, error) {
	return y.Desk.Request(y.ctx, y.ticket(), a, y.form(c, household))
}

// followUp is what comes after a request: taking charge, questions, moves, and the first offer.
func (y *year) followUp(c child, id uuid.UUID, placed bool) {
	now := y.Clock.Now()
	days := y.r.IntN(3)
	if y.chance(8) {
		days = 3 + y.r.IntN(4) // late
	}
	taken := y.office(now, days, domain.Milano)
	y.at(taken, "taking charge", func() error { return y.takeCharge(id) })
	next := taken
	if y.chance(10) {
		next = y.question(c, id, next)
	}
	if y.chance(5) {
		next = y.office(next, 1, domain.Milano)
		y.at(next, "hand-over", func() error { return y.handOver(id) })
		next = y.office(next, 1, domain.Milano)
		y.at(next, "taking charge", func() error { return y.takeCharge(id) })
	}
	if y.chance(20) {
		y.at(y.office(now, 1+y.r.IntN(40), c.comune), "domicile", func() error { return y.moveHouse(c, id) })
	}
	if y.chance(12) {
		y.at(y.office(next, 0, domain.Milano), "note", func() error {
			return y.asCentre(id, func(a domain.Act) casefile.Command {
				return casefile.AddNote{Act: a, Text: text(id, "Sentita la famiglia per telefono: conferma il domicilio.")}
			})
		})
	}
	if !placed {
		y.at(y.office(next, 4+y.r.IntN(10), domain.Milano), "closure", func() error {
			reason := []casefile.ClosureReason{"returned-home", "moved-abroad", "moved-province", "untraceable"}[y.r.IntN(4)]
			return y.asCentre(id, func(a domain.Act) casefile.Command { return casefile.Close{Act: a, Reason: reason} })
		})
		return
	}
	refusals := 0
	switch n := y.r.IntN(100); {
	case n < 3:
		refusals = 2
	case n < 15:
		refusals = 1
	}
	y.at(y.office(next, 1+y.r.IntN(4), domain.Milano), "offer", func() error { return y.offer(c, id, refusals) })
}

func text(id uuid.UUID, s string) casefile.Text {
	return domain.Open(id, domain.ClassPersonal, domain.NewPersonal(s))
}

func (y *year) state(id uuid.UUID) (casefile.State, error) {
	out, err := event.Load(y.ctx, y.Store, y.Codec, casefile.Decider, casefile.Stream(id))
	return out.State, err
}

// asCentre lets whichever centre has the case now act; what the case has moved past is left alone, as a person would.
func (y *year) asCentre(id uuid.UUID, make func(domain.Act) casefile.Command) error {
	s, err := y.state(id)
	if err != nil {
		return err
	}
	return y.do(id, make(y.Desk.Act(officer(domain.RoleCentre, string(s.Centre)))))
}

// do carries out a command. A rule's refusal is no fault: the person finds the case changed and turns to the next one.
func (y *year) do(id uuid.UUID, c casefile.Command) error {
	_, err := y.Desk.Do(y.ctx, y.ticket(), id, c)
	if errors.Is(err, domain.KindRefused) {
		return nil
	}
	return err
}

func (y *year) takeCharge(id uuid.UUID) error {
	err := y.asCentre(id, func(a domain.Act) casefile.Command { return casefile.TakeCharge{Act: a} })
	if err != nil {
		return err
	}
	s, err := y.state(id)
	if err == nil && s.Status == casefile.Requested { // intake is suspended: again tomorrow
		y.at(y.office(y.Clock.Now(), 1, domain.Milano), "taking charge", func() error { return y.takeCharge(id) })
	}
	return err
}

func (y *year) question(c child, id uuid.UUID, after time.Time) time.Time {
	asked := y.office(after, 0, domain.Milano)
	y.at(asked, "question", func() error {
		return y.asCentre(id, func(a domain.Act) casefile.Command {
			return casefile.AskQuestion{Act: a, To: casefile.HeldByComune, Topic: "contacts", Text: text(id, "Il telefono non risponde: ne avete un altro?")}
		})
	})
	answered := y.office(asked, 1+y.r.IntN(3), c.comune)
	y.at(answered, "answer", func() error {
		s, err := y.state(id)
		if err != nil || s.Question == nil {
			return err
		}
		a := y.Desk.Act(officer(domain.RoleComune, s.Question.To.Body))
		return y.do(id, casefile.AnswerQuestion{Act: a, Text: text(id, "Risponde la signora che li ospita, di sera.")})
	})
	return answered
}

func (y *year) handOver(id uuid.UUID) error {
	s, err := y.state(id)
	if err != nil {
		return err
	}
	centres := y.land.Centres()
	to := centres[y.r.IntN(len(centres))].Code
	if to.IsPolo() != s.Centre.IsPolo() || to == s.Centre {
		return nil
	}
	a := y.Desk.Act(officer(domain.RoleCentre, string(s.Centre)))
	return y.do(id, casefile.HandOver{Act: a, To: to, Reason: "sibling-there"})
}

func (y *year) moveHouse(c child, id uuid.UUID) error {
	s, err := y.state(id)
	if err != nil || !s.Status.Open() {
		return err
	}
	to := s.Comune
	if y.chance(35) {
		to = y.drawComune()
	}
	m := 0
	if to == domain.Milano {
		m = 1 + y.r.IntN(9)
	}
	home := casefile.Domicile{Address: domain.NewPersonal(c.address(y.r)), Host: domain.NewPersonal("private")}
	return y.do(id, casefile.ChangeDomicile{Act: y.Desk.Act(officer(domain.RoleComune, string(s.Comune))), Comune: to,
		Municipio: domain.Municipio(m), From: domain.DateOf(y.Clock.Now()), Domicile: domain.Open(id, domain.ClassPersonal, home)})
}

// declare lets a school say what it has, when it is asked for the first time and when nothing is left.
func (y *year) declare(s site, l grade.Level, sy domain.SchoolYear) error {
	k := seatKey{s.Code, sy, l}
	pupils := 18 + y.r.IntN(8)
	share := max(0, foreignShare(s.Institution, s.Comune)-5+y.r.IntN(35)%11)
	c := places.Declare{Act: y.Desk.Act(officer(domain.RoleSchool, string(s.Institution))), Level: l, Free: 2 + y.r.IntN(4),
		Pupils: pupils, Foreign: pupils * share / 100}
	if _, err := y.Desk.DeclarePlaces(y.ctx, y.ticket(), s.Code, sy, c); err != nil {
		return err
	}
	y.free[k] = c.Free
	return nil
}

// offer asks the nearest school that has a place and has not said no.
func (y *year) offer(c child, id uuid.UUID, refusals int) error {
	s, err := y.state(id)
	if err != nil {
		return err
	}
	if s.Status == casefile.Requested { // it came to another centre meanwhile
		if err := y.takeCharge(id); err != nil {
			return err
		}
	}
	if s.Question != nil || s.Status == casefile.Requested {
		y.at(y.office(y.Clock.Now(), 1, domain.Milano), "offer", func() error { return y.offer(c, id, refusals) })
		return nil
	}
	if s.Status != casefile.InCharge {
		return nil
	}
	for _, school := range y.near(s.Comune, s.Level.Order) {
		if _, declined := s.Declined[school.Code]; declined {
			continue
		}
		k := seatKey{school.Code, s.SchoolYear, s.Level}
		if free, asked := y.free[k]; !asked || free == 0 && y.chance(50) {
			if err := y.declare(school, s.Level, s.SchoolYear); err != nil {
				return err
			}
		}
		if y.free[k] == 0 {
			continue
		}
		centre := officer(domain.RoleCentre, string(s.Centre))
		r, err := y.Desk.Offer(y.ctx, y.ticket(), id, centre, desk.Placement{School: school.Code, Level: s.Level})
		if errors.Is(err, places.ErrNoPlace) || errors.Is(err, casefile.ErrPlacementStopped) {
			continue
		}
		if err != nil {
			return err
		}
		y.free[k]--
		y.answer(c, r.ID, school, k, refusals)
		return nil
	}
	y.at(y.office(y.Clock.Now(), 2, domain.Milano), "offer", func() error { return y.offer(c, id, refusals) }) // no place anywhere today
	return nil
}

// answer is the school's: no for want of a place, nothing at all now and then, otherwise yes.
func (y *year) answer(c child, id uuid.UUID, school site, k seatKey, refusals int) {
	now := y.Clock.Now()
	secretary := officer(domain.RoleSchool, string(school.Institution))
	if c.late {
		return // the school has not answered yet
	}
	if refusals == 0 && y.chance(3) {
		y.at(y.office(now, 5, school.Comune), "lapse", func() error {
			s, err := y.state(id)
			if err != nil || s.Status != casefile.Offered && s.Status != casefile.InCharge {
				return err
			}
			y.free[k]++
			if s.Status == casefile.Offered { // no clock has been running
				lapse := casefile.Command(casefile.LapseOffer{Act: y.Desk.Act(domain.System), Offer: s.Offer.ID})
				origin := event.Origin{ID: y.ticket().ID, By: domain.System, At: y.Clock.Now()}
				if _, err := event.Execute(y.ctx, y.Store, y.Codec, casefile.Decider, casefile.Stream(id), lapse, origin); err != nil {
					return err
				}
			}
			y.at(y.office(y.Clock.Now(), 1, domain.Milano), "offer", func() error { return y.offer(c, id, 0) })
			return nil
		})
		return
	}
	y.at(y.office(now, 1+y.r.IntN(3), school.Comune), "answer of the school", func() error {
		s, err := y.state(id)
		if err != nil || s.Status != casefile.Offered {
			return err
		}
		if refusals > 0 {
			y.free[k] = 0
			reason := []casefile.DeclineReason{"no-places-in-class", "no-places-in-class", "no-places-in-class", "over-ceiling", "building-capacity",
				"disability-ratio"}[y.r.IntN(6)]
			if err := y.do(id, casefile.DeclineOffer{Act: y.Desk.Act(secretary), Offer: s.Offer.ID, Reason: reason}); err != nil {
				return err
			}
			y.at(y.office(y.Clock.Now(), 1+y.r.IntN(2), domain.Milano), "offer", func() error { return y.offer(c, id, refusals-1) })
			return nil
		}
		today := domain.DateOf(y.Clock.Now())
		section := string(rune('A' + y.r.IntN(5)))
		if err := y.do(id, casefile.AcceptOffer{Act: y.Desk.Act(secretary), Offer: s.Offer.ID, On: today, Section: section}); err != nil {
			return err
		}
		y.enrolled++
		y.attend(id, secretary, school.Comune)
		return nil
	})
}

// attend is the first day, and for a third of them the day they leave.
func (y *year) attend(id uuid.UUID, secretary domain.Actor, comune domain.Comune) {
	first := y.office(y.Clock.Now(), 1+y.r.IntN(7), comune)
	for domain.DateOf(first).Month == time.July || domain.DateOf(first).Month == time.August {
		first = y.office(first, 5, comune)
	}
	y.at(first, "first day", func() error {
		return y.do(id, casefile.RecordFirstDay{Act: y.Desk.Act(secretary), On: domain.DateOf(y.Clock.Now())})
	})
	if !y.chance(35) {
		return
	}
	summer := time.Date(2022, time.June, 9, 8, 0, 0, 0, domain.Rome)
	leave := y.office(first, 20+y.r.IntN(70), comune)
	if leave.Before(summer) {
		leave = y.office(summer, y.r.IntN(70), comune)
	}
	y.at(leave, "departure", func() error {
		reason := []casefile.ClosureReason{"returned-home", "returned-home", "returned-home", "moved-abroad", "moved-province", "untraceable"}[y.r.IntN(6)]
		return y.do(id, casefile.EndAttendance{Act: y.Desk.Act(secretary), On: domain.DateOf(y.Clock.Now()), Reason: reason})
	})
}

// enrol is a school's own. One in five of these children was asked for by the comune as well: a duplicate.
func (y *year) enrol(c child) error {
	sites := y.near(c.comune, c.level.Order)
	school := sites[y.r.IntN(min(3, len(sites)))]
	secretary := officer(domain.RoleSchool, string(school.Institution))
	p := domain.NewPersonal
	f := desk.EnrolmentForm{School: string(school.Code), FamilyName: p(c.family.latin), GivenName: p(c.given.latin), Sex: "M",
		BirthDate: p(c.birth.String()), Comune: string(c.comune)}
	if c.girl {
		f.Sex = "F"
	}
	r, err := y.Desk.Enrol(y.ctx, y.ticket(), secretary, f)
	if err != nil {
		return err
	}
	y.enrolled++
	y.attend(r.ID, secretary, school.Comune)
	if y.chance(22) {
		y.duplicate(c, r.ID)
	}
	return nil
}

// duplicate lets the comune, or a mail to the UST, ask for a child a school has already, as another ear heard the name.
func (y *year) duplicate(c child, enrolled uuid.UUID) {
	c.family, c.given = noisy(y.r, c.family), noisy(y.r, c.given)
	if y.chance(6) && c.birth.Day <= 12 { // day and month swapped
		c.birth.Month, c.birth.Day = time.Month(c.birth.Day), int(c.birth.Month)
	}
	actor := officer(domain.RoleComune, string(c.comune))
	if y.chance(20) {
		actor = ust
	}
	y.at(y.office(y.Clock.Now(), y.r.IntN(8), c.comune), "request", func() error {
		r, err := y.request(c, actor, uuid.Nil)
		if err != nil {
			return err
		}
		y.at(y.office(y.Clock.Now(), y.r.IntN(3), domain.Milano), "taking charge", func() error { return y.takeCharge(r.ID) })
		days := 2 + y.r.IntN(12)
		if y.chance(25) {
			days += 15 + y.r.IntN(15) // nobody notices for weeks; those of the last ones, not yet
		}
		y.at(y.office(y.Clock.Now(), days, domain.Milano), "merge", func() error {
			err := y.merge(r.ID, enrolled, "Stesso minore: confermato dalla scuola.")
			if err == nil && y.chance(4) {
				y.at(y.office(y.Clock.Now(), 2, domain.Milano), "un-merge", func() error {
					return y.do(r.ID, casefile.Unmerge{Act: y.Desk.Act(ust), Text: text(r.ID, "La scuola dice che sono due gemelli: da verificare.")})
				})
				y.at(y.office(y.Clock.Now(), 5, domain.Milano), "merge", func() error {
					return y.merge(r.ID, enrolled, "Verificato: è lo stesso minore.")
				})
			}
			return err
		})
		return nil
	})
}

// merge joins a request to the enrolment of the same child; where the child has left school already, the request is closed.
func (y *year) merge(id, into uuid.UUID, why string) error {
	if err := y.do(id, casefile.Merge{Act: y.Desk.Act(ust), Into: into, Text: text(id, why)}); err != nil {
		return err
	}
	if s, err := y.state(id); err != nil || !s.Status.Open() {
		return err
	}
	return y.asCentre(id, func(a domain.Act) casefile.Command { return casefile.Close{Act: a, Reason: "duplicate"} })
}

// suspension stops intake in the city for two days in April, when the office was overrun.
func (y *year) suspension() {
	from := time.Date(2022, time.April, 6, 8, 0, 0, 0, domain.Rome)
	prefettura := officer(domain.RolePrefettura, "")
	y.at(from, "suspension", func() error {
		_, err := y.Desk.EditTerritory(y.ctx, y.ticket(), territory.Suspend{Act: y.Desk.Act(prefettura), Kind: territory.Intake,
			Scope: territory.Scope{Comuni: []domain.Comune{domain.Milano}}, Reason: "Accoglienza straordinaria: prese in carico ferme per due giorni."})
		return err
	})
	y.at(from.AddDate(0, 0, 2), "resumption", func() error {
		_, err := y.Desk.EditTerritory(y.ctx, y.ticket(), territory.Resume{Act: y.Desk.Act(prefettura), Number: 1, Reason: "Arretrato smaltito."})
		return err
	})
}

// taxCode makes a well-formed provisional numeric code that is nobody's.
func taxCode(c child) string {
	body := fmt.Sprintf("%010d", 9990000000+c.n)
	for check := range 10 {
		if code := body + strconv.Itoa(check); casefile.TaxCodeWellFormed(code) {
			return code
		}
	}
	return ""
}
