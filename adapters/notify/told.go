package notify

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/notice"
)

// mostTold bounds how many things a message tells one by one.
const mostTold = 60

// telling is what the text of a message is given.
type telling struct {
	Owner   string
	Address string
	Groups  []toldGroup
	Count   int // of all notices
	More    int // that are not told one by one
}

// toldGroup is the notices of a kind.
type toldGroup struct {
	Kind  string
	Items []toldItem
}

type toldItem struct {
	What, Kind, Clock string
	Short             string // how pages call the case
	Link              string
	Last              string // the last day in time; empty where there is no term
	Monday            string // whose return it is
}

// tell writes the message with which a person is told of some notices. It is made of codes, ids and days alone.
func tell(address, owner string, lang notice.Language, all []notice.Notice) (subject, text string, err error) {
	c := telling{Owner: owner, Address: address, Count: len(all), More: max(0, len(all)-mostTold)}
	for _, kind := range notice.Kinds() {
		g := toldGroup{Kind: string(kind)}
		for _, n := range all[:len(all)-c.More] {
			if n.Kind == kind {
				g.Items = append(g.Items, itemOf(address, n))
			}
		}
		if len(g.Items) > 0 {
			c.Groups = append(c.Groups, g)
		}
	}
	var out strings.Builder
	if err := texts[string(lang)].ExecuteTemplate(&out, "notices.txt", c); err != nil {
		return "", "", fmt.Errorf("notify: notices in %s: %w", lang, err)
	}
	subject, text, _ = strings.Cut(out.String(), "\n\n")
	return strings.TrimSpace(subject), strings.TrimSpace(text) + "\n", nil
}

func itemOf(address string, n notice.Notice) toldItem {
	i := toldItem{What: n.What, Kind: string(n.Kind), Clock: n.Clock, Link: address}
	if n.Case != uuid.Nil {
		i.Short, i.Link = n.Case.String()[:8], address+"/pratiche/"+n.Case.String()
	}
	if !n.Monday.IsZero() {
		i.Monday, i.Link = n.Monday.Start().In(domain.Rome).Format("02/01/2006"), address+"/rilevazione/"+n.Monday.String()
	}
	if !n.Due.IsZero() {
		i.Last = n.Due.Add(-time.Nanosecond).In(domain.Rome).Format("02/01/2006")
	}
	return i
}
