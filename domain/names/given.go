package names

import (
	"slices"
	"strings"
)

// firstNames has one first name a line, as it is written from Ukrainian, then in the other languages of the papers (Russian, Polish,
// Italian, English) and in the short forms of daily life. Spellings that fold to the same are not repeated. A name may stand in
// several lines: Sasha is Oleksandr or Oleksandra. Names without variants are here because two known names are never misspellings
// of each other: Marta is not Maria.
const firstNames = `
adam adamo
albert alberto
anatolii anatoly anatolio tolia tolik
andrii andrei andrea andrew andrzej andreas andriiko andriusha
anton antonio anthony antoni antonii antosha
arkadii arcadio
arsen arsenii arsenio
artem artyom artemii artemio artiom tioma
artur arthur arturo
bohdan bodia bohdanko
borys boria
davyd david davide dawid
danylo daniil daniel daniele danil danila danylko dania
demian damian damiano
denys denis dennis dionisio
dmytro dmitrii dmitry dmitriy dimitri demetrio dima mitia dmytryk
eduard edward edoardo edik
emil emilio
fedir fedor fyodor fiodor theodor theodore teodoro fedia
heorhii georgii george georg giorgio georges jerzy zhora
herman germano
hlib gleb
hordii gordei
hryhorii grigorii gregory gregorio grzegorz hrysha grisha hrytsko
ihnat ignatii ignazio ignacy
ihor igor
illia ilia elia elias
ivan john giovanni jan ian johan gianni jean juan vania ivanko
kostiantyn konstantin constantine costantino konstanty kostia
kuzma cosma cosimo
kyrylo kirill cyril cirillo kyryl
leonid leonida lionia
lev leo leone leon liova
luka lukas luca lukasz luke lukash
maksym maxim massimo maksymilian massimiliano max maks
makar macario
marko mark marco marek marcus
matvii matvei matthew matteo mateusz matias motia
mykhailo mikhail michael michele michal misha mykhas
mykola nikolai nicholas nicola nicolas niccolo mikolaj nikola kolia
mykyta nikita niceta
myron
myroslav miroslav mirek slava myrko
nazar nazarii nazario
oleh olezhko
oleksandr aleksandr alexander alexandre alessandro aleksander sasha sashko oles sandro alex shura
oleksii aleksei alexey alexis alessio aleksy oleksa alyosha lyosha aliosha liosha
omelian emelian
orest oreste
ostap
pavlo pavel paul paolo pawel pavlyk pasha
petro petr pyotr piotr peter pietro petia petryk
platon platone
pylyp filip filipp philip filippo
roman romano romain roma
rostyslav slava
ruslan
semen semyon simeon simone simon szymon senia
serhii sergei sergio serge sergiusz seriozha serhiiko
stanislav stanislaw stanislao stas slava
stepan stefan stephen stefano szczepan steven
sviatoslav slava
taras
tykhon
tymofii timofei timothy timoteo tymoteusz tyma
tymur
trokhym trofim
vadym
valentyn valentin valentino valia
valerii valery valerio valera
vasyl vasilii basil basilio vasilio vasia
veniamin beniamino benjamin
viacheslav slava
viktor vittorio vitia
vitalii vitale vitalik
vladyslav ladislao vlad vladyk
volodymyr vladimir vladimiro wlodzimierz volodia vova vlad
yakiv yakov jacob giacomo jakub james yasha
yaroslav slava yarko yarik
yehor egor
yevhen yevgenii eugene eugenio eugeniusz zhenia
yosyp iosif joseph giuseppe jozef osyp
yurii iouri jerzy yurko
zakhar zaccaria zachary
ahata agata agatha
alina
alisa alice alicja
alla
anastasiia anastasia anastazja nastia nastka asia
anhelina angelina angiolina
anzhela angela
anzhelika angelica
anna hanna ann anne hannah ania hania anichka hannusia
antonina antonia tonia
arina oryna
bohdana
daria daryna dariia dasha darynka
diana
dominika domenica
eleonora nora
elina
emiliia emily emma
esfir ester esther
eva eve
evelina evelyn
feodosiia teodosia
halyna galina halia galia halka
inha inga
inna
iryna irina irene irena ira irynka yaryna
ivanna giovanna joanna ivana
karina
kamila camilla
kateryna ekaterina katherine caterina katarzyna catherine katia katya
khrystyna kristina christina cristina krystyna khrystia
kira
klara clara chiara
kseniia xenia ksiusha oksana
larysa larisa lara lesia
olesia lesia
lidiia lydia lida
liliia lily lilian lilia
liubov lubov love luba liuba
liudmyla ludmila liuda mila
maia maya
marharyta margherita malgorzata margaret rita
maria mariia mary marie masha marichka marusia
mariana marianna
marta
maryna marina
melaniia melanie
milana mylana
myroslava slava
nadiia nadezhda nadia nadzieja
natalia nataliia natalie natasha natalka nata
nina
oksana ksana
oleksandra aleksandra alexandra alessandra sasha sashka shura lesia
olena elena helena helen lena alena alyona aliona olenka
olha olga helga olia olya
polina paulina paolina pauline
raisa
regina
rymma
ruslana
snizhana snezhana
sofia sofiia zofia sophie sonia
solomiia salome salomea solia
stefaniia stefania stephanie
svitlana svetlana swietlana sveta svita svitla lana
tamara
tereza teresa theresa
tetiana tatiana tania tanya
uliana giuliana yuliana juliana ouliana ulia
valentyna valia
valeriia valeria lera
varvara barbara varia
vasylyna
vasylisa
veronika nika
viktoriia vittoria vika nika
violeta viola
vira vera viera wiara
vladyslava vlada
yana
yaroslava slava
yelyzaveta elizaveta elisabetta elisabeth elizabeth elzbieta liza lisa
yevheniia evgenia eugenia zhenia
yevdokiia evdokia eudocia
yuliia giulia julie yulka
yustyna giustina
zhanna gianna jeanne
zinaida zina
zlata
zoia zoe
`

