package web

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"approdo/domain"
)

// householdField joins brothers and sisters: in a sheet by any sign that they share.
const householdField = "household"

// otherNames are what offices call the columns of a sheet besides what the form calls them, folded.
var otherNames = map[string][]string{
	"family_name":          {"cognomi", "cognomeminore", "cognomealunno", "cognomedelminore", "surname", "lastname", "familyname"},
	"given_name":           {"nomi", "nomeminore", "nomealunno", "nomedelminore", "name", "firstname", "givenname"},
	"birth_date":           {"nascita", "datanascita", "natoil", "natail", "natoail", "dob", "birthdate", "dateofbirth", "datadinascitaggmmaaaa"},
	"sex":                  {"genere", "mf", "sessomf", "gender"},
	"comune":               {"comune", "comunedidomicilio", "comunediresidenza", "citta", "municipality", "town"},
	"address":              {"via", "indirizzodidomicilio", "domicilio", "residenza", "address", "street"},
	"cap":                  {"codicepostale", "postcode", "zip", "zipcode"},
	"municipio":            {"zona", "municipiodimilano"},
	"host":                 {"ospite", "ospitatoda", "presso", "accoglienza"},
	"adult_name":           {"genitore", "adulto", "adultodiriferimento", "madre", "tutore", "referente", "accompagnatore", "parent", "guardian", "nomegenitore"},
	"adult_relation":       {"parentela", "rapporto", "legame", "relation"},
	"adult_phone":          {"telefono", "tel", "cellulare", "cell", "telefonogenitore", "recapito", "phone", "mobile"},
	"adult_email":          {"email", "mail", "postaelettronica", "emailgenitore", "indirizzoemail"},
	"adult_language":       {"linguaadulto", "linguadelladulto", "linguagenitore"},
	"tax_code":             {"codicefiscale", "cf", "codfiscale", "taxcode"},
	"document":             {"documento", "passaporto", "numerodocumento", "documentonumero", "passport"},
	"citizenship":          {"cittadinanza", "nazionalita", "nationality"},
	"birth_place":          {"luogonascita", "luogodinascita", "natoa", "nataa", "birthplace"},
	"family_name_cyrillic": {"cognomecirillico", "cognomeincirillico"},
	"given_name_cyrillic":  {"nomecirillico", "nomeincirillico"},
	"arrived_on":           {"dataarrivo", "arrivo", "datadiarrivo", "arrivatoil", "arrivataail", "arrivoinitalia"},
	"last_school":          {"scuolaprovenienza", "scuoladiprovenienza", "ultimascuola"},
	"last_grade":           {"classeprovenienza", "ultimaclasse", "classefrequentata"},
	"languages":            {"lingue", "lingueconosciute", "languages"},
	"italian":              {"livelloitaliano", "italiano", "conoscenzaitaliano"},
	"vaccination":          {"vaccini", "vaccinazioni", "vaccinato"},
	"disability":           {"disabilita", "legge104"},
	"asked_grade":          {"classe", "classerichiesta", "gradorichiesto", "annodicorso"},
	"preferred_1":          {"scuolarichiesta", "preferenza1", "primascelta", "scuola1"},
	"preferred_2":          {"preferenza2", "secondascelta", "scuola2"},
	"preferred_3":          {"preferenza3", "terzascelta", "scuola3"},
	"sibling_school":       {"scuolafratello", "scuolafratelli", "scuoladelfratello"},
	"needs":                {"bisogni", "servizi"},
	"on":                   {"data", "datarichiesta", "richiestail", "datadomanda", "dataiscrizione", "iscrittoil"},
	"first_day":            {"primogiorno", "primogiornodifrequenza", "frequentadal", "iniziofrequenza"},
	"school":               {"scuola", "plesso", "sede", "codicescuola", "codicemeccanografico", "codiceplesso"},
	householdField:         {"nucleo", "nucleofamiliare", "famiglia", "fratelli", "household", "family"},
}

// folded is a heading or a choice as it is compared: letters and digits without case and accents.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		for plain, accented := range map[rune]string{'a': "àáâäãåª", 'e': "èéêë", 'i': "ìíîï", 'o': "òóôöõº", 'u': "ùúûü", 'c': "ç", 'n': "ñ"} {
			if strings.ContainsRune(accented, r) {
				return plain
			}
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// guess finds the fields of the columns of a sheet: as the account said before, else by what they are called. A field has one column,
// the first that fits.
func (s *site) guess(f *Form, heading []string, remembered map[string]string) []string {
	names := map[string]string{}
	for _, x := range f.fields {
		called := append([]string{folded(x.Name)}, otherNames[x.Name]...)
		for _, lang := range languages {
			if label, err := s.texts[lang].say(x.Label); err == nil {
				called = append(called, folded(label))
			}
		}
		for _, c := range called {
			if _, taken := names[c]; !taken {
				names[c] = x.Name
			}
		}
	}
	out, used := make([]string, len(heading)), map[string]bool{}
	for i, h := range heading {
		field, known := remembered[folded(h)]
		if _, err := f.Field(field); !known || field != "" && err != nil {
			field = names[folded(h)]
		}
		if field != "" && !used[field] && folded(h) != "" {
			out[i], used[field] = field, true
		}
	}
	return out
}

