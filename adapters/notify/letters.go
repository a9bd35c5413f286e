package notify

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"text/template"
	"time"

	"approdo/domain"
)

//go:embed texts
var files embed.FS

// The languages of a letter, in the order they stand in it. Which one a person reads nobody has asked yet: a letter is in all.
var languages = []string{"it", "en"}

var texts = func() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, lang := range languages {
		all[lang] = template.Must(template.New("").Option("missingkey=error").ParseFS(files, "texts/"+lang+"/*.txt"))
	}
	return all
}()

// Letters writes to people about their accounts. Nothing in a letter is about a minor, and the person's own name is not in it either: it may
// come to the wrong mailbox.
type Letters struct {
	post    Post
	address string
	owner   string
}

// NewLetters sends by post. Address is where the service is reached, https://approdo.example.org; owner the body that runs it.
func NewLetters(p Post, address, owner string) *Letters {
	return &Letters{post: p, address: strings.TrimRight(address, "/"), owner: owner}
}

// letter is what the texts are given.
type letter struct {
	Owner   string
	Address string // of the page, without the token
	Link    string
	Token   string
	Expires string
}

// Link sends the link with which a person chooses the password: of a new account, or, renewed, of one there was. The token stands behind
// a #, which browsers keep to themselves: no server, proxy or log on the way ever has it, and no other site learns it as the referrer.
func (l *Letters) Link(ctx context.Context, to domain.Personal, token string, expires time.Time, renewed bool) error {
	name := "invitation.txt"
	if renewed {
		name = "renewal.txt"
	}
	page := l.address + "/attiva"
	return l.write(ctx, to, name, letter{Owner: l.owner, Address: page, Link: page + "#" + token, Token: token,
		Expires: expires.In(domain.Rome).Format("02/01/2006 15:04")})
}

// write sends a text in all languages.
func (l *Letters) write(ctx context.Context, to domain.Personal, name string, values letter) error {
	var subjects, bodies []string
	for _, lang := range languages {
		var out strings.Builder
		err := texts[lang].ExecuteTemplate(&out, name, values)
		if err != nil {
			return fmt.Errorf("notify: %s in %s: %w", name, lang, err)
		}
		subject, body, _ := strings.Cut(out.String(), "\n\n")
		subjects, bodies = append(subjects, subject), append(bodies, strings.TrimSpace(body))
	}
	return l.post.Send(ctx, Message{To: to, Subject: strings.Join(subjects, " / "), Text: strings.Join(bodies, "\n\n— — —\n\n") + "\n"})
}
