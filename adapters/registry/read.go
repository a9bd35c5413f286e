// Package registry reads the ministry's register of schools (SCUANAGRAFE*, state and paritarie), its counts of pupils (ALUITASTRACIT*,
// ALUCORSOINDCLAST*, INFANZIACLAST*) and tables of where sites lie, and carries them into the journal. A row that cannot be read is
// reported and costs nothing but itself.
package registry

import (
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"approdo/domain"
	"approdo/domain/territory"
)

// Area is the province whose schools are read. Province is its name as the ministry writes it, Plate the two letters its codes begin
// with; Comune finds a comune by its Belfiore code.
type Area struct {
	Province string
	Plate    string
	Comune   func(belfiore string) (domain.Comune, bool)
}

// provinces are the ministry's names, plates what codes of schools begin with.
var (
	provinces = map[string]string{territory.Province015: "MILANO"}
	plates    = map[string]string{territory.Province015: "MI"}
)

// AreaOf is the area of a territory as it stands.
func AreaOf(s territory.State) Area {
	comuni := map[string]domain.Comune{}
	for _, c := range s.Comuni() {
		comuni[c.Belfiore] = c.Code
	}
	return Area{Province: provinces[s.Province], Plate: plates[s.Province], Comune: func(belfiore string) (domain.Comune, bool) {
		c, ok := comuni[belfiore]
		return c, ok
	}}
}

// Row is a school as the register of a school year has it.
type Row struct {
	Line   int
	Year   domain.SchoolYear
	School territory.School
}

// Reason says why a row was left out.
type Reason string

// The reasons. ReasonElsewhere is no fault: the file covers more than the area. A rule of the domain that refuses a row is a
// reason as well, by its code.
const (
	ReasonElsewhere   Reason = "elsewhere"
	ReasonQuotes      Reason = "quotes-unbalanced"
	ReasonColumns     Reason = "column-count"
	ReasonEncoding    Reason = "not-utf8"
	ReasonTooLong     Reason = "field-too-long"
	ReasonYear        Reason = "school-year-malformed"
	ReasonOtherYear   Reason = "school-year-differs"
	ReasonCode        Reason = "school-code-malformed"
	ReasonInstitution Reason = "institution-code-malformed"
	ReasonDuplicate   Reason = "duplicate-code"
	ReasonName        Reason = "name-missing"
	ReasonComune      Reason = "comune-unknown"
	ReasonType        Reason = "type-unknown"
	ReasonFeature     Reason = "feature-unknown"
	ReasonNoSchool    Reason = "school-unknown" // no register ever held it
	ReasonGrade       Reason = "grade-malformed"
	ReasonFigure      Reason = "figure-malformed"
	ReasonMasked      Reason = "figure-masked"     // no fault: the ministry writes "<=3" for a figure that would tell of persons
	ReasonPart        Reason = "figure-incomplete" // another row of the same grade was left out, and a sum without it would be wrong
	ReasonMore        Reason = "foreign-above-pupils"
	ReasonPoint       Reason = "point-malformed"
	ReasonUnreadable  Reason = "rest-unreadable" // from this line on the file could not be read
)

// Reasons lists them, for the catalogues.
func Reasons() []Reason {
	return []Reason{ReasonElsewhere, ReasonQuotes, ReasonColumns, ReasonEncoding, ReasonTooLong, ReasonYear, ReasonOtherYear, ReasonCode,
		ReasonInstitution, ReasonDuplicate, ReasonName, ReasonComune, ReasonType, ReasonFeature, ReasonNoSchool,
		ReasonGrade, ReasonFigure, ReasonMasked, ReasonPart, ReasonMore, ReasonPoint, ReasonUnreadable}
}

// RowError is a row that was left out: its first line, counted from 1 with the header; the school's code where that could be read;
// the column at fault, as the file names it, or empty. It never holds what the row says.
type RowError struct {
	Line   int
	Code   domain.School
	Field  string
	Reason Reason
}

