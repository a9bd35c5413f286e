package main

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"approdo/adapters/session"
	"approdo/adapters/web"
	"approdo/domain"
	"approdo/domain/returns"
)

// callers are the columns of the table: who asks, and what the cases are to them.
var callers = strings.Fields("anonymous comune-own comune-other centre-own centre-past centre-other school-own school-past school-other ust prefettura administrator")

// pageTable says what each page answers to whom, as package access and the reading of domain.md would have it. "in" leads to the
// sign-in. A page about a case has a row for each way the case stands: offered to the own school, accepted by it, or over (closed,
// and closed with its pupil erased; the own school is then one of the past); any is all of them. ACT is what can be done to a case,
// its form and the sending of it: "may" is the form (200), or why the case does not allow it as it stands (409), and, for an empty form
// with a revision long passed, what is wrong with it (409, 422), so that nothing happens.
const pageTable = `
                                                 anon comune    centre         school         UST  Pref admin
                                                      own  other own past other own past other
  GET /                                          in    200 200   200 200  200   200 200  200   200 200  200
  GET /accedi                                    200   303 303   303 303  303   303 303  303   303 303  303
  POST /accedi/provider                          404   404 404   404 404  404   404 404  404   404 404  404
  GET /accedi/ritorno                            404   404 404   404 404  404   404 404  404   404 404  404
  GET /aiuto                                     200   200 200   200 200  200   200 200  200   200 200  200
  GET /accessibilita                             200   200 200   200 200  200   200 200  200   200 200  200
  GET /attiva                                    200   200 200   200 200  200   200 200  200   200 200  200
  POST /attiva                                   422   422 422   422 422  422   422 422  422   422 422  422
  POST /attiva/provider                          404   404 404   404 404  404   404 404  404   404 404  404
  GET /avvisi                                    in    200 200   200 200  200   200 200  200   200 200  200
  POST /avvisi                                   in    422 422   422 422  422   422 422  422   422 422  422
  POST /bozze/{draft}/elimina                    in    303 303   403 403  403   403 403  403   303 403  403
  GET /cerca                                     in    200 200   200 200  200   200 200  200   200 403  403
  POST /cerca                                    in    422 422   422 422  422   422 422  422   422 403  403
  GET /conservazione/                            in    403 403   403 403  403   403 403  403   200 403  403
  GET /conservazione/proposte                    in    403 403   403 403  403   403 403  403   200 403  403
  POST /conservazione/proposte                    in    403 403   403 403  403   403 403  403   200 403  403
  GET /conservazione/scadute/{scope}             in    403 403   403 403  403   403 403  403   200 403  403
  POST /conservazione/scadute/{scope}            in    403 403   403 403  403   403 403  403   200 403  403
  GET /conservazione/tempi                       in    403 403   403 403  403   403 403  403   200 403  403
  POST /conservazione/tempi                      in    403 403   403 403  403   403 403  403   422 403  403
  GET /cruscotto                                 in    200 200   200 200  200   200 200  200   200 200  403
  GET /cruscotto/vivo                            in    200 200   200 200  200   200 200  200   200 200  403
  GET /novita                                    in    200 200   200 200  200   200 200  200   200 403  403
  GET /cruscotto/dati-aperti                     in    403 403   403 403  403   403 403  403   200 200  403
  GET /doppioni                                  in    403 403   403 403  403   403 403  403   200 403  403
  GET /doppioni/distinti                         in    403 403   403 403  403   403 403  403   200 403  403
  GET /doppioni/{first}/{second}                 in    403 403   403 403  403   403 403  403   404 403  403
  POST /doppioni/{first}/{second}/distinti       in    403 403   403 403  403   403 403  403   404 403  403
  POST /doppioni/{first}/{second}/dubbio         in    403 403   403 403  403   403 403  403   404 403  403
  GET /fogli/iscrizioni                          in    403 403   403 403  403   200 200  200   403 403  403
  POST /fogli/iscrizioni                         in    403 403   403 403  403   422 422  422   403 403  403
  GET /fogli/iscrizioni/modello                  in    403 403   403 403  403   200 200  200   403 403  403
  GET /fogli/iscrizioni/{import}                 in    403 403   403 403  403   404 404  404   403 403  403
  GET /fogli/iscrizioni/{import}/colonne         in    403 403   403 403  403   404 404  404   403 403  403
  POST /fogli/iscrizioni/{import}/colonne        in    403 403   403 403  403   404 404  404   403 403  403
  POST /fogli/iscrizioni/{import}/registra       in    403 403   403 403  403   404 404  404   403 403  403
  GET /fogli/iscrizioni/{import}/righe           in    403 403   403 403  403   404 404  404   403 403  403
  POST /fogli/iscrizioni/{import}/elimina        in    403 403   403 403  403   404 404  404   403 403  403
  GET /fogli/richieste                           in    200 200   403 403  403   403 403  403   200 403  403
  POST /fogli/richieste                          in    422 422   403 403  403   403 403  403   422 403  403
  GET /fogli/richieste/modello                   in    200 200   403 403  403   403 403  403   200 403  403
  GET /fogli/richieste/{import}                  in    404 404   403 403  403   403 403  403   404 403  403
  GET /fogli/richieste/{import}/colonne          in    404 404   403 403  403   403 403  403   404 403  403
  POST /fogli/richieste/{import}/colonne         in    404 404   403 403  403   403 403  403   404 403  403
  POST /fogli/richieste/{import}/registra        in    404 404   403 403  403   403 403  403   404 403  403
  GET /fogli/richieste/{import}/righe            in    404 404   403 403  403   403 403  403   404 403  403
  POST /fogli/richieste/{import}/elimina         in    404 404   403 403  403   403 403  403   404 403  403
  GET /funzionamento/                            in    403 403   403 403  403   403 403  403   200 403  200
  GET /funzionamento/avvisi                      in    403 403   403 403  403   403 403  403   200 403  200
  GET /funzionamento/avvisi/{mail}               in    403 403   403 403  403   403 403  403   404 403  404
  POST /funzionamento/avvisi/{mail}/riprova      in    403 403   403 403  403   403 403  403   404 403  404
  GET /funzionamento/{parked}                    in    403 403   403 403  403   403 403  403   404 403  404
  POST /funzionamento/{parked}/rinuncia          in    403 403   403 403  403   403 403  403   404 403  404
  POST /funzionamento/{parked}/riprova           in    403 403   403 403  403   403 403  403   404 403  404
  GET /iscrizioni/nuova                          in    403 403   403 403  403   200 200  200   403 403  403
  POST /iscrizioni/nuova                         in    403 403   403 403  403   422 422  422   403 403  403
  POST /lingua                                   422   422 422   422 422  422   422 422  422   422 422  422
  GET /password                                  in    200 200   200 200  200   200 200  200   200 200  200
  POST /password                                 in    422 422   422 422  422   422 422  422   422 422  422
  GET /password/dimenticata                      200   200 200   200 200  200   200 200  200   200 200  200
  POST /password/dimenticata                     200   200 200   200 200  200   200 200  200   200 200  200
  GET /piani                                     in    403 403   200 200  200   403 403  403   200 403  403
  POST /piani                                    in    403 403   422 422  422   403 403  403   422 403  403
  GET /piani/confronto                           in    403 403   404 404  404   403 403  403   404 403  403
  GET /piani/in-corso/{drawing}                  in    403 403   303 303  303   403 403  403   303 403  403
  POST /piani/in-corso/{drawing}/interrompi      in    403 403   303 303  303   403 403  403   303 403  403
  GET /piani/scenario                            in    403 403   200 200  200   403 403  403   200 403  403
  POST /piani/scenario                           in    403 403   422 422  422   403 403  403   422 403  403
  GET /piani/{plan}                              in    403 403   404 404  404   403 403  403   404 403  403
  GET /piani/{plan}/prova                        in    403 403   404 404  404   403 403  403   404 403  403
  GET /piani/{plan}/zone                         in    403 403   404 404  404   403 403  403   404 403  403
  POST /piani/{plan}/zone                        in    403 403   404 404  404   403 403  403   404 403  403
  POST /piani/{plan}/ricalcola                   in    403 403   404 404  404   403 403  403   404 403  403
  POST /piani/{plan}/proposte                    in    403 403   404 404  404   403 403  403   404 403  403
  GET /posti                                     in    403 403   403 403  403   200 200  200   303 403  403
  GET /posti/{school}                            in    403 403   403 403  403   200 404  404   200 403  403
  POST /posti/{school}                           in    403 403   403 403  403   409 404  404   409 403  403
  GET /posti/{school}/servizi                    in    403 403   403 403  403   200 404  404   200 403  403
  POST /posti/{school}/servizi                   in    403 403   403 403  403   409 404  404   409 403  403
  GET /pratiche                                  in    200 200   200 200  200   200 200  200   200 403  403
  GET /pratiche/famiglia                         in    200 200   403 403  403   403 403  403   200 403  403
  POST /pratiche/famiglia                        200   422 422   403 403  403   403 403  403   422 403  403
  GET /pratiche/famiglia/registrate              in    404 404   403 403  403   403 403  403   404 403  403
  GET /pratiche/insieme/{what}                   in    403 403   200 200  200   403 403  403   200 403  403
  POST /pratiche/insieme/{what}                  in    403 403   200 200  200   403 403  403   200 403  403
  GET /pratiche/nuova                            in    200 200   403 403  403   403 403  403   200 403  403
  POST /pratiche/nuova                           200   422 422   403 403  403   403 403  403   422 403  403
  POST /pratiche/viste                           in    422 422   422 422  422   422 422  422   422 403  403
  GET /pratiche/viste/{view}                     in    404 404   404 404  404   404 404  404   404 403  403
  POST /pratiche/viste/{view}/elimina            in    404 404   404 404  404   404 404  404   404 403  403
  GET /privacy                                   200   200 200   200 200  200   200 200  200   200 200  200
  GET /registro                                  in    403 403   403 403  403   403 403  403   303 303  403
  GET /registro/cerca                            in    403 403   403 403  403   403 403  403   200 200  403
  GET /registro/cerca.csv                        in    403 403   403 403  403   403 403  403   200 200  403
  GET /registro/cerca.xlsx                       in    403 403   403 403  403   403 403  403   200 200  403
  GET /registro/cerca.jsonl                      in    403 403   403 403  403   403 403  403   200 200  403
  GET /registro/{day}                            in    403 403   403 403  403   403 403  403   200 200  403
  GET /registro/prove                            in    403 403   403 403  403   403 403  403   200 200  403
  GET /registro/prove/chiave                     in    403 403   403 403  403   403 403  403   200 200  403
  GET /registro/prove/continuita                 in    403 403   403 403  403   403 403  403   404 404  403
  GET /registro/prove/eventi/{position}          in    403 403   403 403  403   403 403  403   404 404  403
  GET /registro/prove/punti/{size}               in    403 403   403 403  403   403 403  403   404 404  403
  GET /rilevazione                               in    403 403   403 403  403   303 303  303   303 303  403
  GET /rilevazione/{monday}                      in    403 403   403 403  403   200 200  200   200 200  403
  POST /rilevazione/{monday}                     in    403 403   403 403  403   422 422  422   403 403  403
  GET /rilevazione/{monday}/annulla              in    403 403   403 403  403   409 409  409   403 403  403
  POST /rilevazione/{monday}/annulla             in    403 403   403 403  403   409 409  409   403 403  403
  GET /rilevazione/{monday}/file                 in    403 403   403 403  403   403 403  403   200 403  403
  GET /rilevazione/{monday}/solleciti            in    403 403   403 403  403   403 403  403   303 403  403
  POST /rilevazione/{monday}/solleciti           in    403 403   403 403  403   403 403  403   303 403  403
  GET /rilevazione/{monday}/{institution}        in    403 403   403 403  403   200 403  403   200 403  403
  GET /riprendi/{draft}                          in    404 404   404 404  404   404 404  404   404 404  404
  POST /riprendi/{draft}/elimina                 in    303 303   303 303  303   303 303  303   303 303  303
  GET /letture                                   in    403 403   403 403  403   403 403  403   200 200  403
  GET /scuole                                    in    403 403   200 200  200   403 403  403   200 200  403
  GET /scuole/{school}                           in    403 403   200 200  200   403 403  403   200 200  403
  POST /sicurezza/provider                       in    404 404   404 404  404   404 404  404   404 404  404
  POST /sicurezza/provider/rimuovi               in    404 404   404 404  404   404 404  404   404 404  404
  GET /sicurezza                                 in    200 200   200 200  200   200 200  200   200 200  200
  POST /sicurezza/accessi/{access}/chiudi        in    404 404   404 404  404   404 404  404   404 404  404
  GET /sicurezza/codice                          in    200 200   200 200  200   200 200  200   200 200  200
  POST /sicurezza/codice                         in    422 422   422 422  422   422 422  422   422 422  422
  POST /sicurezza/fattori/{factor}/togli         in    404 404   404 404  404   404 404  404   404 404  404
  GET /sicurezza/passkey                         in    409 409   409 409  409   409 409  409   409 409  409
  POST /sicurezza/passkey                        in    409 409   409 409  409   409 409  409   409 409  409
  POST /sicurezza/recupero                       in    404 404   404 404  404   404 404  404   200 200  200
  GET /sicurezza/verifica                        in    303 303   303 303  303   303 303  303   303 303  303
  POST /sicurezza/verifica                       in    422 422   422 422  422   422 422  422   422 422  422
  POST /sicurezza/verifica/passkey               in    409 409   409 409  409   409 409  409   409 409  409
  GET /territorio/                               in    403 403   200 200  200   403 403  403   200 200  403
  GET /territorio/centri                         in    403 403   200 200  200   403 403  403   200 200  403
  GET /territorio/centri/{code}                  in    403 403   200 200  200   403 403  403   200 200  403
  POST /territorio/centri/{code}                 in    403 403   403 403  403   403 403  403   422 403  403
  GET /territorio/comuni                         in    403 403   200 200  200   403 403  403   200 200  403
  GET /territorio/comuni/{code}                  in    403 403   200 200  200   403 403  403   200 200  403
  POST /territorio/comuni/{code}                 in    403 403   403 403  403   403 403  403   409 403  403
  GET /territorio/conferma                       in    403 403   403 403  403   403 403  403   200 403  403
  POST /territorio/conferma                      in    403 403   403 403  403   403 403  403   422 403  403
  GET /territorio/politica                       in    403 403   200 200  200   403 403  403   200 200  403
  POST /territorio/politica                      in    403 403   403 403  403   403 403  403   409 403  403
  GET /territorio/solleciti                      in    403 403   200 200  200   403 403  403   200 200  403
  POST /territorio/solleciti                     in    403 403   403 403  403   403 403  403   422 403  403
  GET /territorio/pesi                           in    403 403   200 200  200   403 403  403   200 200  403
  POST /territorio/pesi                          in    403 403   403 403  403   403 403  403   422 403  403
  GET /territorio/sospensioni                    in    403 403   200 200  200   403 403  403   200 200  403
  GET /territorio/sospensioni/nuova              in    403 403   403 403  403   403 403  403   200 200  403
  POST /territorio/sospensioni/nuova             in    403 403   403 403  403   403 403  403   422 422  403
  GET /territorio/sospensioni/{number}/riprendi  in    403 403   403 403  403   403 403  403   200 200  403
  POST /territorio/sospensioni/{number}/riprendi in    403 403   403 403  403   403 403  403   409 409  403
  GET /territorio/termini                        in    403 403   200 200  200   403 403  403   200 200  403
  POST /territorio/termini                       in    403 403   403 403  403   403 403  403   422 403  403
  GET /territorio/tetto                          in    403 403   200 200  200   403 403  403   200 200  403
  POST /territorio/tetto                         in    403 403   403 403  403   403 403  403   422 403  403
  GET /utenze/                                   in    403 403   403 403  403   403 403  403   200 403  200
  GET /utenze/nuova                              in    403 403   403 403  403   403 403  403   200 403  200
  POST /utenze/nuova                             in    403 403   403 403  403   403 403  403   422 403  422
  GET /utenze/{account}                          in    403 403   403 403  403   403 403  403   200 403  200
  GET /utenze/{account}/{act} approva            in    403 403   403 403  403   403 403  403   200 403  200
  POST /utenze/{account}/{act} approva           in    403 403   403 403  403   403 403  403   303 403  303
  GET /utenze/{account}/{act} rifiuta            in    403 403   403 403  403   403 403  403   200 403  200
  POST /utenze/{account}/{act} rifiuta           in    403 403   403 403  403   403 403  403   409 403  409
  GET /utenze/{account}/{act} fattore            in    403 403   403 403  403   403 403  403   200 403  200
  GET /utenze/{account}/{act} mantieni           in    403 403   403 403  403   403 403  403   200 403  200
  POST /utenze/{account}/{act} mantieni          in    403 403   403 403  403   403 403  403   303 403  303
  GET /utenze/{account}/{act} chiudi             in    403 403   403 403  403   403 403  403   200 403  200
  GET /utenze/{account}/{act} invito             in    403 403   403 403  403   403 403  403   200 403  200
  GET /utenze/{account}/{act} riattiva           in    403 403   403 403  403   403 403  403   200 403  200
  GET /utenze/{account}/{act} sospendi           in    403 403   403 403  403   403 403  403   200 403  200
  GET /utenze/{account}/{act} spedisci           in    403 403   403 403  403   403 403  403   404 403  404
  GET /utenze/{account}/{act} volo               in    403 403   403 403  403   403 403  403   404 403  404
  POST /utenze/{account}/{act} chiudi            in    403 403   403 403  403   403 403  403   422 403  422
  POST /utenze/{account}/{act} invito            in    403 403   403 403  403   403 403  403   200 403  200
  POST /utenze/{account}/{act} riattiva          in    403 403   403 403  403   403 403  403   303 403  303
  POST /utenze/{account}/{act} sospendi          in    403 403   403 403  403   403 403  403   422 403  422
  POST /utenze/{account}/{act} spedisci          in    403 403   403 403  403   403 403  403   404 403  404
  POST /utenze/{account}/{act} volo              in    403 403   403 403  403   403 403  403   404 403  404
  GET /pratiche/{case}/ any                      in    200 404   200 200  404   200 200  404   200 403  404
  GET /pratiche/{case}/registro any              in    403 404   200 403  404   403 403  404   200 200  404
  GET /pratiche/{case}/accesso.json offered,accepted,closed in    403 404   403 403  404   403 403  404   200 403  404
  GET /pratiche/{case}/accesso.json erased            in    403 404   403 403  404   403 403  404   409 403  404
  GET /pratiche/{case}/accesso offered,accepted,closed in    403 404   403 403  404   403 403  404   200 403  404
  GET /pratiche/{case}/accesso erased            in    403 404   403 403  404   403 403  404   409 403  404
  GET /pratiche/{case}/certificato offered,accepted,closed in    403 404   403 403  404   403 403  404   404 403  404
  GET /pratiche/{case}/certificato erased        in    403 404   403 403  404   403 403  404   200 403  404
  GET /pratiche/{case}/ricevuta offered,accepted,closed in    200 404   403 403  404   403 403  404   200 403  404
  GET /pratiche/{case}/ricevuta erased           in    409 404   403 403  404   403 403  404   409 403  404
  GET /pratiche/{case}/lettera offered,accepted  in    403 404   200 403  404   200 403  404   200 403  404
  GET /pratiche/{case}/lettera over              in    403 404   409 403  404   403 403  404   409 403  404
  GET /pratiche/{case}/scuole offered,accepted,closed in      403 404   200 403  404   403 403  404   200 403  404
  GET /pratiche/{case}/scuole erased             in    403 404   409 403  404   403 403  404   409 403  404
  GET /pratiche/{case}/scuole/{school} offered,accepted,closed in 403 404   200 403  404   403 403  404   200 403  404
  GET /pratiche/{case}/scuole/{school} erased    in    403 404   409 403  404   403 403  404   409 403  404
  GET /pratiche/{case}/letture any               in    403 404   403 403  404   403 403  404   200 200  404
  GET /pratiche/{case}/letture.csv any           in    403 404   403 403  404   403 403  404   200 200  404
  GET /pratiche/{case}/nome any                  in    403 404   403 403  404   403 403  404   403 200  404
  POST /pratiche/{case}/nome any                 in    403 404   403 403  404   403 403  404   403 422  404
  ACT accoglimento offered                       in    403 404   403 403  404   may 403  404   may 403  404
  ACT accoglimento accepted,over                 in    403 404   403 403  404   403 403  404   may 403  404
  ACT annulla-accoglimento offered,over          in    403 404   403 403  404   403 403  404   may 403  404
  ACT annulla-accoglimento accepted              in    403 404   403 403  404   may 403  404   may 403  404
  ACT annulla-diniego offered,accepted           in    403 404   403 403  404   403 may  404   may 403  404
  ACT annulla-diniego over                       in    403 404   403 403  404   may may  404   may 403  404
  ACT annulla-passaggio any                      in    403 404   403 may  404   403 403  404   may 403  404
  ACT annulla-primo-giorno offered,over          in    403 404   403 403  404   403 403  404   may 403  404
  ACT annulla-primo-giorno accepted              in    403 404   403 403  404   may 403  404   may 403  404
  ACT anno offered,over                          in    403 404   may 403  404   403 403  404   may 403  404
  ACT anno accepted                              in    403 404   may 403  404   may 403  404   may 403  404
  ACT approva-cancellazione any                  in    403 404   403 403  404   403 403  404   may 403  404
  ACT cancellazione any                          in    403 404   403 403  404   403 403  404   may 403  404
  ACT chiusura offered,over                      in    403 404   may 403  404   403 403  404   may 403  404
  ACT chiusura accepted                          in    403 404   may 403  404   may 403  404   may 403  404
  ACT correzione offered,over                    in    may 404   may 403  404   403 403  404   may 403  404
  ACT correzione accepted                        in    may 404   may 403  404   may 403  404   may 403  404
  ACT diniego offered                            in    403 404   403 403  404   may 403  404   may 403  404
  ACT diniego accepted,over                      in    403 404   403 403  404   403 403  404   may 403  404
  ACT domanda any                                in    403 404   may 403  404   403 403  404   may 403  404
  ACT domicilio offered,over                     in    may 404   may 403  404   403 403  404   may 403  404
  ACT domicilio accepted                         in    may 404   may 403  404   may 403  404   may 403  404
  ACT fine-frequenza offered,over                in    403 404   403 403  404   403 403  404   may 403  404
  ACT fine-frequenza accepted                    in    403 404   403 403  404   may 403  404   may 403  404
  ACT fine-limitazione any                       in    403 404   403 403  404   403 403  404   may 403  404
  ACT limitazione any                            in    403 404   403 403  404   403 403  404   may 403  404
  ACT messaggio offered,accepted                 in    may 404   may 403  404   may 403  404   may 403  404
  ACT messaggio over                             in    may 404   may 403  404   403 403  404   may 403  404
  ACT nota offered,accepted                      in    may 404   may 403  404   may 403  404   may 403  404
  ACT nota over                                  in    may 404   may 403  404   403 403  404   may 403  404
  ACT passaggio any                              in    403 404   may 403  404   403 403  404   may 403  404
  ACT presa-in-carico any                        in    403 404   may 403  404   403 403  404   may 403  404
  ACT primo-giorno offered,over                  in    403 404   403 403  404   403 403  404   may 403  404
  ACT primo-giorno accepted                      in    403 404   403 403  404   may 403  404   may 403  404
  ACT proposta any                               in    403 404   may 403  404   403 403  404   may 403  404
  ACT respingi-cancellazione any                 in    403 404   403 403  404   403 403  404   may 403  404
  ACT riapertura any                             in    may 404   may 403  404   403 403  404   may 403  404
  ACT risposta offered,accepted                  in    may 404   may 403  404   may 403  404   may 403  404
  ACT risposta over                              in    may 404   may 403  404   403 403  404   may 403  404
  ACT ritira-cancellazione any                   in    403 404   403 403  404   403 403  404   may 403  404
  ACT ritiro any                                 in    may 404   403 403  404   403 403  404   may 403  404
  ACT ritiro-proposta any                        in    403 404   may 403  404   403 403  404   may 403  404
  ACT separazione any                            in    403 404   403 403  404   403 403  404   may 403  404
  ACT unione any                                 in    403 404   403 403  404   403 403  404   may 403  404
  ACT volo any,absent                            in    404 404   404 404  404   404 404  404   404 404  404
  ANY page of a case that is absent              in    404 404   404 404  404   404 404  404   404 404  404
`

