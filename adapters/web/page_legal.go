package web

import "net/http"

// owner is who answers for the service, as the two notices at the foot of every page name it.
type owner struct {
	Name, Contact, Declaration string
}

var (
	accessibilityView = view[owner]{"accessibility"}
	privacyView       = view[owner]{"privacy"}
)

func (s *site) accessibility(w http.ResponseWriter, r *http.Request) error {
	return accessibilityView.show(s, w, r, http.StatusOK, text("accessibility.title"), owner{s.Owner, s.Contact, s.Declaration},
		Crumb{Text: text("accessibility.title")})
}

func (s *site) privacy(w http.ResponseWriter, r *http.Request) error {
	return privacyView.show(s, w, r, http.StatusOK, text("privacy.title"), owner{s.Owner, s.Contact, ""}, Crumb{Text: text("privacy.title")})
}
