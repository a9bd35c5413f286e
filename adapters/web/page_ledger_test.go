package web

import "approdo/domain"

func ledgerSamples() []sample {
	choices := []Option{{Value: "12", Label: say(text("ledger.choice", "count", 12))}, {Value: "7", Label: say(text("ledger.choice", "count", 7))}}
	page := proofsPage{Key: "approdo/registro+00000000+AAAA", Callouts: []Callout{{Tone: Danger, Title: text("ledger.refused", "instant", "04/04/2022 09:00"),
		Text: text("error.ledger-forked")}},
		Between: newFilter(proofsPath+"/continuita", text("ledger.download-proof"),
			Field{Name: "da", Kind: FieldSelect, Label: text("ledger.older"), Options: choices, Filter: true},
			Field{Name: "a", Kind: FieldSelect, Label: text("ledger.newer"), Options: choices, Filter: true}).Set("da", "7").Set("a", "12"),
		Table: Table{Caption: text("ledger.caption"), Columns: []Column{{Label: text("ledger.records")}, {Label: text("ledger.signed-at")}, {Label: text("ledger.file")}},
			Rows:  []Row{{Cells: []Cell{say(text("ledger.choice", "count", 12)), at(now), say(text("ledger.download")).to("/")}}},
			Pager: Pager{First: proofsPath, Next: proofsPath + "?prima=12"}}}
	empty := proofsPage{Key: page.Key, Table: Table{Empty: Empty{Title: text("ledger.none"), Text: text("ledger.none-text")}}}
	return []sample{
		sampleOf("/registro/prove", domain.RolePrefettura, proofsView, 200, text("ledger.title"), page, Crumb{text("audit.title"), "/registro"}, Crumb{Text: text("ledger.title")}),
		sampleOf("/registro/prove-vuote", domain.RoleUST, proofsView, 200, text("ledger.title"), empty, Crumb{Text: text("ledger.title")}),
	}
}
