// Package names compares names that were written by different hands in different alphabets.
//
// A Ukrainian name reaches an Italian form by many roads: the passport's table (KMU 55/2010), older passports and Russian-based
// tables, a Polish residence card, an Italian clerk who writes what he hears, a parent who writes Alexander for Oleksandr. Fold
// brings the spellings of one name together; where a spelling can be read in two ways (ch is ч in Kyiv, к in Rome and х in Kraków)
// the package keeps both readings. Keys are for finding candidates by keyed tokens, Compare is for judging one with reasons.
//
// The score is that of I. P. Fellegi and A. B. Sunter, A Theory for Record Linkage, Journal of the American Statistical Association 64
// (1969), pages 1183-1210: each thing two records agree or disagree in adds a weight, and the sum is read as odds. Package measure
// says how well it does.
//
// Folded names are still personal data: they live in memory only, and leave it as tokens.
package names
