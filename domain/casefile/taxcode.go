package casefile

import "strings"

// TaxCodeWellFormed checks a codice fiscale of a person (16 characters with its check character, DM 23 dicembre 1976, homocody
// included), a provisional numeric one (11 digits with its check digit) or an STP or ENI code. It says nothing of whose it is.
func TaxCodeWellFormed(code string) bool {
	code = strings.ToUpper(strings.TrimSpace(code))
	switch {
	case strings.HasPrefix(code, "STP") || strings.HasPrefix(code, "ENI"):
		return len(code) == 16 && digits(code[3:])
	case len(code) == 11 && digits(code):
		return provisionalCheck(code)
	case len(code) == 16:
		return personCheck(code)
	}
	return false
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// odd holds the values of characters in odd positions, for 0–9 and A–Z.
var odd = [...]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21,
	1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}

func personCheck(code string) bool {
	sum := 0
	for i := range 15 {
		c := code[i]
		var n, v int // index in odd, value in even positions
		switch {
		case c >= '0' && c <= '9':
			n, v = int(c-'0'), int(c-'0')
		case c >= 'A' && c <= 'Z':
			n, v = int(c-'A')+10, int(c-'A')
		default:
			return false
		}
		if i%2 == 0 {
			sum += odd[n]
		} else {
			sum += v
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
