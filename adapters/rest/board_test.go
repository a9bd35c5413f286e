package rest_test

import (
	"net/url"
	"testing"
	"time"
)

// guardedBoard is what of the board the tests here look at.
type guardedBoard struct {
	At     time.Time
	Comuni []struct {
		Cases int
		Few   bool
	} `json:"by_comune"`
	Waiting struct {
		Pupils, Median int
		Few            bool
	} `json:"waiting_now"`
}

func TestTheBoardIsToldAsOfAnInstantAndSmallFiguresNotToAll(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	before := time.Unix(0, h.time.Load()).UTC()
	h.pass(time.Minute)
	h.post(ownComune, base+"/cases", `{"family_name":"Prova","given_name":"Oksana","sex":"F","birth_date":"2013-05-02"}`).want(201)
	h.settle()
	ask := func(who persona, asOf time.Time) guardedBoard {
		v := url.Values{"as_of": {asOf.Format(time.RFC3339)}}
		return read[guardedBoard](h.get(who, base+"/board?"+v.Encode()).want(200))
	}
	if b := ask(ust, before); len(b.Comuni) != 0 || b.Waiting.Pupils != 0 || !b.At.Equal(before) {
		t.Errorf("before anybody asked: %+v", b)
	}
	now := time.Unix(0, h.time.Load()).UTC()
	if b := ask(ust, now); len(b.Comuni) != 1 || b.Comuni[0].Cases != 1 || b.Comuni[0].Few || b.Waiting.Pupils != 1 {
		t.Errorf("the UST is told %+v", b)
	}
	if b := ask(prefettura, now); len(b.Comuni) != 1 || b.Comuni[0].Cases != 0 || !b.Comuni[0].Few || b.Waiting.Pupils != 0 || !b.Waiting.Few {
		t.Errorf("the Prefettura is told %+v", b)
	}
	for _, name := range []string{"Daryna", "Olena", "Iryna"} {
		h.post(ownComune, base+"/cases", `{"family_name":"Prova`+name+`","given_name":"`+name+`","sex":"F","birth_date":"2013-06-02"}`).want(201)
	}
	h.settle()
	if b := read[guardedBoard](h.get(prefettura, base+"/board").want(200)); b.Comuni[0].Cases != 3 || b.Comuni[0].Few || b.Waiting.Pupils != 3 {
		t.Errorf("of four the Prefettura is told %+v", b)
	}
	h.get(ust, base+"/board?as_of=ieri").want(422)
}
