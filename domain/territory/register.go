package territory

import (
	"embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"approdo/domain"
)

// Comune is a comune as it is from a day on. Centroid in degrees (WGS84). Milano lies in two ambiti: Ambito is the one its cases
// are routed by, Also lists the others.
type Comune struct {
	Code        domain.Comune   `json:"code"`
	Belfiore    string          `json:"belfiore"`
	Name        string          `json:"name"`
	Lat         float64         `json:"lat"`
	Lon         float64         `json:"lon"`
	Population  int             `json:"population"`
	CAP         []string        `json:"cap,omitzero"`
	Ambito      domain.Ambito   `json:"ambito"`
	Also        []domain.Ambito `json:"also,omitzero"`
	Provisional bool            `json:"provisional,omitzero"` // the UST has not confirmed the ambito
	From        domain.Date     `json:"from"`
}

// In reports whether the comune lies in an ambito.
func (c Comune) In(a domain.Ambito) bool { return c.Ambito == a || slices.Contains(c.Also, a) }

// tidy sorts the lists, so that what is equal is written alike.
func (c Comune) tidy() Comune {
	c.CAP, c.Also = sorted(c.CAP), sorted(c.Also)
	return c
}

// Centre is a CTI, which serves an ambito, or a Polo START, which serves municipi of Milano. Host is the institution it sits in,
// empty while nobody has said; e-mail and phone are the office's.
type Centre struct {
	Code        domain.Centre      `json:"code"`
	Name        string             `json:"name"`
	Ambito      domain.Ambito      `json:"ambito,omitzero"`
	Municipi    []domain.Municipio `json:"municipi,omitzero"`
	Host        domain.Institution `json:"host,omitzero"`
	HostName    string             `json:"host_name,omitzero"`
	Email       string             `json:"email,omitzero"`
	Phone       string             `json:"phone,omitzero"`
	Provisional bool               `json:"provisional,omitzero"`
	From        domain.Date        `json:"from"`
}

func (c Centre) tidy() Centre {
	c.Municipi = sorted(c.Municipi)
	return c
}

// CityInfanzia says who handles infanzia in Milano.
type CityInfanzia string

// The CTI of the city ambito, which is the default, or the Polo START of the municipio.
const (
	InfanziaByCTI  CityInfanzia = "cti"
	InfanziaByPolo CityInfanzia = "polo"
)

// Policy is one version of the routing rules, in force from a day until the next one's. Version is given by the territory:
// "1", "2", … Fallback is the Polo START for a child of Milano whose municipio nobody knows.
type Policy struct {
	Version     string        `json:"version"`
	From        domain.Date   `json:"from"`
	Infanzia    CityInfanzia  `json:"infanzia"`
	Fallback    domain.Centre `json:"fallback"`
	Provisional bool          `json:"provisional,omitzero"`
}

// Clocks are the terms in force from a day on: in working days, FirstDay in school days from the request, and the months
// within which the EU's reception directives want access to education (2013/33/EU, and its 2024 recast).
type Clocks struct {
	From         domain.Date `json:"from"`
	TakeCharge   int         `json:"take_charge"`
	FirstOffer   int         `json:"first_offer"`
	SchoolAnswer int         `json:"school_answer"`
	FirstDay     int         `json:"first_day"`
	AccessMonths int         `json:"access_months"`
	RecastMonths int         `json:"recast_months"`
}

// Ceiling is the share of pupils without Italian citizenship above which a class is, di norma, not to go (CM 2/2010). The USR
// can raise or lower it. It ranks and warns, and never blocks.
type Ceiling struct {
	From    domain.Date `json:"from"`
	Percent int         `json:"percent"`
}

// Register is what a territory is founded with.
type Register struct {
	Comuni  []Comune `json:"comuni"`
	Centres []Centre `json:"centres"`
	Policy  Policy   `json:"policy"`
	Clocks  Clocks   `json:"clocks"`
	Ceiling Ceiling  `json:"ceiling"`
}

// shippedFrom is the first day of the school year in which the arrivals of 2022 began. Before it the register says the same.
var shippedFrom = domain.Date{Year: 2021, Month: time.September, Day: 1}

//go:embed register/*.csv
var registerFiles embed.FS

// Shipped is the register that comes with the program, for province 015; register/README.md says where it is from and what in it
// is provisional. Each call gives a copy.
func Shipped() Register {
	r := shipped()
	r.Comuni, r.Centres = slices.Clone(r.Comuni), slices.Clone(r.Centres)
	for i, c := range r.Comuni {
		r.Comuni[i].CAP, r.Comuni[i].Also = slices.Clone(c.CAP), slices.Clone(c.Also)
	}
	for i, c := range r.Centres {
		r.Centres[i].Municipi = slices.Clone(c.Municipi)
	}
	return r
}

var shipped = sync.OnceValue(func() Register {
	r := Register{
		Policy: Policy{Version: "1", From: shippedFrom, Infanzia: InfanziaByCTI, Fallback: "POLO-1", Provisional: true},
		Clocks: Clocks{From: shippedFrom, TakeCharge: 2, FirstOffer: 5, SchoolAnswer: 3, FirstDay: 15, AccessMonths: 3,
			RecastMonths: 2},
		Ceiling: Ceiling{From: shippedFrom, Percent: 30},
	}
	for _, row := range rows("register/comuni.csv", 9) {
		ambito, also, _ := strings.Cut(row[7], " ")
		c := Comune{Code: domain.Comune(row[0]), Belfiore: row[1], Name: row[2], Lat: number(row[3]), Lon: number(row[4]),
			Population: int(number(row[5])), CAP: strings.Fields(row[6]), Ambito: domain.Ambito(ambito),
			Provisional: row[8] == "yes", From: shippedFrom}
		for _, a := range strings.Fields(also) {
			c.Also = append(c.Also, domain.Ambito(a))
		}
		r.Comuni = append(r.Comuni, c)
	}
	for _, row := range rows("register/centres.csv", 5) {
		c := Centre{Code: domain.Centre(row[0]), Name: row[1], Ambito: domain.Ambito(row[2]), Provisional: row[4] == "yes",
			From: shippedFrom}
		for _, m := range strings.Fields(row[3]) {
			c.Municipi = append(c.Municipi, domain.Municipio(number(m)))
		}
		r.Centres = append(r.Centres, c)
	}
	return r
})

// rows panics on a file that is not as it was built: it is part of the program.
func rows(name string, columns int) [][]string {
	f, err := registerFiles.Open(name)
	if err != nil {
		panic(fmt.Sprintf("territory: %v", err))
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment, r.FieldsPerRecord = '#', columns
	all, err := r.ReadAll()
	if err != nil {
		panic(fmt.Sprintf("territory: %s: %v", name, err))
	}
	return all[1:]
}

func number(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(fmt.Sprintf("territory: register: %v", err))
	}
	return f
}