func TestEveryPageAnswersAsItsRowSays(t *testing.T) {
	t.Parallel()
	w := newRouteWorld(t)
	rows := pageRows(t)
	before := w.revisions()
	used := map[string]bool{}
	for _, want := range w.wantedRows() {
		answers, ok := rows[want.row]
		if !ok {
			t.Errorf("no row for %s", want.row)
			continue
		}
		used[want.row] = true
		for i, c := range callers {
			got := w.call(c, want.method, want.path)
			if strings.HasPrefix(want.row, "ACT ") && (got == "409" || want.method == "GET" && got == "200" || want.method == "POST" && got == "422") {
				got = "may"
			}
			if got != answers[i] {
				t.Errorf("%s: %s answers %s to %s, want %s", want.row, want.method, got, c, answers[i])
			}
		}
	}
	for row := range rows {
		if !used[row] {
			t.Errorf("%s has a row and is no page", row)
		}
	}
	if after := w.revisions(); !maps.Equal(before, after) {
		t.Errorf("the cases were changed: %v, %v", before, after)
	}
	w.likeNone()
}

// revisions says how many events each case has.
func (w *routeWorld) revisions() map[string]int {
	w.Helper()
	out := map[string]int{}
	for stage, id := range w.cases {
		if stage != "absent" {
			out[stage] = read[struct{ Revision int }](w.callers["ust"].get("/cases/" + id)).Revision
		}
	}
	return out
}

