package main

import (
	"errors"
	"fmt"
	"iter"

	"approdo/adapters/archive"
	"approdo/adapters/seal"
	"approdo/domain/event"
)

// faultsOfCopies are the faults of a backup in the words of whoever restores it.
var faultsOfCopies = map[archive.Reason]string{
	archive.Missing:    "non c'è",
	archive.Unfinished: "è ciò che resta di una copia interrotta, e non è intera",
	archive.NoManifest: "il manifesto non si legge",
	archive.Unknown:    "è una copia di un'altra versione del programma, che questa non conosce",
	archive.Cut:        "è stato tagliato: è più corto di quando fu scritto",
	archive.Changed:    "non è più com'era quando fu scritto, oppure viene da un'altra copia",
	archive.Mixed:      "viene da un'altra copia: non si mescolano archivi di copie diverse",
	archive.Altered:    "il manifesto dice altro da ciò che sta nell'archivio: è stato cambiato",
	archive.Stranger:   "nessuna delle identità date lo apre",
	archive.Damaged:    "si apre ma non si legge fino in fondo: è guasto o è stato cambiato",
	archive.NoBase:     "manca la copia di cui questa è la continuazione",
	archive.OtherBase:  "non è la copia di cui l'altra è la continuazione",
	archive.OtherRoot:  "gli eventi non sono quelli del manifesto: la radice del registro è un'altra",
}

// inBackupWords says a fault of backups and restores in Italian. Others stay as they are.
func inBackupWords(err error) error {
	if f, ok := errors.AsType[*archive.Fault](err); ok {
		return fmt.Errorf("%s: %s", f.File, faultsOfCopies[f.Reason])
	}
	switch {
	case errors.Is(err, seal.ErrWrongMaster):
		return errors.New("--key: non è la chiave maestra con cui furono fatte le chiavi della copia")
	case errors.Is(err, seal.ErrErasures):
		return fmt.Errorf("il registro delle cancellazioni non è più com'era, o è di un'altra chiave maestra: %w", err)
	case errors.Is(err, archive.ErrThere):
		return errors.New("c'è già una copia con lo stesso nome, e non viene toccata: riprovate")
	case errors.Is(err, archive.ErrBusy):
		return errors.New("un'altra copia è in corso in quella cartella")
	}
	return err
}

// pull takes records one by one.
func pull(seq iter.Seq2[event.Record, error]) (next func() (event.Record, error), stop func()) {
	pulled, stop := iter.Pull2(seq)
	return func() (event.Record, error) {
		r, err, ok := pulled()
		if !ok {
			err = errors.New("restore: there are more records than in the copy")
		}
		return r, err
	}, stop
}
