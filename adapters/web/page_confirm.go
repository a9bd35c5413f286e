package web

import "net/http"

// confirm is the page before an act that others will see: what will happen, to what, and perhaps why. It is read with GET and
// posted to the same path; the form comes back with what is to mend, or the redirect leads on.
type confirm struct {
	Title   Text
	Lead    Text
	Warning *Callout
	Facts   []Pair
	Form    *Form
}

var confirmView = view[confirm]{"confirm"}

// show asks, or asks again.
func (c confirm) show(s *site, w http.ResponseWriter, r *http.Request, crumbs ...Crumb) error {
	return confirmView.show(s, w, r, c.Form.Status(), c.Title, c, crumbs...)
}
