package told

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/adapters/sqlite/views"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/notice"
	"approdo/projections"
)

func TestWhatWasToldOfACaseAsKnown(t *testing.T) {
	t.Parallel()
	begin := time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
	minute := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Minute) }
	one, other, offered, asked := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	first, second, third := uuid.New(), uuid.New(), uuid.New()
	store, codec := memory.New(), event.NewCodec(sealtest.New(), notice.Events)
	do := func(mail uuid.UUID, c notice.Command, at time.Time) {
		t.Helper()
		o := event.Origin{ID: uuid.New(), By: domain.System, At: at}
		if _, err := event.Execute(t.Context(), store, codec, notice.Decider, notice.Stream(mail), c, o); err != nil {
			t.Fatal(err)
		}
	}
	item := func(e uuid.UUID, what string, id uuid.UUID) notice.Item {
		return notice.Item{Event: e, What: what, Case: id, Kind: notice.Task}
	}
	send := func(mail uuid.UUID, body string, at time.Time, items ...notice.Item) {
		t.Helper()
		do(mail, notice.Send{Sent: notice.Sent{Account: uuid.New(), Role: domain.RoleSchool, Body: body, Channel: notice.ByPEC, Message: mail.String(), Items: items, At: at}}, at)
	}
	send(first, "ZZIC00001X", minute(0), item(asked, "case.question-asked", other), item(offered, "case.place-offered", one))
	send(second, "ZZIC00001X", minute(1), item(offered, "case.place-offered", one))
	send(third, "ZZIC00002X", minute(2), notice.Item{Event: uuid.New(), What: "return.reminded", Kind: notice.Return})
	do(first, notice.Receive{Receipted: notice.Receipted{Receipt: notice.Accepted, At: minute(3)}}, minute(3))
	do(first, notice.Receive{Receipted: notice.Receipted{Receipt: notice.Delivered, At: minute(4)}}, minute(4))

	db, err := views.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	run := projections.NewRunner(store, codec, db, slog.New(slog.DiscardHandler), Projection())
	if err := run.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := func(id uuid.UUID, known time.Time, want ...Notice) {
		t.Helper()
		err := run.Read(t.Context(), func(s *projections.Snapshot) error {
			got, err := Of(s, id, known)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	offer := func(messages ...Message) Notice {
		return Notice{Event: offered, What: "case.place-offered", Kind: notice.Task, Role: domain.RoleSchool, Body: "ZZIC00001X", At: minute(0), Messages: messages}
	}
	silent := Message{Channel: notice.ByPEC}
	accepted := Message{notice.ByPEC, []notice.Receipt{notice.Accepted}}
	delivered := Message{notice.ByPEC, []notice.Receipt{notice.Accepted, notice.Delivered}}
	want(one, minute(-1))
	want(one, minute(0), offer(silent))
	want(one, minute(3), offer(accepted, silent))
	want(one, minute(9), offer(delivered, silent))
	want(other, minute(9), Notice{Event: asked, What: "case.question-asked", Kind: notice.Task, Role: domain.RoleSchool, Body: "ZZIC00001X", At: minute(0), Messages: []Message{delivered}})
	want(uuid.Nil, minute(9)) // what is told of no case is in no case
}
