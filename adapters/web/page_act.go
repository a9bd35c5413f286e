package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/reading"
	"approdo/projections"
	"approdo/projections/ranking"
)

// actPage is something that can be done to a case: its form, and what the form asks of the desk.
type actPage struct {
	path   string // last part of the address
	act    access.Act
	step   bool // the case waits for it, or for another step
	danger bool
	anchor string // where on the page of the case it leads back to
	fields func(c actContext) ([]Field, error)
	do     func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error)
}

// actContext is what an act's form and command are made from.
type actContext struct {
	s      *site
	r      *http.Request
	regs   *registers // while the form is made
	file   desk.File
	opened desk.Opened
	// ranking is of the schools an offer can choose among, while its form is shown.
	ranking ranking.Ranking
}

// title names the act, on its page and on its button.
func (p actPage) title() Text { return text("act-form." + p.path) }

func declineText(r casefile.DeclineReason) Text           { return text("decline." + string(r)) }
func withdrawnText(r casefile.OfferWithdrawalReason) Text { return text("withdrawn." + string(r)) }
func closureText(r casefile.ClosureReason) Text           { return text("closure." + string(r)) }
func topicText(c casefile.QuestionTopic) Text             { return text("topic." + string(c)) }
func resolutionText(r grade.Reason) Text                  { return text("resolution." + string(r)) }
func handoverText(r casefile.HandOverReason) Text         { return text("handover." + string(r)) }
func erasureText(g casefile.ErasureGround) Text           { return text("erasure." + string(g)) }
func scopeText(s casefile.ErasureScope) Text              { return text("erasure-scope." + string(s)) }
func rejectionText(r casefile.ErasureRejection) Text      { return text("rejection." + string(r)) }
func restrictionText(r casefile.RestrictionReason) Text   { return text("restriction." + string(r)) }

func (c actContext) act() domain.Act { return c.s.Desk.Act(actorOf(c.r)) }

// command carries out one that needs nothing but the case.
func (c actContext) command(t desk.Ticket, cmd casefile.Command) (desk.Receipt, error) {
	return c.s.Desk.Do(c.r.Context(), t, c.file.ID, cmd)
}

// words seals what somebody wrote.
func (c actContext) words(f *Form) casefile.Text {
	s := strings.TrimSpace(f.value("text"))
	if s == "" {
		return casefile.Text{}
	}
	return domain.Open(c.file.ID, domain.ClassPersonal, domain.NewPersonal(s))
}

func wordsField(label Text, optional bool) Field {
	return Field{Name: "text", Kind: FieldArea, Label: label, Hint: text("act.words-hint"), Optional: optional}
}

// reasons is a choice among codes, each named by a text.
func reasons[T ~string](named func(T) Text, codes []T) Field {
	f := Field{Name: "reason", Kind: FieldRadios, Label: text("act.reason")}
	for _, c := range codes {
		f.Options = append(f.Options, Option{Value: string(c), Label: say(named(c))})
	}
	return f
}

func none(actContext) ([]Field, error) { return nil, nil }

