package names

// Possible reports whether Compare could still find two records Likely, judged without their names: what birth, sex and codes say
// against it is no more than the best of names can say for it. It costs a fraction of a comparison, for whoever compares many.
func Possible(a, b Person) bool {
	rest := func(p Person) Person {
		return Person{Sex: p.Sex, BirthDate: p.BirthDate, TaxCode: p.TaxCode, Document: p.Document}
	}
	sum := bits(FamilyNameSame) + bits(GivenNameSame) + float64(prior)
	for _, r := range Compare(rest(a), rest(b)).Reasons {
		sum += bits(r)
	}
	return sum >= 0 // Likely is an even chance
}
