package main

import (
	"errors"
	"fmt"

	"approdo/domain/ledger"
)

// ledgerWords are the faults of checkpoints, proofs and journals in the words of whoever verifies them.
var ledgerWords = []struct {
	fault error
	words string
}{
	{ledger.ErrKey, "--key: non è una chiave di verifica (approdo/registro+…)"},
	{ledger.ErrForeign, "la firma non è di questa chiave"},
	{ledger.ErrNoProof, "non è una prova scritta come si deve"},
	{ledger.ErrProofFails, "la prova non regge: non dimostra ciò che dice"},
	{ledger.ErrShrunk, "IL REGISTRO SI È ACCORCIATO: ha meno eventi dell'ultima volta"},
	{ledger.ErrForked, "IL REGISTRO È UN ALTRO: non prosegue da quello dell'ultima volta"},
	{ledger.ErrMalformed, "non è un punto di controllo scritto come si deve"},
	{ledger.ErrShort, "il registro ha meno eventi di quanti ne sono stati firmati: è stato accorciato"},
	{ledger.ErrPayload, "un evento non si può esportare: il suo contenuto non è JSON su una riga"},
}

// faultOfExport is what is said of each reason: which records, line and byte.
var faultOfExport = map[ledger.Reason]string{
	ledger.NoExport:  "non è un'esportazione del registro di Approdo: la prima riga è un'altra",
	ledger.Malformed: "non è né un evento né un punto di controllo scritto come si deve",
	ledger.Altered:   "l'evento è stato alterato: non è quello di cui porta l'impronta",
	ledger.Missing:   "qui manca almeno un evento",
	ledger.Surplus:   "qui c'è almeno un evento o un punto di controllo di troppo",
	ledger.Rewritten: "gli eventi non sono quelli che sono stati firmati: tra questi, uno almeno è stato cambiato, scambiato, tolto o aggiunto",
	ledger.Foreign:   "il punto di controllo non è firmato con questa chiave",
	ledger.Truncated: "l'esportazione è tronca: si interrompe qui",
	ledger.Rollback:  "il registro è più corto di un punto di controllo conservato: gli eventi che seguono sono stati tolti",
	ledger.Fork:      "il registro è un altro rispetto a un punto di controllo conservato: tra questi eventi, uno almeno è stato riscritto",
	ledger.BadKept:   "--checkpoint: uno dei punti di controllo conservati non è valido o non è firmato con questa chiave",
	ledger.Unread:    "il file non si legge",
}

// inLedgerWords is what is said of a fault of the ledger; any other is left as it is.
func inLedgerWords(err error) error {
	if f := (*ledger.Fault)(nil); errors.As(err, &f) && !errors.Is(err, ledger.ErrKey) {
		where := fmt.Sprintf("evento n. %d", f.First)
		if f.Last > f.First {
			where = fmt.Sprintf("eventi dal n. %d al n. %d", f.First, f.Last)
		}
		return fmt.Errorf("NON REGGE. %s, riga %d, byte %d: %s", where, f.Line, f.Offset, faultOfExport[f.Reason])
	}
	for _, w := range ledgerWords {
		if errors.Is(err, w.fault) {
			return errors.New(w.words)
		}
	}
	return err
}
