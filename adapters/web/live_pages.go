package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"approdo/domain"
	"approdo/projections/worklist"
)

// liveLink is where a page hears what has changed since it was made.
type liveLink struct {
	From    string // the address of the stream
	Again   string // of the page
	Figures bool   // they are replaced where they stand; otherwise the page only says that there is something new
	More    Text   // said when there is more than can be replaced
}

// boardQuestion is what of a board's address is asked for as it happens. The past does not change.
func boardQuestion(f boardFilter) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"ordine": string(f.order), "ambito": string(f.ambito)} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// live is nil for a page of the past.
func (c boardPage) live(r *http.Request, f boardFilter) *liveLink {
	if c.Past {
		return nil
	}
	from := boardStreamPath
	if q := boardQuestion(f); len(q) > 0 {
		from += "?" + q.Encode()
	}
	return &liveLink{From: from, Again: r.URL.RequestURI(), Figures: true, More: text("live.rows")}
}

// boardLive asks for the figures of the board. What makes two boards differ is in the key: whose figures they are, which of them, and in
// which words.
func (s *site) boardLive(r *http.Request) (key string, ask question, err error) {
	a := actorOf(r)
	if _, err := worklist.Board(a); err != nil {
		return "", nil, err
	}
	land, err := s.Desk.Territory(r.Context())
	if err != nil {
		return "", nil, err
	}
	f, err := s.boardFilterOf(r, land, a.Role == domain.RolePrefettura)
	if err != nil {
		return "", nil, err
	}
	if f.known.past() || f.other.past() {
		return "", nil, errNoFile
	}
	q := boardQuestion(f)
	request := asks(r, "/cruscotto", q)
	key = strings.Join([]string{"board", string(a.Role), a.Body, string(visitOf(r).lang), q.Encode()}, " ")
	return key, func(ctx context.Context) (shown, error) {
		r := request(ctx)
		c, err := s.boardOf(r, false, false)
		if err != nil {
			return shown{}, err
		}
		return c.shown(s.texts[visitOf(r).lang])
	}, nil
}

// shown are the figures of the board by their keys: part and place for a tile, caption and row for a bar, table, row and column for the
// others. Templates and script find the same.
func (c boardPage) shown(t catalogue) (x shown, err error) {
	x = shown{at: c.At, figures: map[string]string{}, tones: map[string]Tone{}}
	if x.when, err = t.write(c.At); err != nil {
		return x, err
	}
	add := func(n int, key ...string) (err error) {
		x.figures[strings.Join(key, "/")], err = t.told(n)
		return err
	}
	for _, p := range c.Parts {
		for i, tile := range p.Tiles {
			key := p.ID + "/" + strconv.Itoa(i)
			if err := add(tile.Value, key); err != nil {
				return x, err
			}
			x.tones[key] = tile.Tone
		}
		for _, bars := range p.Bars {
			caption, err := t.say(bars.Caption)
			if err != nil {
				return x, err
			}
			for _, bar := range bars.Bars {
				row, err := t.words(bar.Label)
				if err == nil {
					err = add(bar.Value, caption, row)
				}
				if err != nil {
					return x, err
				}
			}
		}
		for _, m := range slices.Concat(p.Tables, p.More) {
			for i, row := range m.Rows {
				name, err := m.key(t, i)
				if err != nil {
					return x, err
				}
				for j, f := range row.Cells {
					if err := add(f.N, m.ID, name, strconv.Itoa(j)); err != nil {
						return x, err
					}
				}
			}
		}
	}
	return x, nil
}

// key names a row of the table: by what it is called, where no two are called alike.
func (m matrix) key(t catalogue, row int) (string, error) {
	if m.Keys != nil {
		return m.Keys[row], nil
	}
	return t.words(m.Rows[row].Name)
}

// words are what a cell without persons says.
func (c catalogue) words(cell Cell) (words string, err error) {
	words = cell.Plain + cell.Code
	switch {
	case !cell.Date.IsZero():
		words = cell.Date.String()
	case !cell.Text.IsZero():
		words, err = c.say(cell.Text)
	}
	if err != nil || cell.Second == nil {
		return words, err
	}
	below, err := c.words(*cell.Second)
	return words + " – " + below, err
}

// newsOf is where lists hear that they are no longer what they were.
func newsOf(r *http.Request) *liveLink {
	return &liveLink{From: newsStreamPath, Again: r.URL.RequestURI(), More: text("live.news")}
}

// mostNews is how many waiting cases are looked at: beyond, a change is one among too many to be told apart.
const mostNews = 500

// newsLive asks which cases wait for the reader: how many, and a sign that is another one when it is no longer the same ones in the same order.
// The list refuses whoever has none.
func (s *site) newsLive(r *http.Request) (key string, ask question, err error) {
	a, lang := actorOf(r), visitOf(r).lang
	key = strings.Join([]string{"news", string(a.Role), a.Body, string(lang)}, " ")
	return key, func(ctx context.Context) (x shown, err error) {
		x = shown{at: s.Clock()}
		waiting, _, err := worklist.Past(ctx, s.Board, a, s.waitingFor(a), time.Time{}, "", mostNews)
		if err != nil {
			return x, err
		}
		sum := sha256.New()
		for _, id := range waiting {
			sum.Write(id[:])
		}
		x.figures = map[string]string{"waiting": s.texts[lang].number(len(waiting)), "which": hex.EncodeToString(sum.Sum(nil)[:8])}
		x.when, err = s.texts[lang].write(x.at)
		return x, err
	}, nil
}
