package web

import (
	"net/http"
	"strings"

	"approdo/domain/casefile"
)

const helpPath = "/aiuto"

// helpTopic is the help of a page, or of a group of pages: its anchor on the help page, where the paths of the pages begin, and to whom
// one writes who is not helped by it.
type helpTopic struct {
	ID    string
	Paths []string
	Ask   string // case, registers, service
}

// helpTopics in the order of a day's work. The longest beginning of a path decides.
var helpTopics = []helpTopic{
	{"inizio", []string{"/"}, "service"},
	{"accesso", []string{"/accedi", "/attiva", "/password", "/sicurezza", "/avvisi", "/lingua"}, "registers"},
	{"pratiche", []string{"/pratiche"}, "case"},
	{"pratica", []string{"/pratiche/"}, "case"},
	{"richiesta", []string{requestPath, householdPath, "/fogli", "/riprendi"}, "case"},
	{"iscrizione", []string{"/iscrizioni/nuova", "/fogli/iscrizioni"}, "registers"},
	{"posti", []string{"/posti"}, "registers"},
	{"cerca", []string{"/cerca"}, "registers"},
	{"doppioni", []string{pairsPath}, "service"},
	{"scuole", []string{"/scuole"}, "registers"},
	{"piani", []string{plansPath}, "case"},
	{"cruscotto", []string{"/cruscotto"}, "registers"},
	{"rilevazione", []string{returnsPath}, "registers"},
	{"registro", []string{"/registro"}, "registers"},
	{"prove", []string{proofsPath}, "service"},
	{"letture", []string{readingsPath}, "registers"},
	{"conservazione", []string{retentionPath}, "service"},
	{"territorio", []string{"/territorio"}, "registers"},
	{"utenze", []string{"/utenze"}, "registers"},
	{"funzionamento", []string{"/funzionamento"}, "service"},
}

// helpWords are words of the pages whose meaning is told once for all of them.
var helpWords = []string{"case", "holder", "charge", "offer", "lapse", "term", "reserve", "provisional", "override"}

// helpOf is the topic of the page at a path.
func helpOf(path string) helpTopic {
	best, length := helpTopics[0], 0
	for _, topic := range helpTopics {
		for _, p := range topic.Paths {
			if len(p) > length && (path == p || strings.HasPrefix(path, strings.TrimSuffix(p, "/")+"/")) {
				best, length = topic, len(p)
			}
		}
	}
	return best
}

// Help is where the help of the page stands.
func (f frame) Help() string { return helpPath + "#" + helpOf(f.Path).ID }

// help is the help of every page on one page. It says nothing that needs a sign-in, so that whoever cannot sign in finds it, too.
func (s *site) help(w http.ResponseWriter, r *http.Request) error {
	c := sheet{Title: text("help.title"), Lead: text("help.lead")}
	index := part{}
	for _, topic := range helpTopics {
		title := text("help.title-" + topic.ID)
		index.Doors = append(index.Doors, door{Text: title, Href: "#" + topic.ID})
		c.Parts = append(c.Parts, part{ID: topic.ID, Title: title, Text: text("help.text-" + topic.ID),
			Facts: []Pair{{text("help.ask"), say(text("help.ask-" + topic.Ask))}}})
	}
	states := part{ID: "stati", Title: text("help.states"), Text: text("help.states-text")}
	for _, st := range casefile.Statuses() {
		states.Facts = append(states.Facts, Pair{statusText(st), say(text("help.state-" + string(st)))})
	}
	states.Facts = append(states.Facts, Pair{text("status.question"), say(text("help.state-question"))})
	words := part{ID: "parole", Title: text("help.words")}
	for _, word := range helpWords {
		words.Facts = append(words.Facts, Pair{text("help.word-" + word), say(text("help.meaning-" + word))})
	}
	index.Doors = append(index.Doors, door{Text: states.Title, Href: "#" + states.ID}, door{Text: words.Title, Href: "#" + words.ID})
	contact := part{ID: "contatti", Title: text("help.contact"), Text: text("help.contact-text", "owner", s.Owner)}
	if s.Contact != "" {
		contact.Facts = []Pair{{text("help.contact-mail"), plain(s.Contact).to("mailto:" + s.Contact)}}
	}
	c.Parts = append(append([]part{index}, c.Parts...), states, words, contact)
	return c.show(s, w, r)
}
