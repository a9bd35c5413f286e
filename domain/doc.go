// Package domain holds what every other room speaks of: actors and roles, codes, refusals, personal text and its seal, days.
//
// # The house
//
// A command meets the past of one stream and becomes events, or a refusal. Events are appended to the journal, all or none, at an
// expected revision; the journal is the only truth. Projections read it in order and keep views that can be thrown away and
// rebuilt. Policies read the same journal and may be repeated without harm. Personal data is sealed before it reaches any disk.
//
//	event      the journal's contract, codec, Execute       grade      age and school year to order and grade
//	casefile   one pupil's case                             calendar   working days, holidays
//	places     a school's places for one school year        access     role × relation → acts and fields
//	territory  comuni, centres, schools, routing, suspensions
//	account    who may act for which body                   policy     from a record to the commands it asks for
//	desk       what a person asks for, across streams       names      folding of names for comparison
//	returns    the Monday return of an institution          apart      pairs of cases that are of two children
//	fact       what other systems are told                  reading    who saw which pupil's data
//	planning   the plans that were drawn
//	notice     what people are told by mail                 matching   schools in order for one pupil, the best plan for many
//
// # Streams
//
//	case-<uuid>                  one case (package casefile)
//	places-<school>-<year>       the places of a site in the school year that begins in <year> (package places)
//	return-<institution>-<monday>  the return of an institution for a Monday, 2022-03-14 (package returns)
//	plan-<uuid>                  one plan as it was drawn (package planning)
//	apart-<uuid>.<uuid>          what is known of two cases, the lower id first (package apart)
//	school-<code>                a site in the register (package territory)
//	territory-<province>         comuni, centres, routing policies, suspensions of a province, "015" (package territory)
//	account-<uuid>               an account (package account)
//	reading-<uuid>               one answer that showed pupils' data (package reading)
//	notice-<uuid>                one message that left, named by its Message-ID, and its receipts (package notice)
//
// # Glossary
//
//	English here            Italian                          what it is
//	case                    pratica                          one pupil's way from request to first day; package casefile
//	sheet, row              foglio, riga                     many requests or enrolments in a spreadsheet; each row is one command
//	request                 richiesta                        what a comune submits, or the UST for a mail it received
//	household               nucleo familiare                 brothers and sisters: an id that their cases share
//	autonomous enrolment    iscrizione autonoma              recorded by a school that enrolled a pupil on its own
//	centre                  centro: CTI o Polo START         takes charge of a case and places it
//	ambito                  ambito territoriale              the area of one CTI
//	routing                 instradamento                    which centre a new case goes to, by a dated policy version
//	taking charge           presa in carico                  the centre says that it works on the case
//	holder                  titolare                         who must act next: a centre, a school, a comune
//	hand-over               passaggio                        from one centre to another
//	question, answer        richiesta di integrazione        asked by a centre, answered by a comune or school
//	note                    nota                             left for all who follow a case; asks nobody and tells nobody
//	message                 messaggio                        said to some of the bodies that follow a case; moves nothing
//	party                   chi segue la pratica             a body that messages are from and to: comune, centre, school, UST
//	offer                   proposta di inserimento          a centre's to a school, for a grade
//	plan                    piano                            where each of many pupils would go; nothing happens by it
//	ranking                 ordine delle scuole              schools for one pupil, by a sum of reasons in metres
//	reason                  motivo                           why a school stands where it does, by a code, and what that counts for
//	weights                 pesi                             what each reason counts; a register with versions
//	scenario                scenario                         a plan that supposes something that is not so; it cannot be confirmed
//	zone                    zona                             the sites whose pupils would be routed to a centre
//	lock                    blocco                           an officer's word on a pupil and a school in a plan: there, or never there
//	urgency                 urgenza                          how many pupils one counts for where a plan cannot place all
//	price                   prezzo                           what a place is worth in a plan; all together they prove that no plan is better
//	shortage                carenza                          pupils who all may go to the same places only, and are more than these hold
//	acceptance, decline     accoglimento, diniego            a school's answer; a decline has a coded reason
//	lapse                   decadenza                        an offer withdrawn for want of an answer; never acceptance
//	withdrawal              ritiro                           of an offer by the centre, or of a request by the comune
//	taking back             annullamento                     an act of one's own undone by a further event, while nobody has acted on it
//	place                   posto                            a seat in a grade of a site for a school year
//	held, taken, released   riservato, occupato, liberato    what becomes of a place
//	override                deroga                           the UST decides against a rule, with a reason
//	placement               inserimento                      accepted on; neither enrolment nor attendance
//	Monday return           rilevazione del lunedì           pupils taken in, by order, as of Monday 15:00; package returns
//	validation              validazione                      the school's word on its return; it can be undone
//	reminder                sollecito                        the UST asks for the answer, or the clock
//	taken in                accolto                          accepted or attending, and not ended
//	first day               primo giorno                     attending from
//	closure, reopening      chiusura, riapertura             with a coded reason
//	merge, un-merge         unione, separazione              two cases of one child
//	told apart              tenute distinte                  two cases that look alike, and are known to be of two children; package apart
//	suspension, resumption  sospensione, ripresa             of intake or placement, for all or part of the territory
//	erasure                 cancellazione                    proposed by one, approved by another; the pupil's keys are destroyed, the facts stay countable
//	retention               conservazione                    how long a class of data is kept, by a dated version of the register
//	restriction             limitazione del trattamento      the reading is left to holder, school and UST (GDPR art. 18); the case goes on
//	certificate             certificato di cancellazione     what was destroyed, decided by whom; nothing of the pupil
//	receipt                 ricevuta                         what was asked for a pupil, whose turn it is, and what comes next
//	family letter           lettera per la famiglia          what the family is told of a place, in Italian and in its own language
//	ledger of erasures      registro delle cancellazioni     tombstones outside the data, forgotten again at every start
//	subject access          accesso dell'interessato         everything held about one pupil (GDPR art. 15)
//	order, grade            ordine, anno di corso            infanzia, primaria 1–5, secondaria I 1–3, secondaria II 1–5
//	institution, site       istituzione, sede (plesso)       who answers an offer; where the pupil goes
//	count                   alunni contati                   pupils, classes and foreign pupils of a site, by an official file of a school year
//	room                    margine                          foreign pupils who may join before their share passes the ceiling
//	service                 servizio                         what a site offers besides lessons: Italian for newcomers, transport, canteen
//	reading                 lettura                          a pupil's data shown to somebody; the access record keeps all
//	ground                  titolo                           why somebody may see a pupil's data: the relation to the case
//	second factor           secondo fattore                  proved beside a password: a code by time, a passkey
//	delivery                consegna                         of a link: shown to who invites, or mailed to the person
//	letter                  messaggio di posta               what a person is sent by mail or PEC: one recipient, one link
//	notice                  avviso                           something that the people of a body are told, without a pupil's data
//	digest                  messaggio del giorno             the notices of a person in one mail, at 7:00 on working days
//	receipt                 ricevuta                         what a provider of certified mail (PEC) says of a message
//	provider                gestore d'identità               who vouches for who somebody is (SPID, CIE by a proxy), never for what they may do
//	identity                identità                         a person as a provider knows them; kept as a keyed token
//	approval                approvazione                     a second person's word for an invitation to a great role
//	ledger                  registro firmato                 the journal as a tree of hashes whose root is signed
//	checkpoint              punto di controllo               size and root of the ledger, signed, to be kept elsewhere
//	selection               file con le prove                records that a search has found, each with its proof
//	audit trail             registro (delle operazioni)      who did what and when, without anything of a pupil
//	basis                   in base a                        the law an act is done under, and the versions and reasons it was decided by
//	derived                 ricavato dal registro            said by the register of that moment, not by the event
//	as of                   che cosa si sapeva               what the journal had taken by an instant
//	witness                 testimone                        who remembers checkpoints and refuses another past
//	fact                    fatto                            an event as other systems are told of it, without personal data
//	outlet                  uscita                           where facts go
//	con riserva             con riserva                      enrolled while documents are missing (DPR 394/1999 art. 45)
//	MSNA                    minore straniero non accompagnato
//	register                registro                         dated, editable data that is not known for certain
package domain