const absentRow = "ANY page of a case that is absent"

// stagesOf spells out the ways a case stands that a row is for.
var stagesOf = map[string][]string{"offered": {"offered"}, "accepted": {"accepted"}, "over": {"closed", "erased"}, "absent": {"absent"},
	"any": {"offered", "accepted", "closed", "erased"}, "closed": {"closed"}, "erased": {"erased"}}

// pageRows reads the table: the answers by route, or by route and the way a case stands.
func pageRows(t *testing.T) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	add := func(name string, answers []string) {
		if _, twice := rows[name]; twice {
			t.Errorf("two rows for %s", name)
		}
		rows[name] = answers
	}
	for line := range strings.Lines(pageTable) {
		words := strings.Fields(line)
		head := len(words) - len(callers)
		if head < 2 || !slices.Contains([]string{"GET", "POST", "ACT", "ANY"}, words[0]) {
			continue
		}
		name, answers := strings.Join(words[:head], " "), words[head:]
		if name == absentRow || words[0] != "ACT" && !strings.Contains(name, "{case}") {
			add(name, answers)
			continue
		}
		name = strings.Join(words[:head-1], " ")
		for _, group := range strings.Split(words[head-1], ",") {
			for _, stage := range stagesOf[group] {
				add(name+" "+stage, answers)
			}
		}
	}
	return rows
}

