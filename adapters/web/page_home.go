package web

import (
	"net/http"

	"approdo/domain"
)

type home struct {
	Name domain.Personal
	Nav  []navItem
}

var homeView = view[home]{"home"}

func (s *site) home(w http.ResponseWriter, r *http.Request) error {
	p := visitOf(r).person
	return homeView.show(s, w, r, http.StatusOK, text("home.title"), home{p.Name, navOf(p, "")})
}