// lacks are the questions that must be answered and have no column.
func lacks(f *Form, columns []string) []*Field {
	var out []*Field
	for _, x := range f.fields {
		if !x.Optional && x.Value() == "" && !slices.Contains(columns, x.Name) {
			out = append(out, x)
		}
	}
	return out
}

var errNoChoice = domain.Invalid("choice-unknown")

// answer makes of a cell what the form's own control would have sent, or a refusal and the cell as it is.
func (s *site) answer(x *Field, cell string) ([]string, *domain.Error) {
	if cell == "" {
		return nil, nil
	}
	switch x.Kind {
	case FieldDate:
		return []string{isoDay(cell)}, nil
	case FieldSelect, FieldRadios:
		v, ok := s.choice(x, cell)
		if !ok {
			return []string{cell}, errNoChoice.On(x.Name)
		}
		return []string{v}, nil
	case FieldCheck:
		switch folded(cell) {
		case "si", "s", "x", "1", "vero", "yes", "y", "true":
			return []string{"on"}, nil
		case "no", "n", "0", "falso", "false":
			return nil, nil
		}
		if strings.Trim(cell, "✓✔☑ ") == "" {
			return []string{"on"}, nil
		}
		return []string{cell}, errNoChoice.On(x.Name)
	case FieldChecks:
		var out []string
		for _, part := range strings.FieldsFunc(cell, func(r rune) bool { return r == ',' || r == ';' || r == '/' || r == '|' }) {
			v, ok := s.choice(x, part)
			if !ok {
				return []string{cell}, errNoChoice.On(x.Name)
			}
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
		return out, nil
	}
	return []string{cell}, nil
}

// otherChoices are what people write for a choice besides its name, folded.
var otherChoices = map[string]map[string]string{"sex": {"donna": "F", "female": "F", "ж": "F", "uomo": "M", "male": "M", "ч": "M", "м": "M"}}

// choice is the value that a cell names: by the value itself, by its words in either language, or by a code in them.
func (s *site) choice(x *Field, cell string) (string, bool) {
	wanted := folded(cell)
	if wanted == "" {
		return "", false
	}
	for _, o := range x.Options {
		if folded(o.Value) == wanted || folded(o.Label.Plain) == wanted {
			return o.Value, true
		}
		for _, lang := range languages {
			if o.Label.Text.IsZero() {
				break
			}
			if label, err := s.texts[lang].say(o.Label.Text); err == nil && folded(label) == wanted {
				return o.Value, true
			}
		}
	}
	v, ok := otherChoices[x.Name][wanted]
	return v, ok
}

// writtenDay is a day as people in Italy write it; a time behind it is not looked at.
var writtenDay = regexp.MustCompile(`^(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?:[ T].*)?$`)

// isoDay writes a day as forms send it. What is none stays as it is: the desk says so.
func isoDay(cell string) string {
	if m := writtenDay.FindStringSubmatch(cell); m != nil {
		two := func(s string) string { return strings.Repeat("0", 2-len(s)) + s }
		return m[3] + "-" + two(m[2]) + "-" + two(m[1])
	}
	if day, _, timed := strings.Cut(strings.Replace(cell, "T", " ", 1), " "); timed {
		if _, err := domain.ParseDate(day); err == nil {
			return day
		}
	}
	return cell
}

// households gives brothers and sisters of a sheet their household: an id stands for itself, any other sign for the case of the first
// row that bears it and is recorded.
type households map[string]uuid.UUID

// of is what a row's form says of its household. Case is the one the row will be.
func (h households) of(sign string, row uuid.UUID) string {
	if sign == "" {
		return ""
	}
	if id, err := uuid.Parse(sign); err == nil {
		return id.String()
	}
	first, known := h[folded(sign)]
	if !known {
		h[folded(sign)] = row
		return ""
	}
	return first.String()
}

// columnField is the name of the control of a column.
func columnField(i int) string { return "c" + strconv.Itoa(i) }