// routeWorld is a service with a case in each relation to each caller.
type routeWorld struct {
	*story
	callers map[string]*person
	cases   map[string]string // by what they are
	account string
	site    string
	own     string // institution of the own school
}

const nowhere = "018f0000-0000-7000-8000-000000000000"

func newRouteWorld(t *testing.T) *routeWorld {
	t.Helper()
	s := newStory(t, inFiles)
	admin := s.begin(inventedSchools)
	ust := s.invite(admin, "ust", "")
	const rozzano, legnano = "015189", "015118"
	home, away, elsewhere := s.centreOf(ust, rozzano), s.centreOf(ust, legnano), s.centreOf(ust, string(domain.Milano))
	schools := s.sites(ust, rozzano, "primaria")
	w := &routeWorld{story: s, cases: map[string]string{"absent": nowhere}, site: schools[0].Code, own: schools[0].Institution, callers: map[string]*person{
		"anonymous":  s.program.person("nobody"),
		"comune-own": s.invite(ust, "comune", rozzano), "comune-other": s.invite(ust, "comune", legnano),
		"centre-own": s.invite(ust, "centre", away), "centre-past": s.invite(ust, "centre",
			home), "centre-other": s.invite(ust, "centre", elsewhere),
		"school-own": s.invite(ust, "school", schools[0].Institution), "school-past": s.invite(ust, "school", schools[1].Institution),
		"school-other": s.invite(ust, "school", schools[2].Institution),
		"ust":          ust, "prefettura": s.invite(admin, "prefettura", ""), "administrator": admin}}
	w.account = read[struct{ AccountID string }](w.callers["comune-other"].get("/sessions/current")).AccountID
	for i, name := range []string{"school-own", "school-past"} {
		w.callers[name].post("/schools/"+schools[i].Code+"/places", fields{"school_year": schoolYearNow(),
			"level": "primaria-3", "free": 9})
	}
	for i, stage := range stages {
		request, _ := marked(i)
		w.cases[stage] = w.live(stage, request, schools)
	}
	number := read[struct{ Number int }](w.callers["prefettura"].post("/territory/suspensions", fields{"kind": "placement",
		"reason": "Prova"})).Number
	if number != 1 {
		t.Fatalf("the first suspension has the number %d", number)
	}
	eventually(t, "a checkpoint, to prove what a search finds", func() bool { return ust.get("/ledger/checkpoints/latest").status == http.StatusOK })
	return w
}