// acts lists what can be done to a case, in the order in which it is offered. Whether a case still allows it is the desk's to say.
var acts = []actPage{
	{path: "presa-in-carico", act: access.TakeCharge, step: true, fields: none,
		do: func(c actContext, t desk.Ticket, _ *Form) (desk.Receipt, error) {
			return c.command(t, casefile.TakeCharge{Act: c.act()})
		}},
	{path: "risposta", act: access.Answer, step: true,
		fields: func(actContext) ([]Field, error) { return []Field{wordsField(text("act.answer"), false)}, nil },
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			return c.command(t, casefile.AnswerQuestion{Act: c.act(), Text: c.words(f)})
		}},
	{path: "accoglimento", act: access.Accept, step: true,
		fields: func(c actContext) ([]Field, error) {
			return []Field{{Name: "on", Kind: FieldDate, Label: text("act.accepted-on")},
				{Name: "section", Kind: FieldText, Label: text("act.section"), Hint: text("act.section-hint"), Optional: true, Width: 4}}, nil
		},
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			on, err := domain.ParseDate(f.value("on"))
			if err != nil || c.file.State.Offer == nil {
				return desk.Receipt{}, orNoOffer(c, domain.Invalid("date-malformed").On("on"))
			}
			return c.command(t, casefile.AcceptOffer{Act: c.act(), Offer: c.file.State.Offer.ID, On: on, Section: strings.TrimSpace(f.value("section"))})
		}},
	{path: "diniego", act: access.Decline, step: true, danger: true,
		fields: func(actContext) ([]Field, error) {
			return []Field{reasons(declineText, casefile.DeclineReasons()), wordsField(text("act.words"), true)}, nil
		},
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			if c.file.State.Offer == nil {
				return desk.Receipt{}, casefile.ErrNoSuchOffer
			}
			return c.command(t, casefile.DeclineOffer{Act: c.act(), Offer: c.file.State.Offer.ID, Reason: casefile.DeclineReason(f.value("reason")), Text: c.words(f)})
		}},
	{path: "proposta", act: access.Offer, step: true, fields: offerFields, do: doOffer},
	{path: "primo-giorno", act: access.RecordFirstDay, step: true, fields: dayField(text("act.first-day")),
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			on, err := domain.ParseDate(f.value("on"))
			if err != nil {
				return desk.Receipt{}, domain.Invalid("date-malformed").On("on")
			}
			return c.command(t, casefile.RecordFirstDay{Act: c.act(), On: on})
		}},
	{path: "domanda", act: access.Ask, fields: questionFields,
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			return c.command(t, casefile.AskQuestion{Act: c.act(), To: casefile.HolderKind(f.value("to")),
				Topic: casefile.QuestionTopic(f.value("reason")), Text: c.words(f)})
		}},
	{path: "anno", act: access.DetermineGrade, fields: gradeFields,
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			l, err := grade.ParseLevel(f.value("level"))
			if err != nil {
				return desk.Receipt{}, domain.Invalid("choice-unknown").On("level")
			}
			cmd := casefile.DetermineGrade{Act: c.act(), Level: l}
			if f.value("reason") != "" {
				cmd.Resolution = &grade.Resolution{Reason: grade.Reason(f.value("reason")), Reference: strings.TrimSpace(f.value("reference"))}
			}
			return c.command(t, cmd)
		}},
	{path: "passaggio", act: access.HandOver, fields: handOverFields,
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			return c.command(t, casefile.HandOver{Act: c.act(), To: domain.Centre(f.value("to")), Reason: casefile.HandOverReason(f.value("reason")), Text: c.words(f)})
		}},
	{path: "ritiro-proposta", act: access.WithdrawOffer, danger: true,
		fields: func(actContext) ([]Field, error) {
			return []Field{reasons(withdrawnText, casefile.OfferWithdrawalReasons()[:3])}, nil
		},
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			if c.file.State.Offer == nil {
				return desk.Receipt{}, casefile.ErrNoSuchOffer
			}
			return c.command(t, casefile.WithdrawOffer{Act: c.act(), Offer: c.file.State.Offer.ID, Reason: casefile.OfferWithdrawalReason(f.value("reason"))})
		}},
	{path: "domicilio", act: access.ChangeDomicile, fields: domicileFields,
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			p := func(name string) domain.Personal { return domain.NewPersonal(f.value(name)) }
			return c.s.Desk.Move(c.r.Context(), t, actorOf(c.r), c.file.ID, desk.DomicileForm{Comune: f.value("comune"), Municipio: f.value("municipio"),
				From: f.value("from"), Address: p("address"), CAP: p("cap"), Host: p("host")})
		}},
	{path: "correzione", act: access.Amend, fields: amendFields, do: doAmend},
	{path: "nota", act: access.Note,
		fields: func(actContext) ([]Field, error) { return []Field{wordsField(text("act.note"), false)}, nil },
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			if c.words(f).IsZero() {
				return desk.Receipt{}, domain.Invalid("field-required").On("text")
			}
			return c.command(t, casefile.AddNote{Act: c.act(), Text: c.words(f)})
		}},
	{path: "messaggio", act: access.Message, anchor: threadAnchor, fields: messageFields, do: doMessage},
	{path: "fine-frequenza", act: access.EndAttendance, danger: true,
		fields: func(c actContext) ([]Field, error) {
			day, err := dayField(text("act.ended-on"))(c)
			return append(day, reasons(closureText, casefile.ClosureReasons()), wordsField(text("act.words"), true)), err
		},
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			on, err := domain.ParseDate(f.value("on"))
			if err != nil {
				return desk.Receipt{}, domain.Invalid("date-malformed").On("on")
			}
			return c.command(t, casefile.EndAttendance{Act: c.act(), On: on, Reason: casefile.ClosureReason(f.value("reason")), Text: c.words(f)})
		}},
	{path: "ritiro", act: access.WithdrawRequest, danger: true,
		fields: func(actContext) ([]Field, error) {
			return []Field{reasons(closureText, casefile.WithdrawalReasons()), wordsField(text("act.words"), true)}, nil
		},
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			return c.command(t, casefile.WithdrawRequest{Act: c.act(), Reason: casefile.ClosureReason(f.value("reason")), Text: c.words(f)})
		}},
	{path: "chiusura", act: access.Close, danger: true,
		fields: func(actContext) ([]Field, error) {
			return []Field{reasons(closureText, casefile.ClosureReasons()), wordsField(text("act.words"), true)}, nil
		},
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			return c.command(t, casefile.Close{Act: c.act(), Reason: casefile.ClosureReason(f.value("reason")), Text: c.words(f)})
		}},
	{path: "annulla-passaggio", act: access.TakeBackHandOver, danger: true,
		fields: func(actContext) ([]Field, error) { return []Field{wordsField(text("act.words"), true)}, nil },
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			return c.command(t, casefile.TakeBackHandOver{Act: c.act(), Text: c.words(f)})
		}},
	{path: "annulla-accoglimento", act: access.TakeBackAcceptance, danger: true, fields: undoneFields,
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			if c.file.State.Offer == nil {
				return desk.Receipt{}, casefile.ErrNothingToTakeBack
			}
			return c.command(t, casefile.TakeBackAcceptance{Act: c.act(), Offer: c.file.State.Offer.ID, Reason: casefile.TakingBackReason(f.value("reason")), Text: c.words(f)})
		}},
	{path: "annulla-diniego", act: access.TakeBackDecline, fields: undoneFields,
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			if c.file.State.LastDecline == nil {
				return desk.Receipt{}, casefile.ErrNothingToTakeBack
			}
			return c.command(t, casefile.TakeBackDecline{Act: c.act(), Offer: c.file.State.LastDecline.Offer, Reason: casefile.TakingBackReason(f.value("reason")), Text: c.words(f)})
		}},
	{path: "annulla-primo-giorno", act: access.AnnulFirstDay, danger: true, fields: undoneFields,
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			return c.command(t, casefile.AnnulFirstDay{Act: c.act(), Reason: casefile.TakingBackReason(f.value("reason")), Text: c.words(f)})
		}},
	{path: "riapertura", act: access.Reopen,
		fields: func(actContext) ([]Field, error) { return []Field{wordsField(text("act.words"), true)}, nil },
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			return c.command(t, casefile.Reopen{Act: c.act(), Text: c.words(f)})
		}},
	{path: "unione", act: access.Merge, danger: true,
		fields: func(c actContext) ([]Field, error) {
			return []Field{{Name: "into", Kind: FieldText, Label: text("act.into"), Hint: text("act.into-hint"), Width: 40},
				wordsField(text("act.merge-words"), false)}, nil
		},
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			into, err := uuid.Parse(lastPart(f.value("into")))
			if err != nil {
				return desk.Receipt{}, domain.Invalid("case-id-malformed").On("into")
			}
			return c.command(t, casefile.Merge{Act: c.act(), Into: into, Text: c.words(f)})
		}},
	{path: "separazione", act: access.Unmerge, danger: true,
		fields: func(actContext) ([]Field, error) { return []Field{wordsField(text("act.words"), false)}, nil },
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			return c.command(t, casefile.Unmerge{Act: c.act(), Text: c.words(f)})
		}},
	{path: "limitazione", act: access.Restrict,
		fields: func(actContext) ([]Field, error) {
			return []Field{reasons(restrictionText, casefile.RestrictionReasons())}, nil
		},
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			return c.command(t, casefile.Restrict{Act: c.act(), Reason: casefile.RestrictionReason(f.value("reason"))})
		}},
	{path: "fine-limitazione", act: access.LiftRestriction, fields: none,
		do: func(c actContext, t desk.Ticket, _ *Form) (desk.Receipt, error) {
			return c.command(t, casefile.LiftRestriction{Act: c.act()})
		}},
	{path: "cancellazione", act: access.Erase, danger: true, fields: proposalFields, do: doProposeErasure},
	{path: "approva-cancellazione", act: access.ApproveErasure, danger: true, fields: none,
		do: func(c actContext, t desk.Ticket, _ *Form) (desk.Receipt, error) {
			return c.command(t, casefile.ApproveErasure{Act: c.act(), Proposal: c.proposal()})
		}},
	{path: "respingi-cancellazione", act: access.RejectErasure,
		fields: func(actContext) ([]Field, error) {
			return []Field{reasons(rejectionText, casefile.ErasureRejections())}, nil
		},
		do: func(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
			return c.command(t, casefile.RejectErasure{Act: c.act(), Proposal: c.proposal(), Reason: casefile.ErasureRejection(f.value("reason"))})
		}},
	{path: "ritira-cancellazione", act: access.WithdrawErasure, fields: none,
		do: func(c actContext, t desk.Ticket, _ *Form) (desk.Receipt, error) {
			return c.command(t, casefile.WithdrawErasure{Act: c.act(), Proposal: c.proposal()})
		}},
}

