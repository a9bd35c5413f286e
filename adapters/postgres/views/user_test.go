package views_test

import (
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"approdo/adapters/postgres/pgtest"
	"approdo/adapters/postgres/views"
	"approdo/domain"
	"approdo/projections"
)

// The program's user is no superuser: it owns its database and may make roles, as the guide for installing says.
func TestAnOrdinaryUserCanReadOnBehalfOfOthers(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t) // roles belong to the cluster, and others may have made the reader's
	owner, err := url.Parse(cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, sql := range []string{"CREATE ROLE plain LOGIN CREATEROLE", "CREATE DATABASE house OWNER plain"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	owner.User = url.User("plain")
	owner.Path = "/house"
	db, err := views.Open(t.Context(), owner.String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var role string
	err = db.ReadAs(t.Context(), domain.Actor{Role: domain.RoleComune, Body: "015146"}, func(s projections.Session) error {
		rows, err := s.Query("SELECT current_user::text", nil)
		if err != nil {
			return err
		}
		cells := make([]projections.Value, 1)
		if _, err := rows.Next(cells); err != nil {
			return err
		}
		role = cells[0].Text
		return rows.Close()
	})
	if err != nil || role != "approdo_reader" {
		t.Errorf("it reads as %q, %v", role, err)
	}
}
