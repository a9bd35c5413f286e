// Package matching finds the best plan for many pupils and proves that there is none better. It is pure: no clock, and what is drawn is
// drawn alike every time, so that the same instance always gives the same plan.
//
// Each pupil takes at most one place, at a cost that differs from place to place; places of a kind (a grade at a site) cost the more the
// more of them are taken; whoever is left out costs, too. This is a transportation problem with convex costs. It is solved exactly by
// successive shortest augmenting paths with prices: Edmonds and Karp, Theoretical improvements in algorithmic efficiency for network
// flow problems, JACM 19 (1972); Jonker and Volgenant, A shortest augmenting path algorithm for dense and sparse linear assignment
// problems, Computing 38 (1987). The order of the costs is all that the method needs of them (Burkard and Zimmermann, Combinatorial
// optimization in linearly ordered semimodules, 1982), so a Cost has three parts, of which the first always counts more than the others.
//
// Pupils of one household want one institution, and that couples their grades: it costs something when those who are placed go to more than
// one. With households the best plan is no longer found by paths alone, so it is sought from both sides, with a fixed amount of work and no
// clock. From below, prices climb by a deflected subgradient (Held, Wolfe and Crowder, 1974; Camerini, Fratta and Maffioli, 1975), from the
// exact ones of everybody alone; what households choose at them over and over is a first guess (Barahona and Anbil, The volume
// algorithm, 2000). From above, households are bound each to an institution, the seats of all pupils are kept the best for that by paths in
// and out, and households move on by ejection chains (Glover, 1996) under a falling threshold (Dueck and Scheuer, 1990). What is
// found is placed once more by exact paths. Where the two do not meet, and there are not too many, plans are told in two by where a household
// is (Land and Doig, 1960), with the best prices there are for each part, those of a linear program (Geoffrion, 1974; Dantzig and Wolfe, 1960).
// Plan.Gap says what is left.
//
// The prices are the proof. Whatever prices are put on the places, no plan costs less than each pupil's cheapest choice at those prices
// less what all places earn (weak duality), with each household choosing as a whole; where a plan costs just that, none is better. Fisher, The
// Lagrangian relaxation method for solving integer programming problems, Management Science 27 (1981). See Bound and Tree.Bound, which
// know nothing of how the prices were found.
package matching
