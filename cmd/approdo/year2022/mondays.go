package year2022

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/desk"
	"approdo/domain/grade"
	"approdo/domain/returns"
	"approdo/projections"
	counted "approdo/projections/returns"
)

// FirstReturn is the first Monday that the schools of the invented year answered here.
var FirstReturn = domain.Date{Year: 2022, Month: time.October, Day: 10}

// AnswerReturn lets the schools answer the return of a Monday: most agree on Monday afternoon, one in twenty counts otherwise, a few take
// their answer back, and of those that are late the UST reminds all on Tuesday and some listen. Whoever is left out does not answer. The
// views must have come to Tuesday evening.
func AnswerReturn(ctx context.Context, views projections.Reader, d *desk.Desk, monday domain.Date, but domain.Institution) error {
	due := returns.Due(monday)
	figures := map[domain.Institution]returns.Figures{}
	var order []domain.Institution
	err := views.Read(ctx, func(s *projections.Snapshot) error {
		for c, err := range counted.Counts(s, due) {
			if err != nil {
				return err
			}
			if _, known := figures[c.Institution]; !known {
				order = append(order, c.Institution)
			}
			figures[c.Institution] = figures[c.Institution].With(c.Order, c.N)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(uint64(monday.Year*10000+int(monday.Month)*100+monday.Day), 15))
	for _, i := range order {
		if err := answerReturn(ctx, d, r, returns.Subject{Institution: i, Monday: monday}, figures[i], i == but); err != nil {
			return fmt.Errorf("year2022: return of %s: %w", monday, err)
		}
	}
	return nil
}

func answerReturn(ctx context.Context, d *desk.Desk, r *rand.Rand, of returns.Subject, seen returns.Figures, silent bool) error {
	due := returns.Due(of.Monday)
	secretary := officer(domain.RoleSchool, string(of.Institution))
	do := func(c returns.Command) error {
		name := fmt.Sprintf("%s %T %s", returns.Stream(of.Institution, of.Monday), c, c.Issued().At)
		_, err := d.Return(ctx, desk.Ticket{ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(name))}, c)
		return err
	}
	validate := func(at time.Time, said returns.Figures) error {
		return do(returns.Validate{Act: domain.Act{By: secretary, At: at.UTC()}, Subject: of, Figures: said, Computed: seen, AsOf: due})
	}
	said := seen
	if r.IntN(20) == 0 {
		said = said.With(grade.Orders()[r.IntN(3)], 1)
	}
	at := due.Add(time.Duration(5+r.IntN(140)) * time.Minute)
	switch late := r.IntN(100); {
	case late < 78 && !silent:
		if err := validate(at, said); err != nil || said == seen || r.IntN(2) == 0 {
			return err
		}
		at = at.Add(time.Duration(3+r.IntN(30)) * time.Minute)
		if err := do(returns.Undo{Act: domain.Act{By: secretary, At: at.UTC()}, Subject: of, Reason: "typing-error"}); err != nil {
			return err
		}
		return validate(at.Add(time.Minute), seen)
	default:
		remind := due.Add(19*time.Hour + 30*time.Minute) // Tuesday at half past ten
		if err := do(returns.Remind{Act: domain.Act{By: ust, At: remind.UTC()}, Subject: of}); err != nil || silent || late >= 91 {
			return err
		}
		return validate(remind.Add(time.Duration(20+r.IntN(240))*time.Minute), said)
	}
}
