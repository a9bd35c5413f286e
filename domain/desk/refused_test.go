package desk_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
	"approdo/domain/places"
	"approdo/domain/reading"
	"approdo/domain/returns"
	"approdo/domain/territory"
)

// The desk refuses by itself, whatever those who bring a command have checked before. This one has nothing to write to, so that a command
// it does not refuse cannot end well.
func TestTheDeskRefusesBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	ctx, d := context.Background(), desk.New(nil, nil, time.Now, territory.Province015)
	comune := domain.Actor{Role: domain.RoleComune, Body: "015189"}
	act := domain.Act{By: comune}
	for name, c := range map[string]territory.Command{"suspend": territory.Suspend{Act: act}, "resume": territory.Resume{Act: act}, "terms": territory.SetClocks{Act: act}} {
		if _, err := d.EditTerritory(ctx, desk.NewTicket(), c); !errors.Is(err, access.ErrNotAllowed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.DeclarePlaces(ctx, desk.NewTicket(), "ZZEE00001X", 2022, places.Declare{Act: act}); !errors.Is(err, access.ErrNotAllowed) {
		t.Errorf("places: %v", err)
	}
	if _, err := d.DeclareServices(ctx, desk.NewTicket(), "ZZEE00001X", territory.DeclareServices{Act: act}); !errors.Is(err, access.ErrNotAllowed) {
		t.Errorf("services: %v", err)
	}
	if _, err := d.OpenName(ctx, desk.NewTicket(), comune, desk.File{Relation: access.Own}, reading.OpeningReason(""), domain.Personal{}); !errors.Is(err, access.ErrNotAllowed) {
		t.Errorf("a name: %v", err)
	}
	if _, err := d.TellApart(ctx, desk.NewTicket(), comune, uuid.Nil, uuid.Nil, ""); !errors.Is(err, access.ErrNotAllowed) {
		t.Errorf("two children told apart: %v", err)
	}
	for name, c := range map[string]returns.Command{"validate": returns.Validate{Act: act}, "undo": returns.Undo{Act: act}, "remind": returns.Remind{Act: act}} {
		if _, err := d.Return(ctx, desk.NewTicket(), c); !errors.Is(err, access.ErrNotAllowed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.Can(ctx, desk.File{}, access.Note); !errors.Is(err, access.ErrAbsent) {
		t.Errorf("what can be done to nobody's case: %v", err)
	}
}
