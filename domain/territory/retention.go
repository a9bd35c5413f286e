package territory

import (
	"slices"
	"strconv"
	"time"

	"approdo/domain"
)

// Retention is one version of the register of how long data is kept, in force from a day until the next one's: in months. What it says is
// proposed to people and done by none of itself, but for drafts and the access record. Version is given by the territory: "1", "2", …;
// "0" is what the program ships, until the UST decides.
type Retention struct {
	Version  string      `json:"version"`
	From     domain.Date `json:"from"`
	Pupil    int         `json:"pupil"`    // from the day a case ends
	Health   int         `json:"health"`   // of the special categories (GDPR art. 9), likewise; never longer than Pupil
	Drafts   int         `json:"drafts"`   // from the last change
	Readings int         `json:"readings"` // the access record
}

// defaultRetention is proposed and not decided: two years let a child who comes back, or moves on late, be recognised; health has no use
// once the year in which a place was sought is over; a draft that nobody touched for a month is forgotten; who read what can be asked for
// two years.
var defaultRetention = Retention{Version: "0", From: shippedFrom, Pupil: 24, Health: 6, Drafts: 1, Readings: 24}

// DataClass is what a retention counts for.
type DataClass string

// The classes of data.
const (
	PupilData   DataClass = "pupil"
	HealthData  DataClass = "health"
	DraftData   DataClass = "drafts"
	ReadingData DataClass = "readings"
)

// DataClasses lists them.
func DataClasses() []DataClass { return []DataClass{PupilData, HealthData, DraftData, ReadingData} }

// Months is how long a class of data is kept.
func (r Retention) Months(c DataClass) int {
	switch c {
	case PupilData:
		return r.Pupil
	case HealthData:
		return r.Health
	case DraftData:
		return r.Drafts
	}
	return r.Readings
}

// Due is the day on which the time of a class of data is over that began on a day: the same day of a later month, or the last one of that
// month where it has no such day. So what began later is never over earlier.
func (r Retention) Due(c DataClass, began domain.Date) domain.Date {
	y, m, last := time.Date(began.Year, began.Month+time.Month(r.Months(c))+1, 0, 0, 0, 0, 0, time.UTC).Date()
	return domain.Date{Year: y, Month: m, Day: min(began.Day, last)}
}

// Began is the last day from which the time of a class of data is over on a day: whatever began by it is due, and nothing else.
func (r Retention) Began(c DataClass, today domain.Date) domain.Date {
	y, m, _ := time.Date(today.Year, today.Month-time.Month(r.Months(c)), 1, 0, 0, 0, 0, time.UTC).Date()
	d := domain.Date{Year: y, Month: m, Day: 1}.AddDays(31)
	for today.Before(r.Due(c, d)) {
		d = d.AddDays(-1)
	}
	return d
}

// RetentionOn is the version in force on a day.
func (s State) RetentionOn(d domain.Date) Retention {
	if r, ok := on(s.retentions, d); ok {
		return r
	}
	return defaultRetention
}

// Retentions lists all versions by the day from which they hold, beginning with what the program ships.
func (s State) Retentions() []Retention { return slices.Clone(s.retentions) }

// The longest that anything is kept, in months. Drafts are of nobody's case yet.
const (
	maxRetention = 600
	maxDrafts    = 12
)

func (s State) setRetention(c SetRetention) ([]Event, error) {
	v := c.Retention
	v.From = fromDay(v.From, c.Act)
	if err := v.check(); err != nil {
		return nil, err
	}
	old := s.RetentionOn(v.From)
	decided := old.Version != defaultRetention.Version
	if v.Version, old.From = old.Version, v.From; decided && old == v {
		return nil, nil
	}
	v.Version = strconv.Itoa(len(s.retentions))
	return []Event{RetentionSet{v}}, nil
}

func (r Retention) check() error {
	for _, class := range DataClasses() {
		most := maxRetention
		if class == DraftData {
			most = maxDrafts
		}
		if n := r.Months(class); n < 1 || n > most {
			return ErrRetention.On(string(class))
		}
	}
	if r.Health > r.Pupil {
		return ErrRetention.On(string(HealthData))
	}
	return nil
}
