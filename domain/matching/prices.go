package matching

import "slices"

// How the prices climb: how many times everybody is asked, how much of the last direction is kept, after how many times without success the
// step becomes smaller, and from when on it is remembered who chose what.
const (
	askings    = 500
	kept       = 0.5
	patience   = 10
	remembered = askings / 5
)

// climb looks for prices that prove more, and leaves them where it found those given. They move along what is missing at them now and was
// missing before (Held, Wolfe and Crowder, Validation of subgradient optimization, Mathematical Programming 6, 1974; Camerini, Fratta and
// Maffioli, On improving relaxation methods by modified gradient techniques, Mathematical Programming Study 3, 1975), as far as the bound would
// need to rise by a level, which falls when the bound does not rise for a while. What a household chooses again and again is a good
// guess at the best plan (Barahona and Anbil, The volume algorithm, Mathematical Programming 87, 2000) and is counted in often.
//
// Products stand alone before they are added up, so that every machine rounds them alike.
func (m *market) climb(prices []int64, goOn func(done, of int) bool) (best int64) {
	at, missing, direction := slices.Clone(prices), make([]int32, len(prices)), make([]float64, len(prices))
	lowest := m.lowest()
	level, failed := 0.0, 0
	for n := 0; n < askings && goOn(n, askings); n++ {
		bound := m.demand(at, missing)
		if n >= remembered {
			m.remember()
		}
		switch {
		case n == 0:
			best, level = bound, float64(m.later(bound))/10
		case bound > best:
			best, failed = bound, 0
			copy(prices, at)
		default:
			if failed++; failed > patience {
				failed, level = 0, level/1.5
				clear(direction)
				copy(at, prices)
				bound = m.demand(at, missing)
			}
		}
		total, norm := 0, 0.0
		for j := range at {
			free := at[j] <= lowest[j] // a lower price is of no use
			if free && missing[j] < 0 {
				missing[j] = 0
			}
			total += int(max(missing[j], -missing[j]))
			direction[j] = float64(missing[j]) + float64(kept*direction[j])
			if free && direction[j] < 0 {
				direction[j] = 0
			}
			norm += float64(direction[j] * direction[j])
		}
		if total == 0 { // everybody can have what they want
			break
		}
		if norm < 1 {
			clear(direction)
			continue
		}
		step := (level + float64(best-bound)) / norm
		for j := range at {
			at[j] = min(max(at[j]+int64(step*direction[j]), lowest[j]), m.ceiling)
		}
	}
	return best
}
