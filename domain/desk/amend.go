package desk

import (
	"context"
	"reflect"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/reading"
)

// Amend corrects a request: the form holds the whole of it as it should be, and only the parts that differ are recorded. The comune
// and the household stay as they are; a new domicile is a Move. The error is domain.Errors with every field at fault.
func (d *Desk) Amend(ctx context.Context, t Ticket, a domain.Actor, id uuid.UUID, form RequestForm) (Receipt, error) {
	file, err := d.file(ctx, a, id, access.Amend)
	if err != nil {
		return Receipt{}, err
	}
	now, err := file.Open(reading.Unshown(ctx))
	if err != nil {
		return Receipt{}, err
	}
	if now.Erased {
		return Receipt{}, casefile.ErrErased
	}
	act := d.Act(a)
	form.Comune, form.Household = string(file.State.Comune), ""
	wanted := casefile.RecordRequest{Act: act}
	wanted.Facts.SchoolYear = file.State.SchoolYear
	var c checker
	d.fillRequest(ctx, &c, &wanted, id, form, domain.DateOf(act.At))
	if err := c.err(); err != nil {
		return Receipt{}, err
	}
	return d.Do(ctx, t, id, differing(wanted, file, now))
}

// differing keeps the parts of a request that are not as they stand.
func differing(wanted casefile.RecordRequest, f File, now Opened) casefile.AmendRequest {
	c := casefile.AmendRequest{Act: wanted.Act}
	if level := wanted.Facts.Level; level != f.State.ByAge {
		c.Level = &level
	}
	if wanted.Facts.Sex != f.Papers.Sex {
		c.Sex = wanted.Facts.Sex
	}
	if wanted.Asked != nil && (f.Papers.Asked == nil || *wanted.Asked != *f.Papers.Asked) {
		c.Asked = wanted.Asked
	}
	if len(wanted.Facts.Preferred) > 0 && !reflect.DeepEqual(wanted.Facts.Preferred, f.Papers.Preferred) {
		c.Preferred = wanted.Facts.Preferred
	}
	if len(wanted.Facts.Needs) > 0 && !reflect.DeepEqual(wanted.Facts.Needs, f.Papers.Needs) {
		c.Needs = wanted.Facts.Needs
	}
	if i, _ := wanted.Pupil.Identity.Value(); !reflect.DeepEqual(i, now.Identity) {
		c.Pupil.Identity = wanted.Pupil.Identity
	}
	if p, _ := wanted.Pupil.Profile.Value(); !reflect.DeepEqual(p, now.Profile) {
		c.Pupil.Profile = wanted.Pupil.Profile
	}
	if h, ok := wanted.Pupil.Health.Value(); ok && h != now.Health {
		c.Pupil.Health = wanted.Pupil.Health
	}
	return c
}

// DomicileForm is a change of domicile as it is filled in.
type DomicileForm struct {
	Comune    string          `json:"comune"`
	Municipio string          `json:"municipio,omitzero"`
	From      string          `json:"from,omitzero"` // 2022-03-14; empty: today
	Address   domain.Personal `json:"address,omitzero"`
	CAP       domain.Personal `json:"cap,omitzero"`
	Host      domain.Personal `json:"host,omitzero"`
}

// Move records a new domicile. In another comune the case is that comune's from then on.
func (d *Desk) Move(ctx context.Context, t Ticket, a domain.Actor, id uuid.UUID, f DomicileForm) (Receipt, error) {
	if _, err := d.allowed(ctx, a, id, access.ChangeDomicile); err != nil {
		return Receipt{}, err
	}
	act := d.Act(a)
	var c checker
	today := domain.DateOf(act.At)
	cmd := casefile.ChangeDomicile{Act: act, Comune: d.comune(ctx, &c, f.Comune), From: c.day("from", f.From, today, today)}
	cmd.Municipio = c.municipio(f.Municipio, cmd.Comune)
	cmd.Domicile = domain.Open(id, domain.ClassPersonal, c.domicile(f.Address, f.CAP, f.Host))
	if err := c.err(); err != nil {
		return Receipt{}, err
	}
	return d.Do(ctx, t, id, cmd)
}
