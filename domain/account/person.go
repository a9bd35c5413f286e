package account

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"approdo/domain"
)

// Person is who the account belongs to: what is typed to sign in, the name others see, and where links can be sent. Nobody has to
// have an address, and who was invited before addresses were asked for has none.
type Person struct {
	Login domain.Personal `json:"login"`
	Name  domain.Personal `json:"name"`
	Mail  domain.Personal `json:"mail,omitzero"` // of ordinary mail or PEC
}

// The bounds of a login and of a name, in characters.
const (
	minLogin, maxLogin = 3, 254
	maxName            = 120
)

// NewPerson trims and checks the texts; mail may be empty. The error is a domain.Errors that names each field at fault: "login", "name"
// and "mail".
func NewPerson(login, name, mail string) (Person, error) {
	login, name, mail = strings.TrimSpace(login), strings.TrimSpace(name), strings.TrimSpace(mail)
	var errs domain.Errors
	n := utf8.RuneCountInString(login)
	if n < minLogin || n > maxLogin || !printable(login) || strings.ContainsFunc(login, unicode.IsSpace) {
		errs = append(errs, domain.Invalid("login-malformed").On("login"))
	}
	if n = utf8.RuneCountInString(name); n == 0 || n > maxName || !printable(name) {
		errs = append(errs, domain.Invalid("name-malformed").On("name"))
	}
	if mail != "" && !isMail(mail) {
		errs = append(errs, domain.Invalid("mail-malformed").On("mail"))
	}
	if errs != nil {
		return Person{}, errs
	}
	return Person{Login: domain.NewPersonal(login), Name: domain.NewPersonal(name), Mail: domain.NewPersonal(mail)}, nil
}

// address is one mailbox and nothing else: no list, no name, no quoting, nothing that could end a header. What is left out of RFC 5321
// no office uses.
var address = regexp.MustCompile(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)

func isMail(s string) bool { return len(s) <= maxLogin && address.MatchString(s) }

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
