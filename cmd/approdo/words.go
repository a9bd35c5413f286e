package main

import (
	"errors"
	"fmt"

	"approdo/adapters/registry"
	"approdo/adapters/registry/boundaries"
	"approdo/adapters/sqlite"
	"approdo/domain"
	"approdo/domain/territory"
)

// faultWords are the faults of other rooms that an operator can mend, in the operator's language. What is not here is for whoever reads
// the log, and stays as it is.
var faultWords = []struct {
	fault error
	words string
}{
	{boundaries.ErrNotGeoJSON, "il file non è un elenco GeoJSON (FeatureCollection), o è rotto"},
	{boundaries.ErrTooLarge, "il file è troppo grande"},
	{territory.ErrNoAreas, "il file non ha i confini di nessun Comune del territorio: nulla è cambiato"},
	{territory.ErrTooManyKB, "i confini sono troppo dettagliati per una pagina: usate un file generalizzato"},
	{territory.ErrSource, "con --source si dice di chi sono i confini"},
	{territory.ErrLongSource, "il testo di --source è più lungo di 200 caratteri"},
	{registry.ErrWebPage, "il file è una pagina web: il portale risponde così quando non ha il file che gli si chiede"},
	{registry.ErrEmpty, "il file è vuoto"},
	{registry.ErrNoYear, "il file ha gli alunni: con --year si dice di quale anno scolastico"},
	{territory.ErrFigureSource, "con --source si dice di chi sono i dati, in non più di 150 caratteri"},
	{sqlite.ErrInUse, "il registro è già aperto in scrittura da un altro approdo: fermate quello, oppure indicate un'altra cartella con --data"},
}

// inItalian is what the program says of a fault.
func inItalian(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok && errors.Is(err, registry.ErrColumns) {
		return "nel file mancano queste colonne: " + e.Detail["columns"]
	}
	for _, f := range faultWords {
		if errors.Is(err, f.fault) {
			return f.words
		}
	}
	return err.Error()
}

var managementWords = map[territory.Management]string{territory.StateRun: "scuole statali", territory.Paritaria: "scuole paritarie"}

// reasonWords say why a row of the ministry's file was left out.
var reasonWords = map[registry.Reason]string{
	registry.ReasonElsewhere:   "è di un'altra provincia",
	registry.ReasonQuotes:      "le virgolette non si chiudono",
	registry.ReasonColumns:     "il numero di colonne non è quello dell'intestazione",
	registry.ReasonEncoding:    "il testo non è in UTF-8",
	registry.ReasonTooLong:     "il testo è troppo lungo",
	registry.ReasonYear:        "l'anno scolastico non è valido",
	registry.ReasonOtherYear:   "l'anno scolastico non è quello delle altre righe",
	registry.ReasonCode:        "il codice della scuola non è valido",
	registry.ReasonInstitution: "il codice dell'istituto di riferimento non è valido",
	registry.ReasonDuplicate:   "il codice della scuola è già in una riga precedente",
	registry.ReasonName:        "manca il nome",
	registry.ReasonComune:      "il Comune non è nel registro",
	registry.ReasonType:        "il tipo di scuola non è conosciuto",
	registry.ReasonFeature:     "la caratteristica della scuola non è conosciuta",
	registry.ReasonNoSchool:    "la scuola non è nell'anagrafe",
	registry.ReasonGrade:       "l'anno di corso non è valido",
	registry.ReasonFigure:      "manca il numero, o non è un numero",
	registry.ReasonMasked:      "il numero è oscurato",
	registry.ReasonPart:        "un'altra riga dello stesso anno di corso non si legge, e la somma sarebbe sbagliata",
	registry.ReasonMore:        "gli stranieri sono più degli alunni, o gli italiani",
	registry.ReasonPoint:       "le coordinate non sono numeri",
	"school-outside-italy":     "il punto è fuori dall'Italia: forse latitudine e longitudine sono scambiate",
	"school-count-malformed":   "sono più alunni di quanti ne abbia una scuola",
	registry.ReasonUnreadable:  "da qui in poi il file non si legge",
}

// rejectedRow is a row that was left out, without what it says.
func rejectedRow(r registry.RowError) string {
	s := fmt.Sprintf("riga %d", r.Line)
	for _, more := range []string{string(r.Code), r.Field} {
		if more != "" {
			s += ", " + more
		}
	}
	why, ok := reasonWords[r.Reason]
	if !ok {
		why = string(r.Reason) // a refusal of the register's own
	}
	return s + ": " + why
}
