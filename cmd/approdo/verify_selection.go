package main

import (
	"fmt"
	"io"

	"approdo/domain/ledger"
)

// selection tells whether the records of a search stand in the journal that was signed.
func (c *verifyCmd) selection(from io.Reader, key string, out io.Writer) error {
	if len(c.Checkpoint) > 0 {
		return errKeptForExport
	}
	got, err := ledger.VerifySelection(from, key)
	if err != nil {
		return inLedgerWords(err)
	}
	_, err = fmt.Fprintf(out, "Gli eventi scelti stanno tutti nel registro firmato: %d su %d.\nRadice del registro: %s\n"+
		"Che non ce ne siano altri, questo file non lo dimostra: chi l'ha fatto ha scelto.\n", got.Records, got.Size, got.Root)
	return err
}
