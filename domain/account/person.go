package account

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"approdo/domain"
)

// Person is who the account belongs to: what is typed to sign in, and the name others see.
type Person struct {
	Login domain.Personal `json:"login"`
	Name  domain.Personal `json:"name"`
}

// The bounds of a login and of a name, in characters.
const (
	minLogin, maxLogin = 3, 254
	maxName            = 120
)

// NewPerson trims and checks both texts. The error is a domain.Errors that names each field at fault, "login" and "name".
func NewPerson(login, name string) (Person, error) {
	login, name = strings.TrimSpace(login), strings.TrimSpace(name)
	var errs domain.Errors
	n := utf8.RuneCountInString(login)
	if n < minLogin || n > maxLogin || !printable(login) || strings.ContainsFunc(login, unicode.IsSpace) {
		errs = append(errs, domain.Invalid("login-malformed").On("login"))
	}
	if n = utf8.RuneCountInString(name); n == 0 || n > maxName || !printable(name) {
		errs = append(errs, domain.Invalid("name-malformed").On("name"))
	}
	if errs != nil {
		return Person{}, errs
	}
	return Person{Login: domain.NewPersonal(login), Name: domain.NewPersonal(name)}, nil
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

var centreCode = regexp.MustCompile(`^(CTI|POLO)-[0-9A-Z]{1,8}$`)

// ParseBody gives the body of a role in its canonical form: the ISTAT code of a comune, the code of a centre, the code of an
// institution, and nothing for the roles that stand for the whole province. The errors are of kind Invalid, on "role" or "body".
func ParseBody(role domain.Role, body string) (string, error) {
	if !slices.Contains(domain.Roles(), role) {
		return "", domain.Invalid("role-unknown").On("role")
	}
	body = strings.ToUpper(strings.TrimSpace(body))
	var ok bool
	switch role {
	case domain.RoleComune:
		_, err := domain.ParseComune(body)
		ok = err == nil
	case domain.RoleCentre:
		ok = centreCode.MatchString(body)
	case domain.RoleSchool:
		_, err := domain.ParseSchool(body)
		ok = err == nil
	default:
		ok = body == ""
	}
	if !ok {
		return "", domain.Invalid("body-malformed").On("body")
	}
	return body, nil
}
