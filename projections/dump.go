package projections

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
)

// Dump writes every row of every table, in the order of the tables' declaration and of their keys, one row a line. Two sets of
// views that dump alike are alike; sealed boxes are written as the bytes they are.
func (r *Runner) Dump(ctx context.Context, w io.Writer) error {
	return r.Read(ctx, func(s *Snapshot) error {
		out := bufio.NewWriter(w)
		for _, p := range r.projections {
			for _, t := range p.Tables {
				if err := dump(out, s, t.Schema()); err != nil {
					return err
				}
			}
		}
		return out.Flush()
	})
}

func dump(w io.Writer, s *Snapshot, t *Schema) error {
	columns, key := names(t.Columns, `"?"`, ", "), names(t.Key(), `"?"`, ", ")
	return s.each("SELECT "+columns+" FROM {"+t.Name+"} ORDER BY "+key, nil, func(rows Rows) error {
		cells := make([]Value, len(t.Columns))
		for {
			there, err := rows.Next(cells)
			if err != nil || !there {
				return err
			}
			line := []byte(t.Name)
			for _, v := range cells {
				line = v.appendTo(append(line, '\t'))
			}
			if _, err := fmt.Fprintf(w, "%s\n", line); err != nil {
				return err
			}
		}
	})
}

// appendTo writes a value so that different ones look different, on one line.
func (v *Value) appendTo(b []byte) []byte {
	switch v.Type {
	case Null:
		return append(b, '-')
	case Text, Date, JSON:
		return strconv.AppendQuote(b, v.Text)
	case UUID, Bytes:
		return fmt.Appendf(b, "%x", v.Bytes)
	case Float:
		return strconv.AppendFloat(b, v.Float, 'g', -1, 64)
	default:
		return strconv.AppendInt(b, v.Int, 10)
	}
}