// orNoOffer prefers to say that there is no offer any more.
func orNoOffer(c actContext, err error) error {
	if c.file.State.Offer == nil {
		return casefile.ErrNoSuchOffer
	}
	return err
}

// lastPart lets a case be named by its id or by the address of its page.
func lastPart(s string) string {
	s = strings.TrimRight(strings.TrimSpace(s), "/")
	return s[strings.LastIndexByte(s, '/')+1:]
}

func dayField(label Text) func(actContext) ([]Field, error) {
	return func(actContext) ([]Field, error) {
		return []Field{{Name: "on", Kind: FieldDate, Label: label}}, nil
	}
}

func questionFields(c actContext) ([]Field, error) {
	to := Field{Name: "to", Kind: FieldRadios, Label: text("act.to")}
	if c.file.State.Offer != nil {
		name, err := c.regs.school(c.file.State.Offer.School)
		if err != nil {
			return nil, err
		}
		to.Options = append(to.Options, Option{Value: string(casefile.HeldBySchool), Label: say(text("act.to-school")).over(name)})
	}
	if c.file.State.Status != casefile.Offered {
		to.Options = append(to.Options, Option{Value: string(casefile.HeldByComune), Label: say(text("act.to-comune", "comune", c.regs.comuneName(c.file.State.Comune)))})
	}
	if len(to.Options) == 1 {
		to.values = []string{to.Options[0].Value}
	}
	topic := reasons(topicText, casefile.QuestionTopics())
	topic.Label = text("case.topic")
	return []Field{to, topic, wordsField(text("act.question"), false)}, nil
}

