package corpus

import (
	"math/rand/v2"
	"strings"
)

// surnames are frequent ones of Ukraine, the most frequent first, after the lists that genealogists publish (ridni.org: Мельник,
// Шевченко, Коваленко, Бондаренко, Бойко, …); the adjectives stand in the man's form.
var surnames = strings.Fields(`
Мельник Шевченко Коваленко Бондаренко Бойко Ткаченко Кравченко Ковальчук Коваль Олійник Шевчук Поліщук Ткачук Савченко Бондар Марченко
Руденко Мороз Лисенко Петренко Клименко Павленко Кравчук Кузьменко Іщенко Савчук Гончаренко Приходько Гаврилюк Мельничук Пономаренко
Левченко Харченко Панченко Гончарук Сидоренко Василенко Карпенко Власенко Іваненко Романюк Гриценко Юрченко Мартинюк Швець Козак Хоменко
Костенко Кириленко Пилипенко Ярошенко Литвиненко Федоренко Яценко Назаренко Білоус Лук'яненко Антоненко Прокопенко Зінченко Тимошенко
Андрощук Ковтун Демченко Михайленко Кучер Степаненко Дяченко Мазур Щербак Кулик Луценко Остапенко Онищенко Гуменюк Жук Ковальський
Яковенко Козаченко Дмитренко Захарченко Паламарчук Якименко Семенюк Денисенко Журавель Вовк Самойленко Кузьмін Іванов Попов Волошин
Стеценко Касьяненко Хоменчук Дем'яненко Сергієнко Матвієнко Гордієнко Макаренко Тарасенко Роменський Левицький Хмельницький Вишневський
Рибак Собко Гнатюк Гриньків Кушнір Слободян Цимбалюк Чорний Білий Сорока Сова Заєць Кіт Лебідь Соловей Снігур Горобець Голуб Чайка
Григоренко Дорошенко Корнієнко Мусієнко Євтушенко Єременко Юхименко Яременко Яремчук Ющенко Яворський Якубовський Ульяненко Ільченко Їжак
Цибуля Ципко Чумак Чуйко Чернега Шаповал Шостак Штефан Щербина Щербань Фесенко Філіпчук Хижняк Худолій Грищук Ґудзь Дячук Драч
Прокопчук Пархоменко Носенко Нечипоренко Непийвода Задорожний Залізняк Зубко Зозуля Жданюк Жаденко Жигалко Руснак Романчук Ревуцький
В'юненко В'ячеславський Солов'яненко Григор'єв Стаф'єв Прокоф'єв Малафєєв Лавриненко Лазаренко Ляшенко Лях Люльченко Мірошниченко
Волков Морозов Соколов Новіков Захаров Сергєєв Кузнєцов Павлов Калінін Нікітін Смирнов Федоров Єгоров Алексєєв Гусєв Яковлєв`)

// stems and endings make the long tail of surnames.
var (
	stems = strings.Fields(`Бабич Балаб Барв Безп Берез Бик Богат Борщ Будник Бурл Вар Верб Верет Вит Волин Ворон Гайд Галаг Гарб Герас Глад
		Горб Грам Громов Губ Гук Данил Дацк Дейн Деркач Довг Дуб Жил Жур Заб Загор Захар Звар Зел Ігнат Кал Карм Кас Качур Киз Клим Кнів
		Кобз Ковп Козир Кол Кондрат Корж Косм Кот Криц Кудр Кух Лаб Лаг Лев Лит Лоб Лоз Лук Лющ Мак Мал Мат Миш Наг Нед Нест Овч Ониш
		Орл Остап Пав Пал Пас Петл Пир Плах Подол Прит Прох Пуш Рад Репет Рог Розум Руд Сав Сал Свир Сем Сир Скач Скор Сніж Соб Стах Ступ
		Таран Тер Тим Тищ Трох Туз Удод Фар Хар Хвор Ход Цап Циг Чаб Чал Череп Чух Шап Швид Шел Шкур Шпак Шум Щур Юш Яник Ярм`)
	endings = []struct {
		weight int
		ending string
	}{{36, "енко"}, {14, "чук"}, {12, "юк"}, {8, "ець"}, {8, "ський"}, {6, "ов"}, {5, "ко"}, {4, "ак"}, {4, "ило"}, {3, "ович"}}
)

