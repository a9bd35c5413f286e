//go:build race

package ledger

// underRace tells that every access to memory is watched, and all takes several times as long.
const underRace = true
