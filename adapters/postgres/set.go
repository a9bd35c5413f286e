package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"

	"approdo/domain/event"
)

const (
	oneSQL = `SELECT cur, last FROM journal.append_one($1, $2, $3, $4, $5, $6::json, $7::json, $8)`
	setSQL = `SELECT curs, lasts FROM journal.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::json[], $12::json[], $13)`
)

// write has the server check and write a set in one call, which is a transaction of its own. A single event takes the shorter way.
func (w *writer) write(ctx context.Context, set []*request) ([]answer, error) {
	if len(set) == 1 && len(set[0].rows) == 1 {
		return w.writeOne(ctx, set[0])
	}
	var (
		streams, names, types, datas, metas []string
		expects                             []int64
		firsts, counts, appends, places     []int32
		ids                                 []pgtype.UUID
		versions                            []int32
	)
	for i, r := range set {
		streams, expects = append(streams, r.stream), append(expects, int64(r.expected))
		firsts, counts = append(firsts, int32(len(ids)+1)), append(counts, int32(len(r.rows)))
		for j, row := range r.rows {
			appends, places = append(appends, int32(i+1)), append(places, int32(j+1))
			names, ids, types, versions = append(names, r.stream), append(ids, row.id), append(types, row.name), append(versions, int32(row.schema))
			datas, metas = append(datas, row.data), append(metas, row.meta)
		}
	}
	var curs, lasts []int64
	err := w.conn.QueryRow(ctx, setSQL, streams, expects, firsts, counts, appends, places, names, ids, types, versions, datas, metas, w.telling).
		Scan(&curs, &lasts)
	if err != nil {
		return nil, err
	}
	answers := make([]answer, len(set))
	for i, r := range set {
		answers[i] = answered(event.Revision(curs[i]), lasts[i], len(r.rows))
	}
	return answers, nil
}

func (w *writer) writeOne(ctx context.Context, r *request) ([]answer, error) {
	row := r.rows[0]
	var cur, last int64
	err := w.conn.QueryRow(ctx, oneSQL, r.stream, int64(r.expected), row.id, row.name, int32(row.schema), row.data, row.meta, w.telling).
		Scan(&cur, &last)
	if err != nil {
		return nil, err
	}
	return []answer{answered(event.Revision(cur), last, 1)}, nil
}

// answered reads what the server gives for an append of n events: the revision before and the position of the last one, which is
// negative where none was written.
func answered(cur event.Revision, last int64, n int) answer {
	if last < 0 {
		return answer{refused: true, cur: cur}
	}
	return answer{res: event.Result{Last: cur + event.Revision(n), Position: event.Position(last)}}
}
