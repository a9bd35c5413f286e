package web

import (
	"errors"
	"net/http"
	"slices"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
)

// undoing is the act that takes an event back; none for most events.
func undoing(e casefile.Event) access.Act {
	switch e.(type) {
	case casefile.HandedOver:
		return access.TakeBackHandOver
	case casefile.OfferAccepted:
		return access.TakeBackAcceptance
	case casefile.OfferDeclined:
		return access.TakeBackDecline
	case casefile.FirstDayRecorded:
		return access.AnnulFirstDay
	case casefile.PlaceOffered:
		return access.WithdrawOffer
	case casefile.CaseClosed:
		return access.Reopen
	case casefile.CaseMerged:
		return access.Unmerge
	case casefile.CaseRestricted:
		return access.LiftRestriction
	case casefile.ErasureProposed:
		return access.WithdrawErasure
	}
	return ""
}

// undo offers to take back what the reader himself has just done to a case, for as long as nothing has happened to it since and the case
// allows it.
func (s *site) undo(r *http.Request, f desk.File) ([]Callout, error) {
	last := f.Trail[len(f.Trail)-1]
	act := undoing(last.Event)
	i := slices.IndexFunc(acts, func(p actPage) bool { return p.act == act })
	if act == "" || i < 0 || last.Meta.Actor != actorOf(r) || !slices.Contains(f.May(), act) {
		return nil, nil
	}
	if err := s.Desk.Can(r.Context(), f, act); errors.Is(err, domain.KindRefused) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return []Callout{{Tone: Info, Title: text("case.undo"), Text: text("case.undo-text"),
		Cells: []Cell{say(acts[i].title()).to("/pratiche/" + f.ID.String() + "/" + acts[i].path)}}}, nil
}

func undoneText(r casefile.TakingBackReason) Text { return text("undone." + string(r)) }

func undoneFields(actContext) ([]Field, error) {
	return []Field{reasons(undoneText, casefile.TakingBackReasons()), wordsField(text("act.words"), true)}, nil
}
