package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/territory"
)

const weightsPath = "/territorio/pesi"

func weightText(c territory.Weight) Text { return text("weight." + string(c)) }

// weightsForm asks for every weight as the register has it: metres as kilometres with a comma, days whole.
func weightsForm(l Lang, w territory.Weights) *Form {
	var fields []Field
	for _, c := range territory.WeightCodes() {
		f := Field{Name: string(c), Kind: FieldText, Label: weightText(c), Width: 10}
		if c == territory.WeightStaleDays {
			f.Kind = FieldNumber
		}
		fields = append(fields, f)
	}
	f := newForm(weightsPath, text("weights.set"), append(fields, fromField())...)
	f.Cancel = "/territorio"
	for _, c := range territory.WeightCodes() {
		value := catalogue{lang: l}.tenths(*w.Of(c) / 100)
		if c == territory.WeightStaleDays {
			value = strconv.Itoa(*w.Of(c))
		}
		f.Set(string(c), value)
	}
	return f
}

func (s *site) weights(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.ReadRegisters)
	if err != nil {
		return err
	}
	return s.showWeights(w, r, land, weightsForm(languageOf(r), land.WeightsOn(domain.DateOf(s.Clock()))))
}

func (s *site) showWeights(w http.ResponseWriter, r *http.Request, land territory.State, f *Form) error {
	now := land.WeightsOn(domain.DateOf(s.Clock()))
	all := slices.Clone(land.Weights())
	slices.Reverse(all)
	t := Table{Caption: text("weights.versions"), Columns: []Column{{Label: text("weights.weight")}}}
	for _, v := range all {
		t.Columns = append(t.Columns, Column{Label: text("weights.version", "version", v.Version, "day", v.From), Numeric: true})
	}
	for _, c := range territory.WeightCodes() {
		row := Row{Cells: []Cell{say(weightText(c))}}
		for _, v := range all {
			if c == territory.WeightStaleDays {
				row.Cells = append(row.Cells, say(text("weights.days", "count", *v.Of(c))))
				continue
			}
			row.Cells = append(row.Cells, say(text("rank.metres", "way", metres(*v.Of(c)))))
		}
		t.Rows = append(t.Rows, row)
	}
	c := sheet{Title: text("weights.title"), Lead: text("weights.lead"), Facts: []Pair{{text("policy.in-force"), say(text("basis.weights", "version", now.Version))}},
		Parts: []part{{Table: &t}}}
	if mayEdit(r) {
		c.Parts = append(c.Parts, part{ID: "set", Title: text("weights.set-title"), Text: text("weights.set-text"), Form: f})
	}
	return c.show(s, w, r, territoryCrumb)
}

func (s *site) weightsPost(w http.ResponseWriter, r *http.Request) error {
	now := func(land territory.State) *Form {
		return weightsForm(languageOf(r), land.WeightsOn(domain.DateOf(s.Clock())))
	}
	return s.adopt(w, r, now, s.showWeights, func(f *Form) (territory.Command, error) {
		v, err := weightsIn(f)
		return territory.SetWeights{Act: s.Desk.Act(actorOf(r)), Weights: v}, err
	})
}

func weightsIn(f *Form) (v territory.Weights, err error) {
	if v.From, err = fromOf(f); err != nil {
		return v, err
	}
	for _, c := range territory.WeightCodes() {
		n, err := weightIn(c, strings.TrimSpace(f.value(string(c))))
		if err != nil {
			return v, territory.ErrWeights.On(string(c))
		}
		*v.Of(c) = n
	}
	return v, nil
}

// weightIn reads kilometres with at most one decimal after a comma or a point, or whole days.
func weightIn(c territory.Weight, s string) (int, error) {
	if c == territory.WeightStaleDays {
		return strconv.Atoi(s)
	}
	whole, tenth, has := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	if !has {
		tenth = "0"
	}
	n, err := strconv.ParseUint(whole, 10, 16)
	if err != nil || len(tenth) != 1 || tenth[0] < '0' || tenth[0] > '9' {
		return 0, strconv.ErrSyntax
	}
	return int(n)*1000 + int(tenth[0]-'0')*100, nil
}
