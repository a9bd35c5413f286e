package web

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"approdo/domain"
)

//go:embed catalogue
var catalogueFiles embed.FS

// Lang is a language of the pages.
type Lang string

// Italian is what the service speaks; English stands beside it.
const (
	Italian Lang = "it"
	English Lang = "en"
)

// languages in the order in which they are offered.
var languages = []Lang{Italian, English}

// Text is a text of the catalogues by its key, with the values for its {placeholders} in pairs of name and value. Where the
// catalogue has key.one and key.other instead, the value "count" chooses.
type Text struct {
	key  string
	args []any
}

// text names a text. A key is written out where it is used, or is one of a family (see families), so that a test finds it.
func text(key string, args ...any) Text { return Text{key, args} }

// IsZero reports whether there is no text.
func (t Text) IsZero() bool { return t.key == "" }

// catalogue is the texts of one language by key. Files are named for the first part of the keys in them.
type catalogue struct {
	lang  Lang
	texts map[string]string
}

type catalogues map[Lang]catalogue

func loadCatalogues() (catalogues, error) {
	all := catalogues{}
	for _, lang := range languages {
		c := catalogue{lang, map[string]string{}}
		files, err := fs.Glob(catalogueFiles, "catalogue/"+string(lang)+"/*.json")
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			b, err := catalogueFiles.ReadFile(name)
			if err != nil {
				return nil, err
			}
			var texts map[string]string
			if err := json.Unmarshal(b, &texts); err != nil {
				return nil, fmt.Errorf("web: %s: %w", name, err)
			}
			area := strings.TrimSuffix(path.Base(name), ".json")
			for key, t := range texts {
				if first, _, _ := strings.Cut(key, "."); first != area {
					return nil, fmt.Errorf("web: %s: %s belongs to another file", name, key)
				}
				c.texts[key] = t
			}
		}
		all[lang] = c
	}
	return all, nil
}

// say writes a text in the catalogue's language. A key that is missing or a placeholder without a value is a fault of ours.
func (c catalogue) say(t Text) (string, error) {
	values := map[string]string{}
	key := t.key
	if len(t.args)%2 != 0 {
		return "", fmt.Errorf("web: text %s: names and values do not pair", key)
	}
	for i := 0; i < len(t.args); i += 2 {
		name, ok := t.args[i].(string)
		if !ok {
			return "", fmt.Errorf("web: text %s: a name that is not a string", key)
		}
		v, err := c.write(t.args[i+1])
		if err != nil {
			return "", fmt.Errorf("web: text %s: %s: %w", key, name, err)
		}
		values[name] = v
		if n, ok := t.args[i+1].(int); ok && name == "count" {
			if _, whole := c.texts[key]; !whole {
				key = plural(t.key, n)
			}
		}
	}
	s, ok := c.texts[key]
	if !ok {
		return "", fmt.Errorf("web: no text %s in %s", key, c.lang)
	}
	return fill(s, values)
}

// plural holds for Italian and English alike.
func plural(key string, n int) string {
	if n == 1 {
		return key + ".one"
	}
	return key + ".other"
}

// fill puts the values in the places of their names in braces.
func fill(s string, values map[string]string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		v, known := values[name]
		if !closed || !known {
			return "", fmt.Errorf("web: no value for {%s}", name)
		}
		out.WriteString(v)
		s = after
	}
}

// write puts a value into words: numbers and days as the language writes them, texts from the catalogue.
func (c catalogue) write(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int:
		return c.number(v), nil
	case domain.Date:
		return c.day(v), nil
	case time.Time:
		return c.day(domain.DateOf(v)) + ", " + v.In(domain.Rome).Format("15:04"), nil
	case domain.SchoolYear:
		return v.String(), nil
	case domain.Personal:
		return v.Reveal(), nil
	case metres:
		return c.tenths((int(v)+50)/100) + " km", nil
	case tenths:
		return c.tenths(int(v)), nil
	case Text:
		return c.say(v)
	}
	return "", fmt.Errorf("web: cannot write a %T", v)
}

// refusal puts a domain.Error into words. The details are values for the text; one whose code has none yet is told by its kind.
func (c catalogue) refusal(e *domain.Error) string {
	values := map[string]string{}
	for k, v := range e.Detail {
		values[k] = v
	}
	if s, err := fill(c.texts["error."+e.Code], values); err == nil && s != "" {
		return s
	}
	return c.texts["kind."+string(e.Kind)]
}

// languageOf is the one chosen before, else English for a browser that asks for it first, else Italian.
func languageOf(r *http.Request) Lang {
	if c, err := r.Cookie(languageCookie); err == nil {
		for _, l := range languages {
			if c.Value == string(l) {
				return l
			}
		}
	}
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "en") {
		return English
	}
	return Italian
}
