package names_test

import (
	"strings"
	"testing"

	"approdo/domain/names"
)

// official are the examples printed in the table of resolution 55 of 27 January 2010, letter by letter.
const official = `
Алушта Alushta        Андрій Andrii
Борщагівка Borshchahivka  Борисенко Borysenko
Вінниця Vinnytsia     Володимир Volodymyr
Гадяч Hadiach         Богдан Bohdan          Згурський Zghurskyi
Ґалаґан Galagan       Ґорґани Gorgany
Донецьк Donetsk       Дмитро Dmytro
Рівне Rivne           Олег Oleh              Есмань Esman
Єнакієве Yenakiieve   Гаєвич Haievych        Короп'є Koropie
Житомир Zhytomyr      Жанна Zhanna           Жежелів Zhezheliv
Закарпаття Zakarpattia Казимирчук Kazymyrchuk
Медвин Medvyn         Михайленко Mykhailenko
Іванків Ivankiv       Іващенко Ivashchenko
Їжакевич Yizhakevych  Кадиївка Kadyivka      Мар'їне Marine
Йосипівка Yosypivka   Стрий Stryi            Олексій Oleksii
Київ Kyiv             Коваленко Kovalenko
Лебедин Lebedyn       Леонід Leonid
Миколаїв Mykolaiv     Маринич Marynych
Ніжин Nizhyn          Наталія Nataliia
Одеса Odesa           Онищенко Onyshchenko
Полтава Poltava       Петро Petro
Решетилівка Reshetylivka  Рибчинський Rybchynskyi
Суми Sumy             Соломія Solomiia
Тернопіль Ternopil    Троць Trots
Ужгород Uzhhorod      Уляна Uliana
Фастів Fastiv         Філіпчук Filipchuk
Харків Kharkiv        Христина Khrystyna
Церква Tserkva        Стеценко Stetsenko
Чернівці Chernivtsi   Шевченко Shevchenko
Шостка Shostka        Кишеньки Kyshenky
Щербухи Shcherbukhy   Гоща Hoshcha           Гаращенко Harashchenko
Юрій Yurii            Корюківка Koriukivka
Яготин Yahotyn        Ярошенко Yaroshenko    Костянтин Kostiantyn  Знам'янка Znamianka  Феодосія Feodosiia
Згорани Zghorany      Розгон Rozghon
`

func TestRomaniseGivesTheExamplesOfTheResolution(t *testing.T) {
	t.Parallel()
	words := strings.Fields(official)
	for i := 0; i < len(words); i += 2 {
		if got := names.Romanise(words[i]); got != words[i+1] {
			t.Errorf("%s: got %s, want %s", words[i], got, words[i+1])
		}
	}
}

func TestRomaniseKeepsCaseSignsAndWhatIsNotCyrillic(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"ЩЕРБУХИ":             "SHCHERBUKHY",
		"Я":                   "Ya",
		"ІЯ":                  "IIA",
		"ЄВГЕНІЯ":             "YEVHENIIA",
		"Біла Церква":         "Bila Tserkva",
		"Нечуй-Левицький":     "Nechui-Levytskyi",
		"Квітка-Юрченко":      "Kvitka-Yurchenko",
		"Мар’їне":             "Marine",
		"Марʼяна":             "Mariana",
		"Rossi":               "Rossi",
		"D'Angelo":            "D'Angelo",
		"":                    "",
		"И\u0306осип":         "Yosyp", // й in two parts
		"Кади\u0456\u0308вка": "Kadyivka",
		"Згурський-Розгон, Ігор": "Zghurskyi-Rozghon, Ihor",
	} {
		if got := names.Romanise(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}
