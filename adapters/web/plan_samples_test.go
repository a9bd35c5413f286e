package web

import (
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/planning"
	"approdo/domain/territory"
)

// planSamples are the pages of plans, with invented pupils.
func planSamples() []sample {
	id, other := uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-0000000000a1"), uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-0000000000a2")
	crumb := Crumb{text("plan.title"), plansPath}
	when := time.Date(2022, 3, 14, 8, 35, 0, 0, time.UTC)
	list := Table{Caption: text("plan.list"), Columns: []Column{{Label: text("plan.drawn-at")}, {Label: text("plan.scope")}, {Label: text("plan.placed"), Numeric: true}, {Label: text("plan.proven")}},
		Rows: []Row{{Cells: []Cell{at(when).to(planPath(id)).over(plain("Marta Colombo")), plain("CTI ambito 24"), say(text("plan.of", "part", 41, "whole", 43)), gapBadge(3)}},
			{Cells: []Cell{at(when).to(planPath(other)), say(text("plan.scope-all")).over(badge(Warning, text("plan.scenario"))), say(text("plan.of", "part", 1212, "whole", 1310)), gapBadge(2)}}}}
	form := newForm(plansPath, text("plan.draw"), Field{Name: "year", Kind: FieldSelect, Label: text("plan.year"), Options: []Option{{"2021", plain("2021/22"), Text{}}}},
		Field{Name: "follows", Kind: FieldCheck, Label: text("plan.follows"), Hint: text("plan.follows-hint"), Optional: true}).Set("follows", "on")
	compare := newForm(plansPath+"/confronto", text("plan.compare"), Field{Name: "a", Kind: FieldSelect, Label: text("plan.compare-a"), Options: []Option{{id.String(), plain("Uno"), Text{}}}},
		Field{Name: "b", Kind: FieldSelect, Label: text("plan.compare-b"), Options: []Option{{other.String(), plain("Due"), Text{}}}}).Set("a", id.String()).Set("b", other.String())
	drawn := planning.Drawn{Unit: planning.Unit{Split: 10, Step: 100, Way: 1}}
	drawn.Value[2], drawn.Bound[2] = 480, 400
	seat := func(n int, tone Tone, where, marks, now Cell) planSeat {
		return planSeat{N: n, Case: id.String(), May: tone == "", Lock: tone == "", Row: Row{Tone: tone, Cells: []Cell{named(domain.NewPersonal("Kovalenko"), domain.NewPersonal("Sofiia")).to("/pratica").over(code("019a3c1e")),
			say(text("grade.primaria", "year", 3)).over(plain("Rozzano")), where, marks, now}}}
	}
	plan := planPage{Callouts: []Callout{provenCallout(drawn)}, Tiles: planTiles(planning.Figures{Pupils: 43, Placed: 41, Together: 4, Apart: 1, Far: 2, Metres: 90_000}),
		Wants: []planWant{{ID: wantID(0), Text: text("plan.want", "count", 23, "classes", text("grade.primaria", "year", 3), "sites", text("plan.want-site", "count", 2), "room", 21), Sites: []Cell{plain("Primaria Via Liguria").to("/scuole/ZZEE00001X"), plain("Primaria Via Piemonte").to("/scuole/ZZEE00002X")}}},
		Form:  choicesForm(id), Offers: planPath(id, "proposte"), Again: planPath(id, "ricalcola"), Proof: planPath(id, "prova"), Suppose: Action{text("plan.suppose"), plansPath + "/scenario"},
		Columns: []Column{{Label: text("list.pupil")}, {Label: text("list.grade")}, {Label: text("plan.school")}, {Label: text("plan.marks")}, {Label: text("plan.now")}, {Label: text("plan.choice")}}, Caption: text("plan.seats", "count", 43),
		Seats: []planSeat{seat(0, Danger, badge(Danger, text("plan.left-out")).over(say(text("plan.left-why")).to("#"+wantID(0))), badge(Warning, text("plan.urgency-4")), say(text("plan.now-waits"))),
			seat(1, "", plain("Primaria Via Liguria").to("/scuole/ZZEE00001X").over(say(text("plan.way", "comune", "Opera", "way", metres(4200)))),
				stacked(badge(Warning, text("plan.mark-far")), badge(Success, text("plan.mark-together"))), badge(Info, text("plan.now-offered-ours")))},
		Kept:  &Field{Name: "keep", Kind: FieldChecks, Label: text("plan.locks"), Hint: text("plan.locks-hint"), Optional: true, Options: []Option{{"x", caseCell(id).over(say(text("plan.lock-never", "school", "Primaria Via Liguria"))), Text{}}}},
		Worth: Table{Caption: text("plan.worth"), Columns: []Column{{Label: text("plan.school")}, {Label: text("plan.worth-what")}}, Rows: []Row{{Cells: []Cell{plain("Primaria Via Liguria"), say(text("plan.worth-pupil"))}}}},
		Flows: Table{Caption: text("plan.flows"), Columns: []Column{{Label: text("plan.from")}, {Label: text("plan.to")}, {Label: text("plan.pupils"), Numeric: true}}, Rows: []Row{{Cells: []Cell{plain("Rozzano"), plain("Opera"), count(4)}}}},
		Since: sinceLast(drawn, drawn), Facts: []Pair{{text("plan.drawn-at"), at(when)}}, Compare: []Action{{text("plan.compare-last"), comparePath(id, other)}}}
	base := mapOf([]territory.Comune{{Code: "015189", Name: "Rozzano", Lat: 45.38, Lon: 9.15}, {Code: "015159", Name: "Opera", Lat: 45.37, Lon: 9.21}}, territory.Boundaries{}, func(domain.Comune) int { return 3 })
	plan.Map = &planMap{mapOfComuni: base, Lines: []planLine{{X1: base.at["015189"].X, Y1: base.at["015189"].Y, X2: base.at["015159"].X, Y2: base.at["015159"].Y, Width: 8, From: "Rozzano", To: "Opera", N: 4}},
		Ends: []circle{{X: base.at["015159"].X, Y: base.at["015159"].Y, R: endR, Name: "Opera"}}}
	supposing := scenarioPage{More: stepMore, RowsShown: 1}
	supposing.Form = newForm(plansPath+"/scenario", text("plan.draw-scenario"), Field{Name: "close-0-school", Kind: FieldText, Label: text("plan.school-code"), Optional: true, Width: 20,
		Of: text("plan.row", "what", text("plan.change-close"), "number", 1)})
	supposing.Form.refuse(domain.Invalid("school-unknown").On("close-0-school"))
	supposing.Groups = []scenarioGroup{{Title: text("plan.change-close"), Hint: text("plan.change-hint-close"), Rows: [][]*Field{supposing.Form.fields}}}
	wait := drawingPage{Done: 31, Total: 86, Stop: newForm(drawingPath(id)+"/interrompi", text("plan.stop")), Back: plansPath}
	return []sample{
		sampleOf(plansPath, domain.RoleCentre, plansView, 200, text("plan.title"), plansPage{Table: list, Form: form, Scenario: plansPath + "/scenario", Compare: compare}, Crumb{Text: text("plan.title")}),
		sampleOf(planPath(id), domain.RoleCentre, planView, 200, text("plan.one"), plan, crumb, Crumb{Text: text("plan.one")}),
		sampleOf(plansPath+"/scenario-rifiutato", domain.RoleUST, scenarioView, 422, text("plan.scenario-title"), supposing, crumb, Crumb{Text: text("plan.scenario-title")}),
		sampleOf(drawingPath(id), domain.RoleCentre, drawingView, 200, text("plan.drawing"), wait, crumb, Crumb{Text: text("plan.drawing")}),
		sampleOf(drawingPath(other), domain.RoleCentre, drawingView, 200, text("plan.stopped"), drawingPage{Stopped: true, Back: plansPath}, crumb, Crumb{Text: text("plan.stopped")}),
	}
}
