// Package matching finds the best plan for many pupils and proves that there is none better. It is pure: no clock, no chance, the same
// instance always gives the same plan.
//
// Each pupil takes at most one place, at a cost that differs from place to place; places of a kind (a grade at a site) cost the more the
// more of them are taken; whoever is left out costs, too. This is a transportation problem with convex costs. It is solved exactly by
// successive shortest augmenting paths with prices: Edmonds and Karp, Theoretical improvements in algorithmic efficiency for network
// flow problems, JACM 19 (1972); Jonker and Volgenant, A shortest augmenting path algorithm for dense and sparse linear assignment
// problems, Computing 38 (1987). The order of the costs is all that the method needs of them (Burkard and Zimmermann, Combinatorial
// optimization in linearly ordered semimodules, 1982), so a Cost has
// three parts, of which the first always counts more than the others.
//
// The prices are the proof. Whatever prices are put on the places, no plan costs less than each pupil's cheapest choice at those prices
// less what all places earn (weak duality); where a plan costs just that, none is better. See Bound, which knows nothing of how the prices
// were found.
package matching