// lines gives the lines of firstNames in which a folded name stands.
var lines = func() map[string][]int {
	m := map[string][]int{}
	for i, line := range strings.Split(strings.TrimSpace(firstNames), "\n") {
		for name := range strings.FieldsSeq(line) {
			if f := Fold(name); !slices.Contains(m[f], i) {
				m[f] = append(m[f], i)
			}
		}
	}
	return m
}()

// heads is the first name of each line, folded: what the line is called in keys.
var heads = func() []string {
	var out []string
	for line := range strings.SplitSeq(strings.TrimSpace(firstNames), "\n") {
		head, _, _ := strings.Cut(line, " ")
		out = append(out, Fold(head))
	}
	return out
}()

// patronymics are the endings of a father's name, folded: -ович, -евич, -ич, -івна, -ївна, -овна, -евна, -ічна.
var patronymics = []string{"ič", "ivna", "ovna", "evna", "ična"}

// withoutPatronymic drops a father's name behind a given name: some papers have it and others have not.
func withoutPatronymic(given string) string {
	words := strings.Fields(given)
	kept := words[:0]
	for i, w := range words {
		f := Fold(w)
		patronymic := slices.ContainsFunc(patronymics, func(ending string) bool {
			return strings.HasSuffix(f, ending) && len(f) > len(ending)+1
		})
		if i == 0 || !patronymic {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}

// sameFirstName reports whether two folded words are the same name in two languages; known, whether both names are known at all.
func sameFirstName(a, b string) (same, known bool) {
	la, lb := lines[a], lines[b]
	for _, i := range la {
		if slices.Contains(lb, i) {
			return true, true
		}
	}
	return false, len(la) > 0 && len(lb) > 0
}
