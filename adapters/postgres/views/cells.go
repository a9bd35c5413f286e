package views

import (
	"encoding/binary"
	"math"

	"github.com/jackc/pgx/v5/pgtype"

	"approdo/projections"
)

// kind is how PostgreSQL keeps a type of column.
type kind struct {
	sql          string
	oid, inArray uint32
}

// Texts are ordered by their bytes.
var (
	texts  = kind{`text COLLATE "C"`, pgtype.TextOID, pgtype.TextArrayOID}
	wholes = kind{"bigint", pgtype.Int8OID, pgtype.Int8ArrayOID}
)

var kinds = map[projections.Type]kind{
	projections.Int: wholes, projections.Time: wholes,
	projections.Text: texts, projections.Date: texts, projections.JSON: texts,
	projections.Bool:  {"boolean", pgtype.BoolOID, pgtype.BoolArrayOID},
	projections.Float: {"double precision", pgtype.Float8OID, pgtype.Float8ArrayOID},
	projections.UUID:  {"uuid", pgtype.UUIDOID, pgtype.UUIDArrayOID},
	projections.Bytes: {"bytea", pgtype.ByteaOID, pgtype.ByteaArrayOID},
}

// array is the cells of one column of many rows, in the binary form in which the server takes an array: 20 bytes that say what it
// is, and then each cell after its length.
type array struct {
	kind
	rows  uint32
	cells []byte
}

const arrayHead = 20

func newArray(k kind) *array { return &array{kind: k, cells: make([]byte, arrayHead)} }

func (a *array) add(v *projections.Value) {
	a.rows++
	b := binary.BigEndian
	switch v.Type {
	case projections.Int, projections.Time:
		a.cells = b.AppendUint64(b.AppendUint32(a.cells, 8), uint64(v.Int))
	case projections.Bool:
		a.cells = append(b.AppendUint32(a.cells, 1), byte(v.Int))
	case projections.Float:
		a.cells = b.AppendUint64(b.AppendUint32(a.cells, 8), math.Float64bits(v.Float))
	case projections.Text, projections.Date, projections.JSON:
		a.cells = append(b.AppendUint32(a.cells, uint32(len(v.Text))), v.Text...)
	case projections.UUID, projections.Bytes:
		a.cells = append(b.AppendUint32(a.cells, uint32(len(v.Bytes))), v.Bytes...)
	default:
		a.cells = b.AppendUint32(a.cells, math.MaxUint32) // NULL
	}
}

// parameter is the whole array. It is good until something is added.
func (a *array) parameter() []byte {
	head := a.cells[:0]
	head = binary.BigEndian.AppendUint32(head, 1) // dimensions
	head = binary.BigEndian.AppendUint32(head, 1) // there may be a NULL
	head = binary.BigEndian.AppendUint32(head, a.oid)
	head = binary.BigEndian.AppendUint32(head, a.rows)
	binary.BigEndian.AppendUint32(head, 1) // the first has the number 1
	return a.cells
}

func (a *array) empty() { a.rows, a.cells = 0, a.cells[:arrayHead] }
