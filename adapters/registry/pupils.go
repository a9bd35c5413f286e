package registry

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"approdo/domain"
	"approdo/domain/territory"
)

// The columns of the ministry's counts of pupils. A file of a course is one row for a grade of a site, or several, one for each pathway.
const (
	colGrade       = "ANNOCORSO"
	colClassGrade  = "ANNOCORSOCLASSE"
	colPupils      = "ALUNNI"
	colItalian     = "ALUNNICITTADINANZAITALIANA"
	colForeign     = "ALUNNICITTADINANZANONITALIANA"
	colClasses     = "CLASSI"
	colBoys        = "ALUNNIMASCHI"
	colGirls       = "ALUNNIFEMMINE"
	colSmallBoys   = "BAMBINIMASCHI"
	colSmallGirls  = "BAMBINIFEMMINE"
	colSchoolOrder = "ORDINESCUOLA"
)

// pupilFile is one of the files, by what only it has.
type pupilFile struct {
	source string // as it is shown beside the figures
	grade  string // column; empty: its rows are of whole sites
	pupils []string
	wanted []string
}

var pupilFiles = []pupilFile{
	{"MIM, alunni per cittadinanza (ALUITASTRACIT)", colGrade, []string{colPupils}, []string{colGrade, colPupils, colForeign}},
	{"MIM, alunni e classi per anno di corso (ALUCORSOINDCLAST)", colClassGrade, []string{colBoys, colGirls}, []string{colClassGrade, colClasses, colBoys, colGirls}},
	{"MIM, bambini e sezioni dell'infanzia (INFANZIACLAST)", "", []string{colSmallBoys, colSmallGirls}, []string{colClasses, colSmallBoys, colSmallGirls}},
}

// kindOf tells the files apart by their header. The error is ErrColumns, for the first of them.
func kindOf(t *table) (pupilFile, error) {
	all := []string{colYear, colSchool}
	for _, f := range pupilFiles {
		if len(t.lacks(slices.Concat(all, f.wanted))) == 0 {
			return f, nil
		}
	}
	return pupilFile{}, ErrColumns.With("columns", strings.Join(t.lacks(slices.Concat(all, pupilFiles[0].wanted)), ", "))
}

// ImportPupils carries the pupils of a school year into the journal, by site and grade. The kind of file is told by its header. A figure
// the ministry masks is not known: a row without pupils is passed over, a row without foreign pupils says only how many there are, unless
// the Italian ones are written and the rest is a subtraction.
func (i Importer) ImportPupils(ctx context.Context, r io.Reader, area Area, progress func(done, total int)) (FigureReport, error) {
	t, err := open(r)
	if err != nil {
		return FigureReport{}, err
	}
	kind, err := kindOf(t)
	if err != nil {
		return FigureReport{}, err
	}
	f, err := i.figures(ctx, area)
	if err != nil {
		return FigureReport{}, err
	}
	known := []string{colYear, colSchool, colSchoolOrder, colItalian, colForeign + "PAESIUE", colForeign + "PAESINONUE"}
	f.report = FigureReport{Source: kind.source, Unknown: t.others(slices.Concat(known, kind.wanted))}
	sums := f.pupils(t, kind)
	for _, code := range sums.order {
		one := figure{code: code}
		var counts []territory.Count
		for _, g := range sums.of[code] {
			if !g.broken {
				one.lines, counts = append(one.lines, g.lines...), append(counts, g.Count)
				continue
			}
			for _, line := range g.lines {
				f.leave(RowError{Line: line, Code: code, Reason: ReasonPart})
			}
		}
		if len(counts) > 0 {
			one.commands = []territory.SchoolCommand{territory.CountSchool{Act: i.act(), Year: f.report.Year, Source: kind.source, Counts: counts}}
			f.take(one)
		}
	}
	return f.carry(ctx, progress)
}

