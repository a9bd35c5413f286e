package web

import (
	"testing"
	"time"

	"approdo/domain"
)

func TestACellIsEscapedWhateverStandsInIt(t *testing.T) {
	t.Parallel()
	texts, err := loadCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		cell Cell
		want string
	}{
		{plain(`<i>"Rho"`).to("/scuole?q=a&b"), `<a href="/scuole?q=a&amp;b">&lt;i&gt;&#34;Rho&#34;</a>`},
		{code("<X>").over(count(1310)), `<span class="code">&lt;X&gt;</span><span class="second">1.310</span>`},
		{say(text("board.municipio-n", "n", 3)).to(`/x"y`), `<a href="/x&#34;y">Municipio 3</a>`},
		{named(domain.NewPersonal("<b>")), "&lt;b&gt;"},
		{badge(Warning, text("role.ust")), `<span class="badge-state tone-warning">Ufficio scolastico territoriale</span>`},
		{at(time.Date(2022, 3, 1, 8, 0, 0, 0, time.UTC)), `<time datetime="2022-03-01T08:00:00Z">1º marzo 2022, 09:00</time>`},
		{Cell{}, ""},
	} {
		if got, err := texts[Italian].cell(x.cell); err != nil || string(got) != x.want {
			t.Errorf("%s, want %s (%v)", got, x.want, err)
		}
	}
	if got, err := texts[Italian].cell(plain("x").to("javascript:alert(1)")); err == nil {
		t.Errorf("a script is a link: %s", got)
	}
	if _, err := texts[Italian].cell(plain("x").over(say(text("no-such.text")))); err == nil {
		t.Error("a text that is missing is passed over")
	}
}

func TestARowOfFiguresTellsNothingOfTheSmallOnes(t *testing.T) {
	t.Parallel()
	texts, err := loadCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	got, err := texts[Italian].figures([]figure{{}, {N: 1310, Href: "/pratiche?a=1&b=2"}, {N: few}, {N: untold}, {N: -4}})
	want := `<td class="numeric nil">0</td><td class="numeric"><a href="/pratiche?a=1&amp;b=2">1.310</a></td><td class="numeric">meno di 3</td>` +
		`<td class="numeric">–</td><td class="numeric">−4</td>`
	if err != nil || string(got) != want {
		t.Errorf("%s (%v)", got, err)
	}
}

func TestRowsAndCirclesAreEscapedAndTellNothingOfTheSmallOnes(t *testing.T) {
	t.Parallel()
	texts, err := loadCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	m := matrix{Rows: []figures{{plain("<Rho>"), []figure{{N: few}}}, {say(text("role.ust")), nil}}}
	want := "\n    <tr data-row=\"&lt;Rho&gt;\"><th scope=\"row\">&lt;Rho&gt;</th><td class=\"numeric\">meno di 3</td></tr>" +
		"\n    <tr data-row=\"Ufficio scolastico territoriale\"><th scope=\"row\">Ufficio scolastico territoriale</th></tr>"
	if got, err := texts[Italian].rows(m); err != nil || string(got) != want {
		t.Errorf("%s (%v)", got, err)
	}
	want = "\n    <circle cx=\"1\" cy=\"2\" r=\"3\"><title>&lt;Rho&gt;: meno di 3</title></circle>" +
		"\n    <circle cx=\"4\" cy=\"5\" r=\"6\" class=\"nil\"><title>Opera: 0</title></circle>"
	if got, err := texts[Italian].circles([]circle{{1, 2, 3, "<Rho>", few}, {4, 5, 6, "Opera", 0}}); err != nil || string(got) != want {
		t.Errorf("%s (%v)", got, err)
	}
}
