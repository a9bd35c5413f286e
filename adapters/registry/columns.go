package registry

import (
	"slices"

	"approdo/domain/grade"
	"approdo/domain/territory"
)

// The columns that are read. The ministry's state file has twenty, the one of the paritarie fourteen; the rest says nothing that
// a placement needs, and may come, go or change places.
const (
	colYear            = "ANNOSCOLASTICO"
	colProvince        = "PROVINCIA"
	colInstitution     = "CODICEISTITUTORIFERIMENTO" // state file only, and what tells it from the other
	colInstitutionName = "DENOMINAZIONEISTITUTORIFERIMENTO"
	colSchool          = "CODICESCUOLA"
	colName            = "DENOMINAZIONESCUOLA"
	colAddress         = "INDIRIZZOSCUOLA"
	colCAP             = "CAPSCUOLA"
	colComune          = "CODICECOMUNESCUOLA"
	colFeature         = "DESCRIZIONECARATTERISTICASCUOLA" // state file only
	colType            = "DESCRIZIONETIPOLOGIAGRADOISTRUZIONESCUOLA"
	colEmail           = "INDIRIZZOEMAILSCUOLA"
	colPEC             = "INDIRIZZOPECSCUOLA"
	colWebsite         = "SITOWEBSCUOLA"
)

var (
	readOfBoth  = []string{colYear, colProvince, colSchool, colName, colAddress, colCAP, colComune, colType, colEmail, colPEC, colWebsite}
	readOfState = append(slices.Clone(readOfBoth), colInstitution, colInstitutionName, colFeature)
	unread      = []string{"AREAGEOGRAFICA", "REGIONE", "DESCRIZIONECOMUNE", "INDICAZIONESEDEDIRETTIVO", "INDICAZIONESEDEOMNICOMPRENSIVO",
		"SEDESCOLASTICA"}
)

// columns says whose register a table is, which of its columns no version of the file known here has, and which it lacks.
func columns(t *table) (m territory.Management, unknown, missing []string) {
	m, wanted := territory.Paritaria, readOfBoth
	if _, ok := t.at[colInstitution]; ok {
		m, wanted = territory.StateRun, readOfState
	}
	return m, t.others(append(slices.Clone(readOfState), unread...)), t.lacks(wanted)
}

// orders maps what the ministry writes of a school's type to its order. No order: institutions that are no site, and the CPIA's.
var orders = func() map[string]grade.Order {
	m := map[string]grade.Order{}
	for order, types := range map[grade.Order][]string{
		"":                {"ISTITUTO COMPRENSIVO", "ISTITUTO SUPERIORE", "CONVITTO NAZIONALE", "EDUCANDATO", territorialCentre},
		grade.Infanzia:    {"SCUOLA INFANZIA", "SCUOLA INFANZIA NON STATALE"},
		grade.Primaria:    {"SCUOLA PRIMARIA", "SCUOLA PRIMARIA NON STATALE"},
		grade.SecondariaI: {"SCUOLA PRIMO GRADO", "SCUOLA SEC. PRIMO GRADO NON STATALE"},
		grade.SecondariaII: {
			"SCUOLA SEC. SECONDO GRADO NON STATALE",
			"LICEO ARTISTICO", "LICEO CLASSICO", "LICEO SCIENTIFICO", "ISTITUTO MAGISTRALE",
			"ISTITUTO TECNICO AGRARIO", "ISTITUTO TECNICO COMMERCIALE", "ISTITUTO TECNICO INDUSTRIALE",
			"ISTITUTO TECNICO PER ATTIVITA' SOCIALI (GIA' ITF)", "ISTITUTO TECNICO PER GEOMETRI", "ISTITUTO TECNICO PER IL TURISMO",
			"IST TEC COMMERCIALE E PER GEOMETRI",
			"IST PROF ALBERGHIERO", "IST PROF INDUSTRIA E ARTIGIANATO", "IST PROF PER I SERVIZI ALBERGHIERI E RISTORAZIONE",
			"IST PROF PER I SERVIZI COMMERCIALI", "IST PROF PER I SERVIZI COMMERCIALI E TURISTICI", "IST PROF PER L'AGRICOLTURA",
			"IST PROF PER L'AGRICOLTURA E L'AMBIENTE",
		},
	} {
		for _, t := range types {
			m[t] = order
		}
	}
	return m
}()

// territorialCentre is a seat of a CPIA by its older name, which the ministry lists without a feature.
const territorialCentre = "CENTRO TERRITORIALE"

var features = map[string]territory.Feature{
	"NORMALE":              territory.Ordinary,
	"PERCORSO II LIVELLO":  territory.Evening,
	"C/O IST. OSPEDALIERO": territory.Hospital,
	"SPEC. PER CARCERARI":  territory.Prison,
	"CPIA":                 territory.CPIA,
	"CONVITTO NAZIONALE":   territory.BoardingHead,
	"EDUCANDATO FEMMINILE": territory.BoardingHead,
	"ANNESSO A CONVITTO":   territory.Boarding,
	"ANN. A EDUCANDATO":    territory.Boarding,
	"PER CIECHI":           territory.ForBlind,
	"SPERIMENTALE PER DM":  territory.Experimental,
}
