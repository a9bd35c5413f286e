package session

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
)

// commonList are some fourteen hundred words that people choose for passwords: first names, cities, teams, what they love, what lies
// beside one another on a keyboard, in Italian and English, and what an office of this province calls its things. It was written by hand
// for this program, and is no list of passwords that were found anywhere.
//
//go:embed common.txt
var commonList string

var commonWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Fields(commonList) {
		words[w] = true
	}
	return words
})

// common tells one such word, however it is dressed: with capitals, with years, digits and signs around it or in it, and with letters
// that are written as digits or signs. A word behind another is another password. Of digits alone a short one is a date or a number
// that others know.
func common(password string) bool {
	password = strings.ToLower(password)
	if strings.Trim(password, "0123456789") == "" && len(password) < minPassword {
		return true
	}
	core := strings.TrimFunc(password, func(r rune) bool { return !unicode.IsLetter(r) && !strings.ContainsRune("@$", r) })
	for _, form := range []string{letters(password), letters(undressed.Replace(core)), letters(undressed.Replace(password))} {
		if commonWords()[form] || commonWords()[form[:period(form)]] {
			return true
		}
	}
	return false
}

// undressed writes as letters what stands for them.
var undressed = strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t", "8", "b",
	"à", "a", "è", "e", "é", "e", "ì", "i", "ò", "o", "ù", "u")