func gradeFields(actContext) ([]Field, error) {
	level := Field{Name: "level", Kind: FieldSelect, Label: text("list.grade")}
	for _, l := range grade.Levels() {
		level.Options = append(level.Options, Option{Value: l.String(), Label: say(levelText(l))})
	}
	why := reasons(resolutionText, grade.Reasons())
	why.Optional, why.Hint = true, text("act.resolution-hint")
	return []Field{level, why, {Name: "reference", Kind: FieldText, Label: text("case.resolution"), Hint: text("act.reference-hint"), Optional: true}}, nil
}

func handOverFields(c actContext) ([]Field, error) {
	to := Field{Name: "to", Kind: FieldSelect, Label: text("case.to-centre")}
	for _, x := range c.regs.land.Centres() {
		if x.Code != c.file.State.Centre {
			to.Options = append(to.Options, Option{Value: string(x.Code), Label: plain(x.Name)})
		}
	}
	return []Field{to, reasons(handoverText, casefile.HandOverReasons()), wordsField(text("act.words"), true)}, nil
}

func comuneOptions(g *registers) []Option {
	var out []Option
	for _, c := range g.land.Comuni() {
		out = append(out, Option{Value: string(c.Code), Label: plain(c.Name)})
	}
	return out
}

func municipioOptions() []Option {
	var out []Option
	for _, n := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		out = append(out, Option{Value: n, Label: plain(n)})
	}
	return out
}

func hostOptions() []Option {
	var out []Option
	for _, h := range hostCodes {
		out = append(out, Option{Value: h, Label: say(text("host." + h))})
	}
	return out
}

