package web

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/desk"
)

// Imports keeps sheets that are being taken in, closed; *state.Store is it. An import of another account is answered like one that is
// not there: domain.KindNotFound.
type Imports interface {
	BeginImport(ctx context.Context, account, of uuid.UUID, kind string, sealed []byte, rows []desk.Row, now time.Time) error
	Import(ctx context.Context, account, of uuid.UUID) (kind, stage string, sealed []byte, updated time.Time, err error)
	Imports(ctx context.Context, account uuid.UUID, kind string, each func(of uuid.UUID, stage string, rows int, updated time.Time) error) error
	ImportRows(ctx context.Context, of uuid.UUID) ([]desk.Row, error)
	SaveImport(ctx context.Context, account, of uuid.UUID, sealed []byte, now time.Time) error
	StartImport(ctx context.Context, account, of uuid.UUID, ready []desk.Row, now time.Time) (bool, error)
	ClaimImport(ctx context.Context, now, until time.Time) (account, of uuid.UUID, kind string, err error)
	SettleRows(ctx context.Context, of uuid.UUID, settled []desk.Row, now, until time.Time) error
	FinishImport(ctx context.Context, of uuid.UUID, now time.Time) error
	DropImport(ctx context.Context, account, of uuid.UUID) error
}

// The stages of an import, as Imports has them.
const (
	sheetOpen    = "open"
	sheetRunning = "running"
)

// The kinds of imports: of which form a row is.
const (
	rowsOfRequests   = "request"
	rowsOfEnrolments = "enrolment"
)

// How rows are recorded. The journal takes appends in groups, so that many at once cost little more than one; what came of a batch is
// kept together, and tells the other nodes that this one is at work.
const (
	rowsAtOnce  = 16
	rowsPerStep = 64
	sheetLease  = 30 * time.Second
	sheetLook   = 5 * time.Second // how often it is looked for sheets that were left
)

// Intake records the rows of sheets that were started, beside the pages. A row is the command that its form would have been, and the
// row itself names the command: whatever is repeated, by a person or after the end of a program, is recorded once.
type Intake struct {
	Desk    *desk.Desk
	Imports Imports
	Keys    domain.Sealer
	// Account gives whoever sent a sheet as he is now; one that no longer signs in records nothing more.
	Account func(id uuid.UUID) (domain.Actor, account.Status, error)
	Log     *slog.Logger
	Clock   domain.Clock

	woken chan struct{}
}

// NewIntake makes an intake that does nothing before it runs.
func NewIntake(i Intake) *Intake {
	i.woken = make(chan struct{}, 1)
	return &i
}

// wake has it look for sheets now.
func (i *Intake) wake() {
	select {
	case i.woken <- struct{}{}:
	default:
	}
}

// Run records what is started, and what an earlier run left, until ctx ends.
func (i *Intake) Run(ctx context.Context) {
	for {
		worked, err := i.next(ctx)
		if err != nil && ctx.Err() == nil {
			i.Log.WarnContext(ctx, "a sheet waits", "error", err.Error())
		}
		if worked && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-i.woken:
		case <-time.After(sheetLook):
		}
	}
}

// next takes up one sheet, if there is one at which nobody works.
func (i *Intake) next(ctx context.Context) (worked bool, err error) {
	now := i.Clock()
	who, of, kind, err := i.Imports.ClaimImport(ctx, now, now.Add(sheetLease))
	if err != nil || of == uuid.Nil {
		return false, err
	}
	a, status, err := i.Account(who)
	if err != nil || status != account.Active {
		return true, errors.Join(err, errSenderGone)
	}
	rows, err := i.Imports.ImportRows(ctx, of)
	if err != nil {
		return true, err
	}
	waiting := slices.DeleteFunc(rows, func(r desk.Row) bool { return r.Outcome != desk.RowWaiting })
	var left []error
	for step := range slices.Chunk(waiting, rowsPerStep) {
		undecided, err := i.record(ctx, a, of, kind, step)
		if err != nil {
			return true, err
		}
		if undecided != nil { // a row that cannot be decided holds up no other
			left = append(left, undecided)
		}
	}
	if len(left) > 0 {
		return true, errors.Join(left...)
	}
	return true, i.Imports.FinishImport(ctx, of, i.Clock())
}

var errSenderGone = domain.Refused("sender-gone")

// record carries out a step and keeps what came of it. What cannot be told yet, since the journal is away, waits.
func (i *Intake) record(ctx context.Context, a domain.Actor, of uuid.UUID, kind string, step []desk.Row) (undecided, err error) {
	settled := make([]desk.Row, len(step))
	var all errgroup.Group
	all.SetLimit(rowsAtOnce)
	for n, r := range step {
		all.Go(func() (err error) {
			settled[n], err = i.one(ctx, a, of, kind, r)
			return err
		})
	}
	undecided = all.Wait()
	settled = slices.DeleteFunc(settled, func(r desk.Row) bool { return r.Number == 0 })
	if len(settled) == 0 { // a sheet of which nothing comes grows old, and is dropped
		return undecided, ctx.Err()
	}
	now := i.Clock()
	return undecided, errors.Join(ctx.Err(), i.Imports.SettleRows(ctx, of, settled, now, now.Add(sheetLease)))
}

