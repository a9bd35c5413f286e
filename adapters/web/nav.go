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
	domain.RoleComune:     {{Text: text("nav.home"), Href: "/"}, {Text: text("nav.cases"), Href: "/pratiche"}},
	domain.RoleCentre:     {{Text: text("nav.home"), Href: "/"}, {Text: text("nav.cases"), Href: "/pratiche"}},
	domain.RoleSchool:     {{Text: text("nav.home"), Href: "/"}, {Text: text("nav.cases"), Href: "/pratiche"}},
	domain.RoleUST:        {{Text: text("nav.home"), Href: "/"}, {Text: text("nav.cases"), Href: "/pratiche"}},
	domain.RolePrefettura: {{Text: text("nav.home"), Href: "/"}},
	domain.RoleAdmin:      {{Text: text("nav.home"), Href: "/"}},
}

// navOf marks the item whose page, or a page below it, is shown.
func navOf(p *Person, path string) []navItem {
	if p == nil {
		return nil
	}
	var out []navItem
	for _, item := range navs[p.Actor.Role] {
		item.Current = path == item.Href || item.Href != "/" && strings.HasPrefix(path, item.Href+"/")
		out = append(out, item)
	}
	return out
}