// first names: in Ukrainian, Russian, Polish, Italian, English or German, and short forms in Cyrillic; a dash where there is none. The
// more frequent among children born from 2004 to 2018 come first, after the yearly lists of the Ministry of Justice of Ukraine.
const girlNames = `
Анастасія Анастасия Anastazja Anastasia Anastasia Настя,Ася
Софія София Zofia Sofia Sophia Соня,Софійка
Марія Мария Maria Maria Mary Маша,Марічка
Анна Анна Anna Anna Ann Аня
Вікторія Виктория Wiktoria Vittoria Victoria Віка
Дарина Дарина Daryna Darina Darina Даринка
Поліна Полина Paulina Paolina Pauline Поля
Соломія Соломия Salomea - - Соля
Катерина Екатерина Katarzyna Caterina Katherine Катя
Єва Ева Ewa Eva Eve -
Олександра Александра Aleksandra Alessandra Alexandra Саша,Леся
Вероніка Вероника Weronika Veronica Veronica Ніка
Злата Злата - - - -
Мілана Милана - Milana - Міла
Діана Диана - Diana Diana -
Єлизавета Елизавета Elżbieta Elisabetta Elizabeth Ліза
Юлія Юлия Julia Giulia Julia Юля
Дар'я Дарья Daria Daria Daria Даша
Аліна Алина - Alina - -
Валерія Валерия Waleria Valeria Valerie Лєра
Христина Кристина Krystyna Cristina Christina Христя
Маргарита Маргарита Małgorzata Margherita Margaret Рита
Ксенія Ксения Ksenia - Xenia Ксюша
Каріна Карина Karina Carina - -
Ангеліна Ангелина - Angelina Angelina Ліна
Уляна Ульяна - Giuliana - Уля
Яна Яна - - - -
Ірина Ирина Irena Irene Irene Іра
Емілія Эмилия Emilia Emilia Emily Емма
Варвара Варвара Barbara Barbara Barbara Варя
Кіра Кира - - - -
Надія Надежда Nadzieja - - Надя
Аріна Арина - Arina - -
Богдана Богдана - - - -
Олена Елена Helena Elena Helen Оленка,Лєна
Ольга Ольга Olga Olga - Оля
Тетяна Татьяна Tatiana Tatiana Tatiana Таня
Наталія Наталья Natalia Natalia Natalie Наташа
Марта Марта Marta Marta Martha -
Оксана Оксана - - - -
Світлана Светлана Swietłana Svetlana - Світа
Людмила Людмила - Ludmilla - Люда
Аврора Аврора - Aurora - -
Меланія Мелания Melania Melania Melanie -
Кароліна Каролина Karolina Carolina Caroline -
Аделіна Аделина - Adelina - -
Еліна Элина - Elina - -
Ярина Ярина - - - -
Мар'яна Марьяна Marianna Marianna - -
Роксолана Роксолана - - - -
Сніжана Снежана - - - -
Владислава Владислава - - - Влада
Любов Любовь - - - Люба
Віолета Виолетта Wioletta Violetta Violet -
Інна Инна - - - -
Лілія Лилия Lilia Lilia Lily Ліля
Галина Галина - Galina - Галя
Домініка Доминика Dominika Domenica - -
Євгенія Евгения Eugenia Eugenia Eugenia Женя
Антоніна Антонина Antonina Antonina - Тоня
Стефанія Стефания Stefania Stefania Stephanie -
Зоряна Зоряна - - - -
Тереза Тереза Teresa Teresa Theresa -
Орина Орина - - - -`

