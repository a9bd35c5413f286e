package year2022

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
)

// A spelling is a name in Cyrillic and as the passport writes it (KMU 55/2010).
type spelling struct{ cyrillic, latin string }

func spellings(pairs string) []spelling {
	words := strings.Fields(pairs)
	out := make([]spelling, 0, len(words)/2)
	for i := 0; i+1 < len(words); i += 2 {
		out = append(out, spelling{words[i], words[i+1]})
	}
	return out
}

var (
	familyNames = spellings(`Шевченко Shevchenko Бондаренко Bondarenko Коваленко Kovalenko Ткаченко Tkachenko Кравченко Kravchenko
		Олійник Oliinyk Шевчук Shevchuk Коваль Koval Поліщук Polishchuk Бондар Bondar Ткачук Tkachuk Мороз Moroz Марченко Marchenko
		Лисенко Lysenko Руденко Rudenko Савченко Savchenko Петренко Petrenko Клименко Klymenko Павленко Pavlenko Левченко Levchenko
		Кузьменко Kuzmenko Харченко Kharchenko Панченко Panchenko Юрченко Yurchenko Гончаренко Honcharenko Сидоренко Sydorenko
		Іваненко Ivanenko Приходько Prykhodko Пономаренко Ponomarenko Гриценко Hrytsenko Білоус Bilous Довженко Dovzhenko
		Мельничук Melnychuk Гаврилюк Havryliuk Яценко Yatsenko Федоренко Fedorenko Щербак Shcherbak Козак Kozak Жук Zhuk
		Романюк Romaniuk Мартинюк Martyniuk Кириленко Kyrylenko Вовк Vovk Стеценко Stetsenko Чумак Chumak Остапчук Ostapchuk
		Ярошенко Yaroshenko Самойленко Samoilenko Дяченко Diachenko Назаренко Nazarenko Хоменко Khomenko Зінченко Zinchenko`)
	girlNames = spellings(`Анна Anna Марія Mariia Софія Sofiia Вікторія Viktoriia Дарина Daryna Юлія Yuliia Катерина Kateryna
		Анастасія Anastasiia Поліна Polina Олександра Oleksandra Єва Yeva Злата Zlata Мілана Milana Аліна Alina Вероніка Veronika
		Соломія Solomiia Надія Nadiia Яна Yana Ірина Iryna Христина Khrystyna Оксана Oksana Уляна Uliana Валерія Valeriia
		Діана Diana Варвара Varvara Тетяна Tetiana`)
	boyNames = spellings(`Олександр Oleksandr Максим Maksym Дмитро Dmytro Артем Artem Назар Nazar Богдан Bohdan Андрій Andrii
		Михайло Mykhailo Іван Ivan Данило Danylo Матвій Matvii Тимофій Tymofii Владислав Vladyslav Ярослав Yaroslav Микита Mykyta
		Кирило Kyrylo Роман Roman Єгор Yehor Олексій Oleksii Давид Davyd Марко Marko Сергій Serhii Гліб Hlib Юрій Yurii
		Станіслав Stanislav Ілля Illia`)
	motherNames = spellings(`Олена Olena Наталія Nataliia Світлана Svitlana Людмила Liudmyla Тетяна Tetiana Ірина Iryna
		Оксана Oksana Ганна Hanna Лариса Larysa Галина Halyna Інна Inna Алла Alla`)
	birthPlaces = strings.Fields(`Kyiv Kharkiv Odesa Dnipro Lviv Mykolaiv Chernihiv Zaporizhzhia Vinnytsia Sumy Poltava Kherson`)
	streets     = strings.Fields(`Esempi Prove Campioni Modelli Saggi Bozze Figure Tracce Cenni Appunti`)
	hosts       = []string{"family", "private", "private", "community", "hotel", "centre"}
)