func domicileFields(c actContext) ([]Field, error) {
	return []Field{
		{Name: "comune", Kind: FieldSelect, Label: text("list.comune"), Options: comuneOptions(c.regs), values: []string{string(c.file.State.Comune)}},
		{Name: "municipio", Kind: FieldSelect, Label: text("case.municipio"), Hint: text("act.municipio-hint"), Options: municipioOptions(), Optional: true},
		{Name: "from", Kind: FieldDate, Label: text("case.from"), Optional: true},
		{Name: "address", Kind: FieldText, Label: text("case.address"), Optional: true},
		{Name: "cap", Kind: FieldNumber, Label: text("case.cap"), Optional: true, Width: 10},
		{Name: "host", Kind: FieldSelect, Label: text("case.host"), Options: hostOptions(), Optional: true},
	}, nil
}

// otherSchool is the choice of a school that is not in the list.
const otherSchool = "other"

func offerFields(c actContext) ([]Field, error) {
	f := Field{Name: "school", Kind: FieldRadios, Label: text("act.school"), Hint: text("act.school-hint")}
	var err error
	if f.Options, err = rankedOptions(c); err != nil {
		return nil, err
	}
	f.Options = append(f.Options, Option{Value: otherSchool, Label: say(text("act.other-school"))})
	other := Field{Name: "other", Kind: FieldText, Label: text("act.other-code"), Hint: text("act.other-code-hint"), Optional: true, Width: 20}
	fields := []Field{f, other}
	if slices.Contains(c.file.May(), access.Override) {
		fields = append(fields, Field{Name: "override_reason", Kind: FieldArea, Label: text("act.override"), Hint: text("act.override-hint"), Optional: true})
	}
	return fields, nil
}

func doOffer(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
	choice, field, code := f.value("school"), "school", strings.TrimSpace(f.value("other"))
	switch {
	case choice == otherSchool:
		choice, field = code, "other"
	case code != "":
		return desk.Receipt{}, domain.Invalid("school-chosen-twice").On("other")
	}
	site, err := domain.ParseSchool(choice)
	if err != nil {
		return desk.Receipt{}, domain.Invalid("school-code-malformed").On(field)
	}
	return c.s.Desk.Offer(c.r.Context(), t, c.file.ID, actorOf(c.r), desk.Placement{School: site, Level: c.file.State.Level,
		OverrideReason: domain.NewPersonal(strings.TrimSpace(f.value("override_reason")))})
}