// stages are how the cases of the world stand.
var stages = []string{"offered", "accepted", "closed", "erased"}

// live brings a case so far that every caller of the table is to it what his name says.
func (w *routeWorld) live(until string, request fields, schools []site) string {
	w.Helper()
	who := w.callers
	id := caseOf(who["comune-own"].post("/cases", request))
	at := "/cases/" + id
	who["centre-past"].post(at+"/charge", nil)
	who["centre-past"].post(at+"/notes", fields{"text": strings.Replace(request["given_name"].(string), "Nome", "Appunto", 1)})
	who["centre-past"].post(at+"/hand-overs", fields{"to": strings.TrimPrefix(w.keyOf(who["centre-own"]), "centre:"), "reason": "agreed"})
	who["centre-own"].post(at+"/charge", nil)
	who["centre-own"].post(at+"/offers", fields{"school": schools[1].Code, "level": "primaria-3"})
	who["school-past"].post(at+"/offers/"+who["school-past"].offerOf(id)+"/decline", fields{"reason": "family-declined"})
	who["centre-own"].post(at+"/offers", fields{"school": schools[0].Code, "level": "primaria-3"})
	if until == "offered" {
		return id
	}
	who["school-own"].post(at+"/offers/"+who["school-own"].offerOf(id)+"/acceptance", nil)
	if until == "accepted" {
		return id
	}
	who["centre-own"].post(at+"/closure", fields{"reason": "moved-abroad"})
	if until == "erased" {
		w.erase(who["ust"], id)
	}
	return id
}

