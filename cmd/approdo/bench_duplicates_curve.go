package main

import (
	"fmt"
	"strings"

	"approdo/domain/names"
	"approdo/domain/names/measure"
)

// The picture shows from least to 100 % of both, on a square of that many units beside its margins.
const (
	curveLeast  = 0.85
	curveSide   = 400.0
	curveMargin = 60.0
)

// curve draws precision over recall as the threshold moves, of the pairs and of the registers, as an SVG that needs nothing else.
func curve(pairs []measure.Judged, registers []measure.Register) string {
	var out strings.Builder
	side := curveSide + 2*curveMargin
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" role="img" font-family="sans-serif" font-size="14">`+"\n", side, side)
	fmt.Fprintf(&out, "<title>Precisione e richiamo dei doppioni</title>\n"+`<rect width="%.0f" height="%.0f" fill="#fff"/>`+"\n", side, side)
	for p := curveLeast; p < 1.001; p += 0.05 {
		x, y := curvePoint(p, p)
		fmt.Fprintf(&out, `<path d="M%.1f %.1fV%.1fM%.1f %.1fH%.1f" stroke="#ccc"/>`+"\n", x, curveMargin, curveMargin+curveSide, curveMargin, y, curveMargin+curveSide)
		fmt.Fprintf(&out, `<text x="%.1f" y="%.1f" text-anchor="middle">%.0f %%</text>`+"\n", x, curveMargin+curveSide+20, p*100)
		fmt.Fprintf(&out, `<text x="%.1f" y="%.1f" text-anchor="end">%.0f %%</text>`+"\n", curveMargin-6, y+5, p*100)
	}
	fmt.Fprintf(&out, `<text x="%.0f" y="%.0f" text-anchor="middle">richiamo</text>`+"\n", side/2, side-15)
	fmt.Fprintf(&out, `<text transform="translate(16 %.0f) rotate(-90)" text-anchor="middle">precisione</text>`+"\n", side/2)
	for i, line := range []struct {
		name, colour, dashes string
		at                   func(threshold float64) measure.Quality
	}{
		{"coppie", "#0053a5", "", func(t float64) measure.Quality { return measure.At(pairs, t) }},
		{"registro intero", "#a34d00", "7 4", func(t float64) measure.Quality { return registersAt(registers, t) }},
	} {
		var path []string
		for n := 1; n < 200; n++ {
			if q := line.at(float64(n) / 200); q.Precision() >= curveLeast && q.Recall() >= curveLeast {
				x, y := curvePoint(q.Recall(), q.Precision())
				path = append(path, fmt.Sprintf("%.1f %.1f", x, y))
			}
		}
		if len(path) > 0 {
			fmt.Fprintf(&out, `<path d="M%s" fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s"/>`+"\n", strings.Join(path, "L"), line.colour, line.dashes)
		}
		used := line.at(names.Likely)
		x, y := curvePoint(max(used.Recall(), curveLeast), max(used.Precision(), curveLeast))
		fmt.Fprintf(&out, `<circle cx="%.1f" cy="%.1f" r="5" fill="%s"/>`+"\n", x, y, line.colour)
		fmt.Fprintf(&out, `<text x="%.0f" y="%.0f" fill="%s">%s, alla soglia in uso: %.1f %% e %.1f %%</text>`+"\n", curveMargin+8, curveMargin+curveSide-14-22*float64(i),
			line.colour, line.name, used.Precision()*100, used.Recall()*100)
	}
	return out.String() + "</svg>\n"
}

func curvePoint(recall, precision float64) (x, y float64) {
	scale := curveSide / (1 - curveLeast)
	return curveMargin + (recall-curveLeast)*scale, curveMargin + (1-precision)*scale
}
