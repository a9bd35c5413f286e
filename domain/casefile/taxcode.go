package casefile

import "strings"

// TaxCodeWellFormed checks a codice fiscale of a person (16 characters with its check character, DM 23 dicembre 1976, homocody
// included), a provisional numeric one (11 digits with its check digit) or an STP or ENI code. It says nothing of whose it is.
func TaxCodeWellFormed(code string) bool {
	code = strings.ToUpper(strings.TrimSpace(code))
	switch len(code) {
	case 11:
		return digits(code) && provisionalCheck(code)
	case 16:
		temporary := strings.HasPrefix(code, "STP") || strings.HasPrefix(code, "ENI")
		return temporary && digits(code[3:]) || personShape(code) && personCheck(code) // a surname may begin with STP, too
	}
	return false
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// personShape looks at each character by its place: a letter (l), a month (m), or a digit (n), for which a letter stands where two
// people would have the same code.
func personShape(code string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	allowed := map[rune]string{'l': letters, 'm': "ABCDEHLMPRST", 'n': "0123456789LMNPQRSTUV"}
	for i, kind := range "llllllnnmnnlnnnl" {
		if strings.IndexByte(allowed[kind], code[i]) < 0 {
			return false
		}
	}
	return true
}

// odd holds the values of characters in odd positions, for 0–9 and A–Z; in even positions a character is worth its own rank.
var odd = [...]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21,
	1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}

func personCheck(code string) bool {
	sum := 0
	for i := range 15 {
		n, rank := int(code[i]-'0'), int(code[i]-'0')
		if code[i] >= 'A' {
			n, rank = int(code[i]-'A')+10, int(code[i]-'A')
		}
		if i%2 == 0 {
			sum += odd[n]
		} else {
			sum += rank
		}
	}
	return code[15] == byte('A'+sum%26)
}

func provisionalCheck(code string) bool {
	sum := 0
	for i := range 11 {
		d := int(code[i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