// personalFields are those of a correction that hold one personal text each, with what they read and write.
var personalFields = []struct {
	name     string
	kind     FieldKind
	label    Text
	required bool
	options  func() []Option
	of       func(*desk.Opened) domain.Personal
	to       func(*desk.RequestForm) *domain.Personal
}{
	{"family_name", FieldText, text("case.family-name"), true, nil, func(o *desk.Opened) domain.Personal { return o.FamilyName }, func(f *desk.RequestForm) *domain.Personal { return &f.FamilyName }},
	{"given_name", FieldText, text("case.given-name"), true, nil, func(o *desk.Opened) domain.Personal { return o.GivenName }, func(f *desk.RequestForm) *domain.Personal { return &f.GivenName }},
	{"family_name_cyrillic", FieldText, text("case.family-name-cyrillic"), false, nil, func(o *desk.Opened) domain.Personal { return o.FamilyNameCyrillic }, func(f *desk.RequestForm) *domain.Personal { return &f.FamilyNameCyrillic }},
	{"given_name_cyrillic", FieldText, text("case.given-name-cyrillic"), false, nil, func(o *desk.Opened) domain.Personal { return o.GivenNameCyrillic }, func(f *desk.RequestForm) *domain.Personal { return &f.GivenNameCyrillic }},
	{"birth_date", FieldDate, text("case.birth"), true, nil, func(o *desk.Opened) domain.Personal { return o.BirthDate }, func(f *desk.RequestForm) *domain.Personal { return &f.BirthDate }},
	{"birth_place", FieldText, text("case.birth-place"), false, nil, func(o *desk.Opened) domain.Personal { return o.BirthPlace }, func(f *desk.RequestForm) *domain.Personal { return &f.BirthPlace }},
	{"citizenship", FieldText, text("case.citizenship"), false, nil, func(o *desk.Opened) domain.Personal { return o.Citizenship }, func(f *desk.RequestForm) *domain.Personal { return &f.Citizenship }},
	{"tax_code", FieldText, text("case.tax-code"), false, nil, func(o *desk.Opened) domain.Personal { return o.TaxCode }, func(f *desk.RequestForm) *domain.Personal { return &f.TaxCode }},
	{"document", FieldText, text("case.document"), false, nil, func(o *desk.Opened) domain.Personal { return o.Document }, func(f *desk.RequestForm) *domain.Personal { return &f.Document }},
	{"arrived_on", FieldDate, text("case.arrived-on"), false, nil, func(o *desk.Opened) domain.Personal { return o.ArrivedOn }, func(f *desk.RequestForm) *domain.Personal { return &f.ArrivedOn }},
	{"adult_name", FieldText, text("case.adult"), false, nil, adultOf(func(a casefile.Adult) domain.Personal { return a.Name }), func(f *desk.RequestForm) *domain.Personal { return &f.AdultName }},
	{"adult_relation", FieldSelect, text("case.relation"), false, func() []Option { return codes(relations, relationText) },
		adultOf(func(a casefile.Adult) domain.Personal { return a.Relation }), func(f *desk.RequestForm) *domain.Personal { return &f.AdultRelation }},
	{"adult_phone", FieldTel, text("case.phone"), false, nil, adultOf(func(a casefile.Adult) domain.Personal { return a.Phone }), func(f *desk.RequestForm) *domain.Personal { return &f.AdultPhone }},
	{"adult_email", FieldEmail, text("case.email"), false, nil, adultOf(func(a casefile.Adult) domain.Personal { return a.Email }), func(f *desk.RequestForm) *domain.Personal { return &f.AdultEmail }},
	{"adult_language", FieldSelect, text("request.adult-language"), false, func() []Option { return codes(languageCodes, languageText) },
		adultOf(func(a casefile.Adult) domain.Personal { return a.Language }), func(f *desk.RequestForm) *domain.Personal { return &f.AdultLanguage }},
	{"last_school", FieldText, text("case.last-school"), false, nil, func(o *desk.Opened) domain.Personal { return o.LastSchool }, func(f *desk.RequestForm) *domain.Personal { return &f.LastSchool }},
	{"last_grade", FieldText, text("case.last-grade"), false, nil, func(o *desk.Opened) domain.Personal { return o.LastGrade }, func(f *desk.RequestForm) *domain.Personal { return &f.LastGrade }},
	{"languages", FieldText, text("case.languages"), false, nil, func(o *desk.Opened) domain.Personal { return o.Languages }, func(f *desk.RequestForm) *domain.Personal { return &f.Languages }},
}

func adultOf(part func(casefile.Adult) domain.Personal) func(*desk.Opened) domain.Personal {
	return func(o *desk.Opened) domain.Personal {
		if len(o.Adults) == 0 {
			return domain.Personal{}
		}
		return part(o.Adults[0])
	}
}

func sexField() Field {
	return Field{Name: "sex", Kind: FieldRadios, Label: text("case.sex"), Options: []Option{{Value: "F", Label: say(text("sex.F"))}, {Value: "M", Label: say(text("sex.M"))}}}
}

func amendFields(c actContext) ([]Field, error) {
	var out []Field
	for _, p := range personalFields {
		f := Field{Name: p.name, Kind: p.kind, Label: p.label, Optional: !p.required}
		v := p.of(&c.opened).Reveal()
		if v != "" {
			f.values = []string{v}
		}
		if p.options != nil {
			f.Options = orAsItIs(p.options(), v)
		}
		if strings.HasSuffix(p.name, "_cyrillic") {
			f.Lang = "uk"
		}
		out = append(out, f)
		if p.name == "birth_date" {
			sex := sexField()
			sex.values = []string{string(c.file.Papers.Sex)}
			out = append(out, sex)
		}
	}
	choice := func(name string, label Text, options []Option, now string) Field {
		f := Field{Name: name, Kind: FieldSelect, Label: label, Options: orAsItIs(options, now), Optional: true}
		if now != "" {
			f.values = []string{now}
		}
		return f
	}
	flag := func(name string, label Text, set bool) Field {
		f := Field{Name: name, Kind: FieldCheck, Label: label, Optional: true}
		if set {
			f.values = []string{"on"}
		}
		return f
	}
	return append(out, choice("italian", text("case.italian"), codes(casefile.ItalianLevels(), italianText), string(c.opened.Italian)),
		choice("vaccination", text("request.vaccination"), codes(vaccinationCodes, answerText), string(c.opened.Vaccination)),
		choice("disability", text("request.disability"), codes(disabilityCodes, answerText), string(c.opened.Disability)), flag("temporary_protection", text("case.protection"), c.opened.TemporaryProtection),
		flag("unaccompanied", text("case.unaccompanied"), c.opened.Unaccompanied), flag("with_reserve", text("case.reserve"), c.opened.WithReserve),
		flag("still_online", text("case.still-online"), c.opened.StillOnline)), nil
}

