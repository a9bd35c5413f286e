package web

import (
	"strings"

	"approdo/domain"
)

// navItem is a page that a role reaches from everywhere.
type navItem struct {
	Text    Text
	Href    string
	Current bool
}

// navs is what each role finds at the top of every page, its daily work first.
var navs = map[domain.Role][]navItem{
	domain.RoleComune:     {{Text: text("nav.home"), Href: "/"}, {Text: text("nav.cases"), Href: "/pratiche"}, {Text: text("nav.request"), Href: "/pratiche/nuova"}, {Text: text("nav.search"), Href: "/cerca"}, {Text: text("nav.board"), Href: "/cruscotto"}},
	domain.RoleCentre:     {{Text: text("nav.home"), Href: "/"}, {Text: text("nav.cases"), Href: "/pratiche"}, {Text: text("nav.search"), Href: "/cerca"}, {Text: text("nav.schools"), Href: "/scuole"}, {Text: text("nav.board"), Href: "/cruscotto"}, {Text: text("nav.territory"), Href: "/territorio"}},
	domain.RoleSchool:     {{Text: text("nav.home"), Href: "/"}, {Text: text("nav.cases"), Href: "/pratiche"}, {Text: text("nav.enrolment"), Href: "/iscrizioni/nuova"}, {Text: text("nav.places"), Href: "/posti"}, {Text: text("nav.search"), Href: "/cerca"}, {Text: text("nav.board"), Href: "/cruscotto"}},
	domain.RoleUST:        {{Text: text("nav.home"), Href: "/"}, {Text: text("nav.cases"), Href: "/pratiche"}, {Text: text("nav.request"), Href: "/pratiche/nuova"}, {Text: text("nav.search"), Href: "/cerca"}, {Text: text("nav.schools"), Href: "/scuole"}, {Text: text("nav.board"), Href: "/cruscotto"}, {Text: text("nav.day"), Href: "/registro"}, {Text: text("nav.territory"), Href: "/territorio"}, {Text: text("nav.accounts"), Href: "/utenze"}, {Text: text("nav.operations"), Href: "/funzionamento"}},
	domain.RolePrefettura: {{Text: text("nav.home"), Href: "/"}, {Text: text("nav.board"), Href: "/cruscotto"}, {Text: text("nav.day"), Href: "/registro"}, {Text: text("nav.territory"), Href: "/territorio"}, {Text: text("nav.schools"), Href: "/scuole"}},
	domain.RoleAdmin:      {{Text: text("nav.home"), Href: "/"}, {Text: text("nav.accounts"), Href: "/utenze"}, {Text: text("nav.operations"), Href: "/funzionamento"}},
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
