package web

import (
	"strings"

	"approdo/domain"
)

// navItem is a page that a role reaches from everywhere.
type navItem struct {
	Text    Text
	Note    Text // what is there, said once on the home page
	Href    string
	Current bool
	group   *navGroup // under which it stands where a role has many; none stands by itself
}

// navGroup is a word that the pages of one kind stand behind.
type navGroup struct{ Title Text }

var (
	groupControl = &navGroup{text("nav-group.control")} // what was done, who saw what, what is to be forgotten
	groupSetting = &navGroup{text("nav-group.setting")} // registers, people, the service itself
)

// under puts an item behind a word.
func (i navItem) under(g *navGroup) navItem {
	i.group = g
	return i
}

// NavPart is an item by itself, or several behind a word.
type NavPart struct {
	Title   Text // zero for an item by itself
	Items   []navItem
	Current bool // one of them is shown
}

// NavParts are the items of the page in their groups.
func (f frame) NavParts() (parts []NavPart) {
	var last *navGroup
	for _, item := range f.Nav {
		if item.group == nil || item.group != last {
			parts = append(parts, NavPart{})
			if item.group != nil {
				parts[len(parts)-1].Title = item.group.Title
			}
		}
		last = item.group
		p := &parts[len(parts)-1]
		p.Items, p.Current = append(p.Items, item), p.Current || item.Current
	}
	return parts
}

var (
	toHome       = navItem{Text: text("nav.home"), Href: "/"}
	toCases      = navItem{Text: text("nav.cases"), Note: text("nav.cases-note"), Href: "/pratiche"}
	toRequest    = navItem{Text: text("nav.request"), Note: text("nav.request-note"), Href: requestPath}
	toHousehold  = navItem{Text: text("household.title"), Href: householdPath}
	toEnrolment  = navItem{Text: text("nav.enrolment"), Note: text("nav.enrolment-note"), Href: "/iscrizioni/nuova"}
	toPlaces     = navItem{Text: text("nav.places"), Note: text("nav.places-note"), Href: "/posti"}
	toSearch     = navItem{Text: text("nav.search"), Note: text("nav.search-note"), Href: "/cerca"}
	toPairs      = navItem{Text: text("nav.pairs"), Note: text("nav.pairs-note"), Href: pairsPath}
	toSchools    = navItem{Text: text("nav.schools"), Note: text("nav.schools-note"), Href: "/scuole"}
	toPlans      = navItem{Text: text("nav.plans"), Note: text("nav.plans-note"), Href: plansPath}
	toBoard      = navItem{Text: text("nav.board"), Note: text("nav.board-note"), Href: "/cruscotto"}
	toReturns    = navItem{Text: text("nav.returns"), Note: text("nav.returns-note"), Href: returnsPath}
	toDay        = navItem{Text: text("nav.day"), Note: text("nav.day-note"), Href: "/registro"}
	toProofs     = navItem{Text: text("nav.proofs"), Note: text("nav.proofs-note"), Href: proofsPath}
	toReadings   = navItem{Text: text("nav.readings"), Note: text("nav.readings-note"), Href: readingsPath}
	toRetention  = navItem{Text: text("nav.retention"), Note: text("nav.retention-note"), Href: retentionPath}
	toTerritory  = navItem{Text: text("nav.territory"), Note: text("nav.territory-note"), Href: "/territorio"}
	toAccounts   = navItem{Text: text("nav.accounts"), Note: text("nav.accounts-note"), Href: "/utenze"}
	toOperations = navItem{Text: text("nav.operations"), Note: text("nav.operations-note"), Href: "/funzionamento"}
)

// navs is what each role finds at the top of every page, its daily work first.
var navs = map[domain.Role][]navItem{
	domain.RoleComune: {toHome, toCases, toRequest, toSearch, toBoard},
	domain.RoleCentre: {toHome, toCases, toPlans, toSearch, toSchools, toBoard, toTerritory},
	domain.RoleSchool: {toHome, toCases, toEnrolment, toPlaces, toReturns, toSearch, toBoard},
	domain.RoleUST: {toHome, toCases, toPlans, toPairs, toRequest, toSearch, toSchools, toBoard, toReturns,
		toDay.under(groupControl), toProofs.under(groupControl), toReadings.under(groupControl), toRetention.under(groupControl),
		toTerritory.under(groupSetting), toAccounts.under(groupSetting), toOperations.under(groupSetting)},
	domain.RolePrefettura: {toHome, toBoard, toReturns, toDay, toProofs, toReadings, toTerritory, toSchools},
	domain.RoleAdmin:      {toHome, toAccounts, toOperations},
}

// begins are the pages where the work of a role begins when nothing waits for it: buttons on its home page.
var begins = map[domain.Role][]navItem{
	domain.RoleComune:     {toRequest, toHousehold},
	domain.RoleCentre:     {toSearch},
	domain.RoleSchool:     {toEnrolment, toPlaces},
	domain.RoleUST:        {toRequest, toHousehold, toSearch},
	domain.RolePrefettura: {toBoard, toDay},
	domain.RoleAdmin:      {toAccounts, toOperations},
}

// navOf marks the item whose page, or a page below it, is shown: of several, the nearest.
func navOf(p *Person, path string) []navItem {
	if p == nil {
		return nil
	}
	var out []navItem
	nearest := -1
	for i, item := range navs[p.Actor.Role] {
		below := path == item.Href || item.Href != "/" && strings.HasPrefix(path, item.Href+"/")
		if below && (nearest < 0 || len(item.Href) > len(out[nearest].Href)) {
			nearest = i
		}
		out = append(out, item)
	}
	if nearest >= 0 {
		out[nearest].Current = true
	}
	return out
}