// pupils reads every row.
func (f *figures) pupils(t *table, kind pupilFile) (sums gradeSums) {
	for {
		cells, line, fault, ok := t.next()
		if !ok {
			if fault != nil {
				f.leave(*fault)
			}
			return sums
		}
		f.report.Rows++
		row := pupilRow{line: line}
		if fault == nil {
			fault = row.read(kind, cells.get)
		}
		if fault == nil && f.report.Year != 0 && row.year != f.report.Year {
			fault = &RowError{Field: colYear, Reason: ReasonOtherYear}
		}
		if fault != nil {
			fault.Line, fault.Code = line, row.code
			f.leave(*fault)
		} else {
			f.report.Year = row.year
		}
		if row.code != "" {
			sums.add(row, fault != nil)
		}
	}
}

// pupilRow is what one row says.
type pupilRow struct {
	line int
	year domain.SchoolYear
	code domain.School
	territory.Count
}

// read reads a row. With a fault it still gives code and grade where it could read them.
func (p *pupilRow) read(kind pupilFile, get func(string) string) *RowError {
	code, err := domain.ParseSchool(get(colSchool))
	if err != nil {
		return &RowError{Field: colSchool, Reason: ReasonCode}
	}
	p.code = code
	if kind.grade != "" {
		if p.Grade, err = strconv.Atoi(get(kind.grade)); err != nil || p.Grade < 1 || p.Grade > 5 {
			p.Grade = 0
			return &RowError{Field: kind.grade, Reason: ReasonGrade}
		}
	}
	var ok bool
	if p.year, ok = schoolYear(get(colYear)); !ok {
		return &RowError{Field: colYear, Reason: ReasonYear}
	}
	for _, column := range kind.pupils {
		n, known, masked, ok := number(get(column))
		switch {
		case masked:
			return &RowError{Field: column, Reason: ReasonMasked}
		case !known || !ok:
			return &RowError{Field: column, Reason: ReasonFigure}
		}
		p.Pupils += n
	}
	if p.Classes, _, _, ok = number(get(colClasses)); !ok {
		return &RowError{Field: colClasses, Reason: ReasonFigure}
	}
	return p.citizens(get)
}

// citizens reads the foreign pupils, or subtracts the Italian ones.
func (p *pupilRow) citizens(get func(string) string) *RowError {
	foreign, known, masked, ok := number(get(colForeign))
	if !ok {
		return &RowError{Field: colForeign, Reason: ReasonFigure}
	}
	if masked {
		var italian int
		italian, known, _, ok = number(get(colItalian))
		if !ok {
			return &RowError{Field: colItalian, Reason: ReasonFigure}
		}
		foreign = p.Pupils - italian
	}
	if !known {
		return nil
	}
	if foreign < 0 || foreign > p.Pupils {
		return &RowError{Field: colForeign, Reason: ReasonMore}
	}
	p.Foreign, p.ForeignKnown = foreign, true
	return nil
}

// gradeSums adds the rows of a grade up, site by site in the order of the file.
type gradeSums struct {
	order []domain.School
	of    map[domain.School][]*gradeSum
}

// gradeSum is one grade of one site. Broken: a row of it was left out.
type gradeSum struct {
	territory.Count
	lines  []int
	broken bool
}

func (s *gradeSums) add(row pupilRow, broken bool) {
	if s.of == nil {
		s.of = map[domain.School][]*gradeSum{}
	}
	grades := s.of[row.code]
	if grades == nil {
		s.order = append(s.order, row.code)
	}
	at := slices.IndexFunc(grades, func(g *gradeSum) bool { return g.Grade == row.Grade })
	if at < 0 {
		at = len(grades)
		grades = append(grades, &gradeSum{Count: territory.Count{Grade: row.Grade, ForeignKnown: true}})
	}
	g := grades[at]
	s.of[row.code] = grades
	if g.broken = g.broken || broken; broken {
		return
	}
	g.Count = plus(g.Count, row.Count, len(g.lines) == 0)
	g.lines = append(g.lines, row.line)
}

// plus adds two parts of a grade; what one part does not know, the whole does not.
func plus(a, b territory.Count, first bool) territory.Count {
	known := a.ForeignKnown && b.ForeignKnown
	classes := a.Classes + b.Classes
	if !first && (a.Classes == 0 || b.Classes == 0) {
		classes = 0
	}
	sum := territory.Count{Grade: a.Grade, Classes: classes, Pupils: a.Pupils + b.Pupils, ForeignKnown: known}
	if known {
		sum.Foreign = a.Foreign + b.Foreign
	}
	return sum
}
