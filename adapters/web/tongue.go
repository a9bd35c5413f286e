package web

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"approdo/domain"
	"approdo/domain/grade"
)

// tongue is a language that a family is written to in. It has a catalogue of its own, catalogue/letter: families read more languages
// than the pages are in.
type tongue struct {
	Lang  string // ISO 639-1
	Name  string // in the language itself
	Dir   string // ltr, rtl
	texts map[string]string
}

// tongueNames in the order in which they are offered: Italian, which is the valid text, comes first.
var tongueNames = []tongue{{Lang: "it", Name: "Italiano"}, {Lang: "uk", Name: "Українська"}, {Lang: "ru", Name: "Русский"},
	{Lang: "en", Name: "English"}, {Lang: "ar", Name: "العربية", Dir: "rtl"}, {Lang: "zh", Name: "中文"}}

func loadTongues() ([]tongue, error) {
	all := slices.Clone(tongueNames)
	for i := range all {
		if all[i].Dir == "" {
			all[i].Dir = "ltr"
		}
		name := path.Join("catalogue/letter", all[i].Lang+".json")
		b, err := catalogueFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(b, &all[i].texts); err != nil {
			return nil, fmt.Errorf("web: %s: %w", name, err)
		}
	}
	return all, nil
}

// tongue gives a language by its code, as it was written in an address or a request.
func (s *site) tongue(code string) (tongue, bool) {
	i := slices.IndexFunc(s.tongues, func(t tongue) bool { return t.Lang == strings.ToLower(strings.TrimSpace(code)) })
	if i < 0 {
		return tongue{}, false
	}
	return s.tongues[i], true
}

// say writes a text of the letter. A key that is missing or a placeholder without a value is a fault of ours.
func (t tongue) say(key string, values map[string]string) (string, error) {
	s, ok := t.texts[key]
	if !ok {
		return "", fmt.Errorf("web: no text %s in the letter in %s", key, t.Lang)
	}
	return fill(s, values)
}

// day writes 20 novembre 2026, 20 листопада 2026 року, 2026年11月20日; nothing for no day.
func (t tongue) day(d domain.Date) (string, error) {
	if d.IsZero() {
		return "", nil
	}
	month, err := t.say("month."+strconv.Itoa(int(d.Month)), nil)
	if err != nil {
		return "", err
	}
	n := strconv.Itoa(d.Day)
	if d.Day == 1 && t.Lang == string(Italian) {
		n = "1º"
	}
	return t.say("date", map[string]string{"day": n, "month": month, "year": strconv.Itoa(d.Year)})
}

// level names a grade with its Italian name beside it, which is what stands on the school's door.
func (t tongue) level(l grade.Level) (string, error) {
	return t.say("grade."+string(l.Order), map[string]string{"year": strconv.Itoa(l.Year)})
}