func (w *routeWorld) keyOf(p *person) string {
	for key, other := range w.people {
		if other == p {
			return key
		}
	}
	return ""
}

// call asks for a page and gives the answer as the table writes it.
func (w *routeWorld) call(caller, method, path string) string {
	w.Helper()
	p := w.callers[caller]
	r := p.request(method, path, nil)
	if method == http.MethodPost {
		r = p.request(method, path, strings.NewReader("_revision=0"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	x := p.send(r)
	if what := lacking(x.header, false); what != "" {
		w.Errorf("%s %s: an answer of %d without %s", method, path, x.status, what)
	}
	if x.status == http.StatusSeeOther && strings.HasPrefix(x.header.Get("Location"), "/accedi") {
		return "in"
	}
	return strconv.Itoa(x.status)
}

// wantedRow is a route with its parameters filled in.
type wantedRow struct{ row, method, path string }

// apart are routes that others test: they end the session, make whoever tries again and again wait, or are no page.
var apart = []string{"POST /esci", "POST /accedi", "GET /static/{hash}/*", "POST /sicurezza/rientra", "POST /sicurezza/accessi/altri",
	"POST /utenze/{account}/{act} fattore"}

// wantedRows walks the routes of the pages. Those about a case have a row for each case, those of acts one for each act.
func (w *routeWorld) wantedRows() (out []wantedRow) {
	w.Helper()
	handler, err := web.New(web.Config{Sessions: session.New(session.Config{})})
	if err != nil {
		w.Fatal(err)
	}
	routes, ok := handler.(chi.Routes)
	if !ok {
		w.Fatal("the pages do not tell their routes")
	}
	fill := strings.NewReplacer("{scope}", "pupil", "{what}", "presa-in-carico", "{school}", w.site, "{account}", w.account, "{day}", "2022-03-14", "{number}", "1", "{parked}",
		nowhere, "{draft}", nowhere, "{mail}", nowhere, "{import}", nowhere, "{plan}", nowhere, "{drawing}", nowhere, "{first}", nowhere, "{second}", nowhere, "{factor}", nowhere, "{access}", nowhere,
		"{monday}", returns.Last(time.Now()).String(), "{institution}", w.own,
		"{code}", "", "/*", "")
	err = chi.Walk(routes, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if slices.Contains(apart, method+" "+pattern) {
			return nil
		}
		path := pattern
		switch {
		case strings.Contains(path, "/comuni/{code}"):
			path = strings.Replace(path, "{code}", "015189", 1)
		case strings.Contains(path, "/centri/{code}"):
			path = strings.Replace(path, "{code}", "POLO-1", 1)
		}
		if !strings.Contains(pattern, "{act}") {
			out = append(out, w.about(method+" "+pattern, method, fill.Replace(path))...)
			return nil
		}
		for _, act := range actsOf(w.T, pattern) {
			row := method + " " + pattern + " " + act
			if slices.Contains(apart, row) {
				continue
			}
			if strings.Contains(pattern, "{case}") {
				row = "ACT " + act
			}
			out = append(out, w.about(row, method, fill.Replace(strings.Replace(path, "{act}", act, 1)))...)
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	slices.SortFunc(out, func(a, b wantedRow) int { return strings.Compare(a.row+a.method, b.row+b.method) })
	return out
}

// about gives a page, or a page about a case once for each case.
func (w *routeWorld) about(row, method, path string) (out []wantedRow) {
	if !strings.Contains(path, "{case}") {
		return []wantedRow{{row, method, path}}
	}
	for stage, id := range w.cases {
		of := row + " " + stage
		if method == "GET" && strings.HasPrefix(row, "ACT ") && !slices.Contains([]string{"offered", "accepted"}, stage) {
			continue // the sending of the form says it too
		}
		if stage == "absent" && !strings.HasSuffix(row, " "+noAct) {
			of = absentRow
		}
		out = append(out, wantedRow{of, method, strings.Replace(path, "{case}", id, 1)})
	}
	return out
}

var actPath = regexp.MustCompile(`\{path: "([a-z-]+)"`)

// noAct is nothing that can be done.
const noAct = "volo"

// actsOf reads the acts of a route with {act} where the pages list them.
func actsOf(t *testing.T, pattern string) (out []string) {
	t.Helper()
	file := "page_act.go"
	if strings.Contains(pattern, "{account}") {
		file = "page_accounts.go"
	}
	b, err := os.ReadFile(filepath.Join(moduleRoot(t), "adapters", "web", file))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range actPath.FindAllSubmatch(b, -1) {
		out = append(out, string(m[1]))
	}
	if len(out) < 3 {
		t.Fatalf("%d acts in %s", len(out), file)
	}
	return append(out, noAct)
}

var requestID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// likeNone wants that whoever has no relation to a case cannot tell it from one that is not there: each page is the same, byte for
// byte, but for the ids of the request and of the case.
func (w *routeWorld) likeNone() {
	w.Helper()
	for _, caller := range []string{"comune-other", "centre-other", "school-other", "administrator"} {
		p := w.callers[caller]
		for _, tail := range []string{"", "/registro", "/presa-in-carico", "/nota", "/" + noAct} {
			none := p.page("/pratiche/" + nowhere + tail).want(http.StatusNotFound)
			for stage, id := range w.cases {
				mine := p.page("/pratiche/" + id + tail)
				if mine.status != none.status || !bytes.Equal(requestID.ReplaceAll(mine.body, nil),
					requestID.ReplaceAll(none.body, nil)) {
					w.Errorf("%s tells a case that is %s from none at …%s", caller, stage, tail)
				}
			}
		}
	}
}