// Error names line, reason and column.
func (e *RowError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("registry: line %d: %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("registry: line %d: %s (%s)", e.Line, e.Reason, e.Field)
}

// Why a file is not read at all.
var (
	ErrWebPage = domain.Invalid("registry-is-web-page") // the portal answers so for a file it does not have
	ErrEmpty   = domain.Invalid("registry-empty")
	ErrColumns = domain.Invalid("registry-columns-missing") // Detail "columns" names them
)

// File is a register whose header was understood. Unknown are columns no version of the file known here has; they are not read.
type File struct {
	Management territory.Management
	Unknown    []string

	area  Area
	table *table
}

// Read understands the header of a register, in UTF-8 with or without a byte order mark.
func Read(r io.Reader, area Area) (*File, error) {
	t, err := open(r)
	if err != nil {
		return nil, err
	}
	f := &File{area: area, table: t}
	var missing []string
	f.Management, f.Unknown, missing = columns(t)
	if len(missing) > 0 {
		return nil, ErrColumns.With("columns", strings.Join(missing, ", "))
	}
	return f, nil
}

// Rows gives each row, or why it was left out. It can be ranged over once.
func (f *File) Rows() iter.Seq2[Row, *RowError] {
	return func(yield func(Row, *RowError) bool) {
		seen := map[domain.School]bool{}
		var year domain.SchoolYear
		for {
			cells, line, fault, ok := f.table.next()
			if !ok {
				if fault != nil {
					yield(Row{}, fault)
				}
				return
			}
			var row Row
			if fault == nil {
				row, fault = f.row(cells.get)
			}
			switch {
			case fault != nil:
			case seen[row.School.Code]:
				fault = &RowError{Field: colSchool, Reason: ReasonDuplicate}
			case year != 0 && row.Year != year:
				fault = &RowError{Field: colYear, Reason: ReasonOtherYear}
			default:
				year = row.Year
			}
			if row.School.Code != "" {
				seen[row.School.Code] = true
			}
			if fault != nil {
				fault.Line, fault.Code = line, row.School.Code
			}
			row.Line = line
			if !yield(row, fault) {
				return
			}
		}
	}
}

// row reads one record. With a fault it still gives the school's code where it could read it.
func (f *File) row(get func(column string) string) (Row, *RowError) {
	var row Row
	fault := func(field string, r Reason) (Row, *RowError) { return row, &RowError{Field: field, Reason: r} }
	code, err := domain.ParseSchool(get(colSchool))
	if err != nil {
		return fault(colSchool, ReasonCode)
	}
	row.School = territory.School{Code: code, Institution: domain.Institution(code), Name: get(colName), Address: get(colAddress),
		CAP: postal(get(colCAP)), Type: strings.ToUpper(get(colType)), Feature: territory.Ordinary, Management: f.Management,
		Email: mail(get(colEmail)), PEC: mail(get(colPEC)), Website: site(get(colWebsite))}
	s := &row.School
	var ok bool
	if s.Comune, ok = f.area.Comune(strings.ToUpper(get(colComune))); !ok {
		if !strings.EqualFold(get(colProvince), f.area.Province) {
			return fault(colProvince, ReasonElsewhere)
		}
		return fault(colComune, ReasonComune)
	}
	if row.Year, ok = schoolYear(get(colYear)); !ok {
		return fault(colYear, ReasonYear)
	}
	if s.Name == "" {
		return fault(colName, ReasonName)
	}
	if s.Order, ok = orders[s.Type]; !ok {
		return fault(colType, ReasonType)
	}
	if f.Management == territory.StateRun {
		institution, err := domain.ParseSchool(get(colInstitution))
		if err != nil {
			return fault(colInstitution, ReasonInstitution)
		}
		s.Institution, s.InstitutionName = domain.Institution(institution), get(colInstitutionName)
		if s.Feature, ok = features[strings.ToUpper(get(colFeature))]; !ok {
			return fault(colFeature, ReasonFeature)
		}
	}
	if s.Type == territorialCentre {
		s.Feature = territory.CPIA
	}
	return row, nil
}

// clean drops the ministry's word for nothing, and white space that is none of the text's.
func clean(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if strings.EqualFold(s, "Non Disponibile") {
		return ""
	}
	return s
}

// schoolYear reads 202526.
func schoolYear(s string) (domain.SchoolYear, bool) {
	n, err := strconv.Atoi(s)
	if err != nil || len(s) != 6 || n/100 < 2000 || (n/100+1)%100 != n%100 {
		return 0, false
	}
	return domain.SchoolYear(n / 100), true
}

// postal, mail and site drop what is none: the register has points, shortened codes, and addresses in the wrong column. It is not
// worth a row.
func postal(s string) string {
	if len(s) != 5 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

func mail(s string) string {
	if name, host, ok := strings.Cut(s, "@"); !ok || name == "" || !strings.Contains(host, ".") || strings.ContainsAny(s, " ,;<>\"") {
		return ""
	}
	return s
}

func site(s string) string {
	if strings.ContainsAny(s, "@ <>\"") || !strings.Contains(s, ".") {
		return ""
	}
	return s
}
