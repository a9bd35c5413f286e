package year2022

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/territory"
)

// Found begins the territory with the register the program ships.
func Found(ctx context.Context, store event.Store, codec *event.Codec, act domain.Act) error {
	c := territory.Found{Act: act, Province: territory.Province015, Register: territory.Shipped()}
	origin := event.Origin{ID: uuid.Must(uuid.NewV7()), By: act.By, At: act.At}
	_, err := event.Execute(ctx, store, codec, territory.Decider, territory.Stream(territory.Province015), territory.Command(c), origin)
	return err
}

// invented says so in every name.
const invented = "Scuola dimostrativa"

// InventSchools lists schools that do not exist, for a demo without the ministry's file: in each comune one institution of the first
// cycle for every ten thousand inhabitants, and one of secondaria II for every forty thousand. Their codes begin with ZZ, which is
// no province.
func InventSchools(ctx context.Context, store event.Store, codec *event.Codec, act domain.Act) error {
	n := 0
	for _, c := range territory.Shipped().Comuni {
		for i := range 1 + c.Population/10000 {
			n++
			name := fmt.Sprintf("Istituto comprensivo n. %d di %s", i+1, c.Name)
			institution := fmt.Sprintf("ZZIC%05dX", n)
			orders := []grade.Order{"", grade.Infanzia, grade.Primaria, grade.SecondariaI}
			if err := listAll(ctx, store, codec, act, c, institution, name, orders, n); err != nil {
				return err
			}
		}
		for i := range c.Population / 40000 {
			n++
			name := fmt.Sprintf("Istituto superiore n. %d di %s", i+1, c.Name)
			if err := listAll(ctx, store, codec, act, c, fmt.Sprintf("ZZIS%05dX", n), name, []grade.Order{"", grade.SecondariaII}, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func listAll(ctx context.Context, store event.Store, codec *event.Codec, act domain.Act, c territory.Comune, institution, name string, orders []grade.Order, n int) error {
	kinds := map[grade.Order][2]string{"": {"", "ISTITUTO"}, grade.Infanzia: {"AA", "SCUOLA INFANZIA"}, grade.Primaria: {"EE", "SCUOLA PRIMARIA"},
		grade.SecondariaI: {"MM", "SCUOLA PRIMO GRADO"}, grade.SecondariaII: {"PS", "LICEO SCIENTIFICO"}}
	for _, o := range orders {
		s := territory.School{Code: domain.School(institution), Institution: domain.Institution(institution), InstitutionName: invented + " – " + name,
			Name: invented + " – " + name, Comune: c.Code, Order: o, Type: kinds[o][1], Feature: territory.Ordinary, Management: territory.StateRun}
		if len(c.CAP) > 0 {
			s.CAP = c.CAP[0]
		}
		if o != "" {
			s.Code = domain.School(fmt.Sprintf("ZZ%s%05dX", kinds[o][0], n))
			s.Name = fmt.Sprintf("%s – %s di %s", invented, kinds[o][1], c.Name)
		}
		cmd := territory.ListSchool{Act: act, Year: 2021, School: s}
		origin := event.Origin{ID: uuid.Must(uuid.NewV7()), By: act.By, At: act.At}
		if _, err := event.Execute(ctx, store, codec, territory.SchoolDecider, territory.SchoolStream(s.Code), territory.SchoolCommand(cmd), origin); err != nil {
			return err
		}
		if o == "" {
			continue
		}
		if err := furnish(ctx, store, codec, act, c, s); err != nil {
			return err
		}
	}
	return nil
}
