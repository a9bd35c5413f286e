package territory

import (
	"slices"

	"approdo/domain"
)

// Service is what a site offers a child besides lessons. Transport and canteen have the codes of the needs of a request.
type Service string

// The services. LanguageSupport is teaching of Italian to those who have just come.
const (
	LanguageSupport Service = "language-support"
	Transport       Service = "transport"
	Canteen         Service = "canteen"
)

// Services lists them in the order they are shown.
func Services() []Service { return []Service{LanguageSupport, Transport, Canteen} }

// ServicesDeclared says all that a site offers, in the order of Services. An empty list is a word as well: it offers none of them.
type ServicesDeclared struct {
	Services []Service `json:"services"`
}

func (ServicesDeclared) schoolEvent() {}

// DeclareServices says all that a site offers. It is the word of its institution, or of the UST for it.
type DeclareServices struct {
	domain.Act
	Services []Service
}

func (DeclareServices) schoolCommand() {}

// The rules that refuse services.
var (
	ErrService      = domain.Invalid("service-unknown").On("services")
	ErrTakesNoPupil = domain.Refused("school-not-offerable")
)

func (s SchoolState) declareServices(c DeclareServices) ([]SchoolEvent, error) {
	if !s.School.TakesPupils() {
		return nil, ErrTakesNoPupil
	}
	said := []Service{}
	for _, v := range Services() {
		if slices.Contains(c.Services, v) {
			said = append(said, v)
		}
	}
	if slices.ContainsFunc(c.Services, func(v Service) bool { return !slices.Contains(said, v) }) {
		return nil, ErrService
	}
	if s.declared && slices.Equal(said, s.services) {
		return nil, nil
	}
	return []SchoolEvent{ServicesDeclared{said}}, nil
}

// Offers reports whether the site ever declared its services and, if so, whether this one is among them.
func (s SchoolState) Offers(v Service) (declared, yes bool) {
	return s.declared, slices.Contains(s.services, v)
}
