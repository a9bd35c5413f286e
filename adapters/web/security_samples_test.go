package web

import (
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
)

// securitySamples are the pages of a person's own account.
func securitySamples() []sample {
	when := time.Date(2022, time.March, 14, 9, 30, 0, 0, time.UTC)
	wrong := proveForm()
	wrong.refuse(session.ErrFactorWrong)
	phone := session.Factor{ID: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000011"), Kind: session.FactorCode, Since: when}
	key := session.Factor{ID: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000012"), Kind: session.FactorPasskey, Since: when}
	accesses := []session.Access{{ID: "a1", Proof: session.ByFactor, Since: when.Add(time.Hour), Seen: when.Add(2 * time.Hour), This: true},
		{ID: "a2", Proof: session.ByRecovery, Since: when, Seen: when}}
	offered := newForm("/sicurezza/provider", text("provider.bind", "name", "SPID"))
	codes := recoveryCodes{text("codes.enrolled"), []string{"01234-56789", "abcde-fghjk", "mnpqr-stvwx"}, "/"}
	title, must := text("security.title"), security{Must: true, Next: "/pratiche", Needed: true, Passkeys: true, Accesses: accesses[:1]}
	return []sample{
		sampleOf("/sicurezza", domain.RoleUST, securityView, 200, title, security{Needed: true, Factors: []session.Factor{phone, key}, Codes: 7, Passkeys: true,
			Accesses: accesses, Provider: &part{ID: "provider", Title: text("provider.part", "name", "SPID"), Text: text("provider.bind-text", "name", "SPID"),
				Form: offered}}, Crumb{Text: title}),
		sampleOf("/sicurezza-serve", domain.RoleUST, securityView, 200, title, must, Crumb{Text: title}),
		sampleOf("/sicurezza-vietato", domain.RoleComune, securityView, 403, title, security{Factors: []session.Factor{phone}, Codes: 1, Accesses: accesses,
			Fault: session.ErrNotRecent}, Crumb{Text: title}),
		sampleOf("/sicurezza/verifica", domain.RoleUST, proveView, 200, text("prove.title"), prove{Form: proveForm(), Next: "/pratiche", Passkey: `{"publicKey":{}}`}),
		sampleOf("/sicurezza/verifica-rifiutato", domain.RoleUST, proveView, 422, text("prove.title"), prove{Form: wrong, Next: "/"}),
		sampleOf("/sicurezza/codice", domain.RoleUST, enrolCodeView, 200, text("enrol.code-title"), enrol{Title: text("enrol.code-title"), Next: "/", Form: enrolForm(),
			Secret: grouped("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"), Picture: "data:image/png;base64,iVBORw0KGgo="}, securityCrumb, Crumb{Text: text("enrol.code-title")}),
		sampleOf("/sicurezza/passkey-rifiutato", domain.RoleUST, enrolPasskeyView, 422, text("enrol.passkey-title"), enrol{Title: text("enrol.passkey-title"), Next: "/",
			Question: `{"publicKey":{}}`, Fault: errPasskey}, securityCrumb, Crumb{Text: text("enrol.passkey-title")}),
		sampleOf("/sicurezza/recupero", domain.RoleUST, codesView, 200, codes.Title, codes, securityCrumb, Crumb{Text: codes.Title}),
	}
}
