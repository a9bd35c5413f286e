// Package grade says which order of school and which year of it a child's age leads to, and who may decide otherwise.
package grade

import (
	"strconv"
	"strings"

	"approdo/domain"
)

// Order is an order of school.
type Order string

// The four orders. Primaria and secondaria I make up the first cycle.
const (
	Infanzia     Order = "infanzia"
	Primaria     Order = "primaria"
	SecondariaI  Order = "secondaria-1"
	SecondariaII Order = "secondaria-2"
)

// Orders lists them from the youngest.
func Orders() []Order { return []Order{Infanzia, Primaria, SecondariaI, SecondariaII} }

// Years is how many years the order has: 0 for infanzia, whose years are not told apart, and for what is no order.
func (o Order) Years() int {
	switch o {
	case Primaria, SecondariaII:
		return 5
	case SecondariaI:
		return 3
	}
	return 0
}

// Valid reports whether it is one of the four.
func (o Order) Valid() bool { return o == Infanzia || o.Years() > 0 }

// FirstCycle reports whether it is primaria or secondaria I.
func (o Order) FirstCycle() bool { return o == Primaria || o == SecondariaI }

// Level is an order and a year of it, counted from 1; Year is 0 in infanzia.
type Level struct {
	Order Order `json:"order"`
	Year  int   `json:"year"`
}

// ErrLevel refuses what is no order, or no year of it.
var ErrLevel = domain.Invalid("level-invalid")

// Levels lists the fourteen levels from the youngest.
func Levels() []Level {
	var all []Level
	for _, o := range Orders() {
		if o == Infanzia {
			all = append(all, Level{Order: o})
		}
		for y := range o.Years() {
			all = append(all, Level{o, y + 1})
		}
	}
	return all
}

// String writes "infanzia", "primaria-3", "secondaria-1-2": a name for forms, addresses and keys, read back by ParseLevel.
func (l Level) String() string {
	if l.Year == 0 {
		return string(l.Order)
	}
	return string(l.Order) + "-" + strconv.Itoa(l.Year)
}

// ParseLevel is the inverse of String. The error is ErrLevel.
func ParseLevel(s string) (Level, error) {
	l := Level{Order: Order(s)}
	if i := strings.LastIndexByte(s, '-'); i >= 0 && l.Order != Infanzia {
		y, err := strconv.Atoi(s[i+1:])
		if err != nil {
			return Level{}, ErrLevel
		}
		l = Level{Order(s[:i]), y}
	}
	if err := l.Validate(); err != nil || l.String() != s {
		return Level{}, ErrLevel
	}
	return l, nil
}

// Validate gives ErrLevel for what is not one of Levels.
func (l Level) Validate() error {
	if l.step() < 0 {
		return ErrLevel
	}
	return nil
}

// step counts the levels below: 0 is infanzia, 1 the first year of primaria, 13 the last of secondaria II; -1 is none.
func (l Level) step() int {
	below := map[Order]int{Primaria: 0, SecondariaI: 5, SecondariaII: 8}
	switch {
	case l == Level{Order: Infanzia}:
		return 0
	case l.Year >= 1 && l.Year <= l.Order.Years():
		return below[l.Order] + l.Year
	}
	return -1
}

// IsZero reports whether there is no level.
func (l Level) IsZero() bool { return l == Level{} }
