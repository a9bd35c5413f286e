package rest

import (
	_ "embed"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// lang is a language that problems are told in.
type lang string

// Italian is what the service speaks; English stands beside it.
const (
	italian lang = "it"
	english lang = "en"
)

// languageOf is the one of the two that the client likes better; Italian where it does not say.
func languageOf(r *http.Request) lang {
	best, liking := italian, 0.0
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, parameter, _ := strings.Cut(part, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		q := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(value, 64); err != nil {
				continue
			}
		}
		if l := lang(primary); (l == italian || l == english) && q > liking {
			best, liking = l, q
		}
	}
	return best
}

//go:embed texts.json
var textFile []byte

// texts are the words for a code, or for a status where the key is a number, by language.
type texts map[string]map[lang]string

func loadTexts() texts {
	var t texts
	if err := json.Unmarshal(textFile, &t); err != nil {
		panic("rest: texts.json: " + err.Error())
	}
	return t
}

// say fills the {places} of a text; it is empty for a code without one, or when a place has no value.
func (t texts) say(key string, l lang, values map[string]string) string {
	s := t[key][l]
	for name, value := range values {
		s = strings.ReplaceAll(s, "{"+name+"}", value)
	}
	if strings.Contains(s, "{") {
		return ""
	}
	return s
}