const boyNames = `
Артем Артём - - - Тьома
Олександр Александр Aleksander Alessandro Alexander Саша,Сашко
Максим Максим Maksym Massimo Maxim Макс
Дмитро Дмитрий - - Dmitri Діма
Матвій Матвей Mateusz Matteo Matthew -
Назар Назар - - - -
Богдан Богдан Bogdan - - Бодя
Марк Марк Marek Marco Mark -
Владислав Владислав Władysław Ladislao - Влад
Михайло Михаил Michał Michele Michael Міша
Іван Иван Jan Giovanni John Ваня
Данило Даниил Daniel Daniele Daniel Даня
Денис Денис - - Dennis -
Андрій Андрей Andrzej Andrea Andrew -
Тимофій Тимофей Tymoteusz Timoteo Timothy Тима
Давид Давид Dawid Davide David -
Кирило Кирилл Cyryl Cirillo Cyril -
Єгор Егор - - - -
Роман Роман Roman Romano - Рома
Микита Никита - - Nikita -
Ілля Илья - Elia Elias -
Арсен Арсен - Arsenio - -
Ярослав Ярослав Jarosław - - Ярик,Слава
Олексій Алексей Aleksy Alessio Alexis Льоша
Тимур Тимур - - - -
Лев Лев - Leone Leo Льова
Микола Николай Mikołaj Nicola Nicholas Коля
Сергій Сергей Sergiusz Sergio Serge -
Гліб Глеб - - - -
Володимир Владимир Włodzimierz Vladimiro Vladimir Вова
Євген Евгений Eugeniusz Eugenio Eugene Женя
Юрій Юрий Jerzy - - Юра
Марко Марко Marek Marco Mark -
Станіслав Станислав Stanisław Stanislao - Стас
Іларіон Илларион - Ilarione - -
Захар Захар - - - -
Платон Платон - Platone Plato -
Павло Павел Paweł Paolo Paul Паша
Ростислав Ростислав - - - Слава
Віталій Виталий Witalij Vitale - -
Ігор Игорь Igor Igor - -
Антон Антон Antoni Antonio Anthony Тоша
Віктор Виктор Wiktor Vittorio Victor Вітя
Остап Остап - - - -
Тарас Тарас - - - -
Святослав Святослав - - - Слава
Руслан Руслан - - - -
Мирослав Мирослав Mirosław - - Мирко
Єлисей Елисей - - - -
Степан Степан Stefan Stefano Stephen -
Олег Олег - - - -
Петро Пётр Piotr Pietro Peter Петрик
Василь Василий Bazyli Basilio Basil Вася
Адам Адам Adam Adamo Adam -
Леонід Леонид - - - Льоня
Едуард Эдуард Edward Edoardo Edward Едік
Вадим Вадим - - - -
Валентин Валентин Walenty Valentino Valentine -
Яків Яков Jakub Giacomo Jacob Яша
Григорій Григорий Grzegorz Gregorio Gregory Гриша
Олесь Олесь - - - -
Артур Артур Artur Arturo Arthur -
Лука Лука Łukasz Luca Luke -
Федір Фёдор - - Theodore Федя
Костянтин Константин Konstanty Costantino Constantine Костя
Семен Семён Szymon Simone Simon Сеня`

var patronymics = strings.Fields(`Олександрович Сергійович Володимирович Миколайович Андрійович Олексійович Юрійович Вікторович Іванович
	Анатолійович Васильович Дмитрович Олегович Петрович Михайлович Валерійович Ігорович Романович Віталійович Павлович Богданович`)

// first is a first name and what other offices make of it.
type first struct {
	cyrillic, russian string
	foreign           []string // Polish, Italian, English
	short             []string
}

func firsts(text string) []first {
	var out []first
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		n := first{cyrillic: f[0], russian: f[1]}
		for _, s := range f[2:5] {
			if s != "-" {
				n.foreign = append(n.foreign, s)
			}
		}
		if f[5] != "-" {
			n.short = strings.Split(f[5], ",")
		}
		out = append(out, n)
	}
	return out
}

var girls, boys = firsts(girlNames), firsts(boyNames)

// ranked draws from a list whose first entries are the frequent ones, as names are: the nth comes 1/(n+k) times.
func ranked[T any](r *rand.Rand, list []T, k float64) T {
	sum := 0.0
	for i := range list {
		sum += 1 / (float64(i) + k)
	}
	x := r.Float64() * sum
	for i := range list {
		if x -= 1 / (float64(i) + k); x < 0 {
			return list[i]
		}
	}
	return list[len(list)-1]
}

// surname draws one in the man's form: four in ten from the list, which is more than in life, so that namesakes are not too rare.
func surname(r *rand.Rand) string {
	if r.IntN(100) < 40 {
		return ranked(r, surnames, 8)
	}
	n := r.IntN(100)
	for _, e := range endings {
		if n -= e.weight; n < 0 {
			return stems[r.IntN(len(stems))] + e.ending
		}
	}
	return stems[r.IntN(len(stems))] + "енко"
}

// forGirl is the woman's form of a surname that is an adjective.
func forGirl(s string) string {
	for _, e := range [][2]string{{"ський", "ська"}, {"цький", "цька"}, {"ий", "а"}, {"ов", "ова"}, {"єв", "єва"}, {"ін", "іна"}} {
		if stem, ok := strings.CutSuffix(s, e[0]); ok {
			return stem + e[1]
		}
	}
	return s
}

var withApostrophe = strings.Fields(`Лук'яненко Дем'яненко В'юненко Солов'яненко Григор'єв Прокоф'єв Стаф'єв В'ячеславський Дем'янчук Лук'янчук
	Мар'яненко Прокоп'юк Захар'єв Аврам'юк Мокроп'ят Зв'ягінцев Стеф'юк Лук'янов Дем'янов Валер'яненко Касп'єв П'ятак П'ятенко Ум'янцев`)