// orAsItIs keeps an answer that is none of the options, such as one in somebody's own words, among them.
func orAsItIs(options []Option, now string) []Option {
	if now == "" || slices.ContainsFunc(options, func(o Option) bool { return o.Value == now }) {
		return options
	}
	return append(options, Option{Value: now, Label: plain(now)})
}

// doAmend sends the whole request as it should be. What the form does not show goes back as it stands.
func doAmend(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
	form := desk.RequestForm{On: seen(c.file.Papers.On), Sex: f.value("sex"), TemporaryProtection: f.value("temporary_protection") == "on",
		Unaccompanied: f.value("unaccompanied") == "on", WithReserve: f.value("with_reserve") == "on", StillOnline: f.value("still_online") == "on",
		Italian: f.value("italian"), Vaccination: f.value("vaccination"), Disability: f.value("disability")}
	for _, p := range personalFields {
		*p.to(&form) = domain.NewPersonal(f.value(p.name))
	}
	return c.s.Desk.Amend(c.r.Context(), t, actorOf(c.r), c.file.ID, form)
}

// actPageOf finds the act an address names, for who may do it to this case; everybody else meets an absent page.
func (s *site) actPageOf(r *http.Request) (actPage, actContext, error) {
	id, err := caseID(r)
	if err != nil {
		return actPage{}, actContext{}, err
	}
	i := slices.IndexFunc(acts, func(a actPage) bool { return a.path == chi.URLParam(r, "act") })
	if i < 0 {
		return actPage{}, actContext{}, domain.NotFound("page-not-found")
	}
	file, err := s.Desk.Case(r.Context(), actorOf(r), id)
	if err != nil {
		return actPage{}, actContext{}, err
	}
	if err := access.Case(actorOf(r), file.Relation, acts[i].act); err != nil {
		return actPage{}, actContext{}, err
	}
	if acts[i].act == access.Amend && visitOf(r).nameless { // what cannot be shown would come back as taken out
		return actPage{}, actContext{}, reading.ErrNotKept
	}
	shown := []access.Field{access.Name}
	if acts[i].act == access.Amend && r.Method == http.MethodGet && s.Desk.Can(r.Context(), file, access.Amend) == nil { // later it shows what was typed
		shown = append(shown, access.BirthDate, access.Papers, access.Adults, access.Schooling, access.Health)
	}
	opened, err := file.Open(r.Context(), shown...)
	return acts[i], actContext{s: s, r: r, file: file, opened: opened}, err
}

// actPageContent is the form of an act over the case it is about.
type actPageContent struct {
	Heading  []domain.Personal
	Nameless Text
	Title    Text
	Lead     Text
	Facts    []Pair
	Revision int64
	Form     *Form
	Refused  *domain.Error // why the case does not allow the act as it stands; there is no form then
	Typed    []Pair        // what somebody wrote in vain, to take along
	Back     string
	Since    []Moment // what others did since the form was opened
}

var actView = view[actPageContent]{"act"}

func (s *site) actForm(w http.ResponseWriter, r *http.Request) error {
	page, c, err := s.actPageOf(r)
	if err != nil {
		return err
	}
	return s.showAct(w, page, c, nil)
}

