package web

import (
	"fmt"
	"html/template"
	"strings"
)

// What stands in every row of every table is written here and not by a template: the board has some thousand figures, and a template
// takes many times as long over each. Whatever is no markup of ours is escaped.

// cell writes a value with its link and its second line.
func (c catalogue) cell(x Cell) (template.HTML, error) {
	value, err := c.value(x)
	if err != nil {
		return "", err
	}
	if value, err = linked(value, x.Href); err != nil || x.Second == nil {
		return value, err
	}
	second, err := c.cell(*x.Second)
	return value + `<span class="second">` + second + "</span>", err
}

func (c catalogue) value(x Cell) (template.HTML, error) {
	var out strings.Builder
	if !x.Text.IsZero() {
		s, err := c.say(x.Text)
		if err != nil {
			return "", err
		}
		out.WriteString(template.HTMLEscapeString(s))
	}
	out.WriteString(template.HTMLEscapeString(x.Plain))
	if x.Code != "" {
		out.WriteString(`<span class="code">` + template.HTMLEscapeString(x.Code) + "</span>")
	}
	for _, marked := range []template.HTML{person(x.Person...), c.date(x.Date), c.instant(x.At)} {
		out.WriteString(string(marked))
	}
	if x.Number != nil {
		out.WriteString(c.number(*x.Number))
	}
	if !x.Badge.Text.IsZero() {
		b, err := c.badge(x.Badge)
		if err != nil {
			return "", err
		}
		out.WriteString(string(b))
	}
	return template.HTML(out.String()), nil
}

func (c catalogue) badge(b Badge) (template.HTML, error) {
	s, err := c.say(b.Text)
	return template.HTML(`<span class="badge-state tone-` + template.HTMLEscapeString(string(b.Tone)) + `">` + template.HTMLEscapeString(s) + "</span>"), err
}

// rows writes those of a matrix, each with the key by which a live page knows it.
func (c catalogue) rows(m matrix) (template.HTML, error) {
	var out strings.Builder
	for i, row := range m.Rows {
		key, err := m.key(c, i)
		if err != nil {
			return "", err
		}
		name, err := c.cell(row.Name)
		if err != nil {
			return "", err
		}
		told, err := c.figures(row.Cells)
		if err != nil {
			return "", err
		}
		out.WriteString("\n    <tr data-row=\"" + template.HTMLEscapeString(key) + `"><th scope="row">` + string(name) + "</th>" + string(told) + "</tr>")
	}
	return template.HTML(out.String()), nil
}

// circles draws comuni, each with its name and its figure.
func (c catalogue) circles(all []circle) (template.HTML, error) {
	var out strings.Builder
	for _, x := range all {
		told, err := c.told(x.N)
		if err != nil {
			return "", err
		}
		class := ""
		if x.N == 0 {
			class = ` class="nil"`
		}
		fmt.Fprintf(&out, "\n    <circle cx=\"%d\" cy=\"%d\" r=\"%d\"%s><title>%s: %s</title></circle>", x.X, x.Y, x.R, class,
			template.HTMLEscapeString(x.Name), template.HTMLEscapeString(told))
	}
	return template.HTML(out.String()), nil
}

// figures writes a row of figures, each with the list behind it.
func (c catalogue) figures(row []figure) (template.HTML, error) {
	var out strings.Builder
	for _, f := range row {
		s, err := c.told(f.N)
		if err != nil {
			return "", err
		}
		if f.N == 0 {
			out.WriteString(`<td class="numeric nil">` + s + "</td>")
			continue
		}
		told, err := linked(template.HTML(template.HTMLEscapeString(s)), f.Href)
		if err != nil {
			return "", err
		}
		out.WriteString(`<td class="numeric">` + string(told) + "</td>")
	}
	return template.HTML(out.String()), nil
}

// linked makes a link of what is written; without an address it stays what it is. An address leads to a page of ours, to a mailbox
// or to a telephone: one of another kind is a fault of ours.
func linked(written template.HTML, href string) (template.HTML, error) {
	if href == "" {
		return written, nil
	}
	scheme, _, has := strings.Cut(href, ":")
	if has && !strings.ContainsAny(scheme, "/?#") && scheme != "mailto" && scheme != "tel" {
		return "", fmt.Errorf("web: a link of the scheme %s", scheme)
	}
	return `<a href="` + template.HTML(template.HTMLEscapeString(href)) + `">` + written + "</a>", nil
}
