package main

import (
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/account"
)

// sender is whoever sent a sheet, as he is now.
func (h *house) sender(id uuid.UUID) (domain.Actor, account.Status, error) {
	x, err := h.directory.Account(id)
	return x.Actor(), x.Status(), err
}