// showAct asks, or asks again with what was typed.
func (s *site) showAct(w http.ResponseWriter, p actPage, c actContext, typed *Form) error {
	title := p.title()
	content := actPageContent{Nameless: namelessText(c.file.ID), Title: title, Lead: text("act-lead." + p.path), Revision: int64(c.file.Revision),
		Back: "/pratiche/" + c.file.ID.String()}
	if err := c.s.Desk.Can(c.r.Context(), c.file, p.act); err != nil {
		refused, ok := errors.AsType[*domain.Error](err)
		if !ok {
			return err
		}
		content.Refused = refused
	}
	if p.act == access.Offer && content.Refused == nil {
		var err error
		if c.ranking, err = s.rank(c.r, c.file, asOf{}); err != nil {
			return err
		}
	}
	if !c.opened.FamilyName.IsZero() {
		content.Heading = []domain.Personal{c.opened.FamilyName, c.opened.GivenName}
	}
	err := s.read(c.r, func(v *projections.Snapshot) error {
		var err error
		if c.regs, err = s.registers(c.r.Context(), v); err != nil {
			return err
		}
		if content.Facts, err = holding(c.regs, c.file, s.Clock()); err != nil {
			return err
		}
		content.Facts = append([]Pair{{text("list.grade"), say(levelText(c.file.State.Level))}, {text("list.status"), statusBadge(c.file.State.Status)}}, content.Facts...)
		content.Facts = append(content.Facts, schoolingPairs(c.ranking.Schooling)...)
		if content.Since, err = s.since(c, typed); err != nil {
			return err
		}
		content.Form, err = p.form(c)
		return err
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	switch {
	case content.Refused != nil:
		status, content.Typed = statusOf(content.Refused), typed.written()
	case typed != nil:
		content.Form.take(typed)
		status = content.Form.Status()
	}
	crumbs := []Crumb{{text("cases.title"), "/pratiche"}, {content.Nameless, "/pratiche/" + c.file.ID.String()}, {Text: title}}
	return actView.show(s, w, c.r, status, title, content, crumbs...)
}

// since is what happened to the case since somebody opened the form that he sent.
func (s *site) since(c actContext, typed *Form) ([]Moment, error) {
	seen, err := strconv.ParseInt(c.r.PostForm.Get(revisionField), 10, 64)
	if typed == nil || err != nil || event.Revision(seen) >= c.file.Revision {
		return nil, nil
	}
	return s.timeline(c.r.Context(), c.regs, c.file, event.Revision(seen))
}

// written are the answers in somebody's own words; none of a form that was not sent.
func (f *Form) written() []Pair {
	if f == nil {
		return nil
	}
	var out []Pair
	for _, x := range f.fields {
		if x.Kind == FieldArea && x.Value() != "" {
			out = append(out, Pair{x.Label, named(domain.NewPersonal(x.Value()))})
		}
	}
	return out
}

// form makes the empty form of an act; days are today's.
func (p actPage) form(c actContext) (*Form, error) {
	fields, err := p.fields(c)
	if err != nil {
		return nil, err
	}
	f := newForm("/pratiche/"+c.file.ID.String()+"/"+p.path, p.title(), fields...)
	f.Cancel, f.Danger = "/pratiche/"+c.file.ID.String(), p.danger
	today := domain.DateOf(c.s.Clock()).String()
	f.Set("on", today)
	if p.path == "proposta" {
		f.Set("school", wantedSchool(c.r))
	}
	if p.path == "unione" {
		f.Set("into", otherCase(c.r))
	}
	if p.path == "anno" {
		f.Set("level", c.file.State.Level.String())
	}
	return f, nil
}

// act carries out what a form asks. A refusal comes back beside what was typed.
func (s *site) act(w http.ResponseWriter, r *http.Request) error {
	p, c, err := s.actPageOf(r)
	if err != nil {
		return err
	}
	var form *Form
	err = s.read(r, func(v *projections.Snapshot) error {
		if c.regs, err = s.registers(r.Context(), v); err != nil {
			return err
		}
		form, err = p.form(c)
		return err
	})
	if err != nil {
		return err
	}
	if err := form.read(r); err != nil {
		return err
	}
	if form.require(); form.Refused() {
		return s.showAct(w, p, c, form)
	}
	receipt, err := p.do(c, ticketOf(r, form), form)
	if err != nil {
		if !form.refuse(err) {
			return err
		}
		return s.showAct(w, p, c, form)
	}
	s.settled(r, receipt)
	s.redirect(w, r, "/pratiche/"+c.file.ID.String()+p.anchor, "done")
	return nil
}