// child is one invented pupil.
type child struct {
	family, given spelling
	girl          bool
	birth         domain.Date
	level         grade.Level
	year          domain.SchoolYear
	comune        domain.Comune
	municipio     int
	household     int
	mother        spelling
	late          bool // came in the last fortnight: whatever is asked of a school is not answered yet
	n             int  // running number, for telephones and documents that repeat nobody's
}

// orderShares are the orders of the pupils taken in, in percent.
var orderShares = []struct {
	order grade.Order
	share int
}{{grade.Infanzia, 14}, {grade.Primaria, 49}, {grade.SecondariaI, 24}, {grade.SecondariaII, 13}}

func drawLevel(r *rand.Rand) grade.Level {
	n := r.IntN(100)
	for _, s := range orderShares {
		if n -= s.share; n < 0 {
			if s.order.Years() == 0 {
				return grade.Level{Order: s.order}
			}
			return grade.Level{Order: s.order, Year: 1 + r.IntN(s.order.Years())}
		}
	}
	return grade.Level{Order: grade.Primaria, Year: 1}
}

// birthFor gives a birth date whose grade by age is the level.
func birthFor(r *rand.Rand, l grade.Level, y domain.SchoolYear) domain.Date {
	back := map[grade.Order]int{grade.Infanzia: 3 + r.IntN(3), grade.Primaria: 5, grade.SecondariaI: 10, grade.SecondariaII: 13}[l.Order]
	first := domain.Date{Year: int(y) - back - l.Year, Month: 1, Day: 1}
	return first.AddDays(r.IntN(365))
}

// noisy writes a name as another office might have heard it: older transliterations, Italian or Russian forms, a letter lost.
func noisy(r *rand.Rand, s spelling) spelling {
	variants := []string{s.latin}
	for _, swap := range []string{"Oleksandr:Alexander", "Oleksandra:Alexandra", "Yuliia:Giulia", "Yuliia:Julia", "Mykhailo:Mikhail",
		"Dmytro:Dmitri", "Kateryna:Caterina", "Sofiia:Sofia", "Mariia:Maria", "Viktoriia:Victoria", "Andrii:Andrei", "Serhii:Sergej",
		"Anastasiia:Anastasia", "Oleksii:Alexei", "Yurii:Juri", "enko:enco", "chuk:ciuk", "shch:sch", "kh:h", "Kh:H", "yi:i", "ii:iy",
		"iuk:yuk", "Sh:Sc", "Ya:Ja", "Yu:Ju", "zh:j", "Hr:Gr", "Ho:Go", "y:i"} {
		from, to, _ := strings.Cut(swap, ":")
		if strings.Contains(s.latin, from) {
			variants = append(variants, strings.Replace(s.latin, from, to, 1))
		}
	}
	return spelling{s.cyrillic, variants[r.IntN(len(variants))]}
}

func (c child) telephone() string { return fmt.Sprintf("+39 000 %07d", 1000000+c.n*7) }
func (c child) email() string {
	return fmt.Sprintf("famiglia.%s.%d@example.org", strings.ToLower(c.family.latin), c.household)
}
func (c child) document() string { return fmt.Sprintf("XX%06d", 100000+c.n*13) }
func (c child) address(r *rand.Rand) string {
	return fmt.Sprintf("Via degli %s %d", streets[r.IntN(len(streets))], 1+r.IntN(180))
}

// Identity invents somebody; the same random source gives the same people. For measuring with names as they are.
func Identity(r *rand.Rand, n int) casefile.Identity {
	y := &year{r: r, children: n}
	c := y.child(domain.DateOf(Today), domain.Milano, 0, y.family())
	p := domain.NewPersonal
	return casefile.Identity{FamilyName: p(c.family.latin), GivenName: p(c.given.latin), FamilyNameCyrillic: p(c.family.cyrillic),
		GivenNameCyrillic: p(c.given.cyrillic), BirthDate: p(c.birth.String()), Citizenship: p("UA"), Document: p(c.document())}
}