// one records a row. Of a recorded one nothing stays but its number and its case.
func (i *Intake) one(ctx context.Context, a domain.Actor, of uuid.UUID, kind string, r desk.Row) (desk.Row, error) {
	row, err := openRow(ctx, i.Keys, a.Account, of, r)
	if err != nil {
		return desk.Row{}, err
	}
	t, f := desk.RowTicket(a, row.Key), filledForm(row.Values)
	var receipt desk.Receipt
	if kind == rowsOfEnrolments {
		receipt, err = i.Desk.Enrol(ctx, t, a, enrolmentOf(f))
	} else {
		receipt, err = i.Desk.Request(ctx, t, a, requestOf(f))
	}
	if err == nil {
		return desk.Row{Number: r.Number, Outcome: desk.RowRecorded, Case: receipt.ID}, nil
	}
	told, known := errors.AsType[*domain.Error](err)
	if !known || errors.Is(err, domain.KindUnavailable) || errors.Is(err, domain.KindOverloaded) {
		return desk.Row{}, err
	}
	if row.Faults = []rowFault{{told.Field, told.Kind, told.Code, told.Detail}}; f.refuse(err) {
		row.Faults = faultsOf(f)
	}
	sealed, err := sealRow(ctx, i.Keys, a.Account, of, r.Number, row)
	return desk.Row{Number: r.Number, Sealed: sealed, Outcome: desk.RowRefused}, err
}

// filledForm is a form with nothing but answers.
func filledForm(v url.Values) *Form {
	f := newForm("", Text{})
	for _, name := range slices.Sorted(maps.Keys(v)) {
		f.fields = append(f.fields, &Field{Name: name, values: v[name]})
	}
	return f
}

func faultsOf(f *Form) []rowFault {
	var out []rowFault
	for _, x := range f.Faulty() {
		out = append(out, rowFault{x.Name, x.fault.Kind, x.fault.Code, x.fault.Detail})
	}
	for _, e := range f.faults {
		out = append(out, rowFault{e.Field, e.Kind, e.Code, e.Detail})
	}
	return out
}

// rowFault is a refusal as it is kept with its row.
type rowFault struct {
	Field  string            `json:"field,omitzero"`
	Kind   domain.Kind       `json:"kind"`
	Code   string            `json:"code"`
	Detail map[string]string `json:"detail,omitzero"`
}

func (f rowFault) error() *domain.Error {
	return &domain.Error{Kind: f.Kind, Code: f.Code, Field: f.Field, Detail: f.Detail}
}

// sheetRow is what is kept, closed, of a row: the cells as they were, the answers they became, what names the command, why not.
type sheetRow struct {
	Cells  []string   `json:"cells"`
	Values url.Values `json:"values,omitzero"`
	Key    string     `json:"key,omitzero"`
	Faults []rowFault `json:"faults,omitzero"`
}

// sheetHead is what is kept, closed, of a sheet: its heading may hold a name where somebody forgot to write one.
type sheetHead struct {
	Heading []string `json:"heading"`
	Columns []string `json:"columns"` // the field of each column, empty for one that is left
}

// sheetPlace and rowPlace are what they are sealed for, so that they open as themselves alone.
func sheetPlace(of uuid.UUID) string           { return "import/" + of.String() }
func rowPlace(of uuid.UUID, number int) string { return sheetPlace(of) + "/" + strconv.Itoa(number) }

var errKept = errors.New("web: what is kept of a sheet does not decode") // the decoder's own words would quote it

func sealAs(ctx context.Context, k domain.Sealer, who uuid.UUID, place string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, errKept
	}
	return k.Seal(ctx, who, domain.ClassPersonal, place, plain)
}

func openAs(ctx context.Context, k domain.Sealer, who uuid.UUID, place string, sealed []byte, into any) error {
	plain, err := k.Open(ctx, who, domain.ClassPersonal, place, sealed)
	if err != nil {
		return err
	}
	if json.Unmarshal(plain, into) != nil {
		return errKept
	}
	return nil
}

func sealRow(ctx context.Context, k domain.Sealer, who, of uuid.UUID, number int, row sheetRow) ([]byte, error) {
	return sealAs(ctx, k, who, rowPlace(of, number), row)
}

func openRow(ctx context.Context, k domain.Sealer, who, of uuid.UUID, r desk.Row) (row sheetRow, err error) {
	err = openAs(ctx, k, who, rowPlace(of, r.Number), r.Sealed, &row)
	return row, err
}

// rowKey names a row by what it says, without telling it. The school year is part of it: the same child may be asked for again. The
// household is not, since another sheet may call it otherwise.
func rowKey(t Tokens, kind string, y domain.SchoolYear, v url.Values) string {
	var said strings.Builder
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if name == householdField {
			continue
		}
		for _, x := range v[name] {
			said.WriteString(name + "\x00" + x + "\x00")
		}
	}
	return kind + "/" + y.String() + "/" + hex.EncodeToString(t.Of("row", said.String()))
}
