package web

import (
	"net/url"
	"testing"
	"time"
)

func TestTheAddressOfAListSaysWhatItIsReadFrom(t *testing.T) {
	t.Parallel()
	names := []string{"ambito", "canale", "centro", "classe", "comune", "entro", "istituto", "municipio", "ordina", "ordine", "presso", "scuola", "stato", "tocca"}
	for i := range 1 << len(names) {
		v := url.Values{}
		for bit, name := range names {
			if i>>bit&1 == 1 {
				v.Set(name, name+" &=è"+string(rune('a'+bit)))
			}
		}
		q := listQueryOf(v)
		if i%3 == 0 {
			v.Set("scadute", "1")
			q.overdue = true
		}
		if i%5 == 0 {
			v.Set("noto", "2022-03-14")
			v.Set("ora", "08:30")
			q.known = asOf{"2022-03-14", "08:30", time.Unix(1, 0)}
		}
		if got, want := q.query(""), v.Encode(); got != want {
			t.Fatalf("%s, not %s", got, want)
		}
	}
	q := listQuery{comune: "015146", known: asOf{day: "2022-03-14", at: time.Unix(1, 0)}}
	if got := q.href("a b"); got != "/pratiche?comune=015146&da=a+b&noto=2022-03-14" {
		t.Error(got)
	}
	if got := (listQuery{}).href(""); got != "/pratiche" {
		t.Error(got)
	}
}
