// Package year2022 invents the year 2022 of the Città Metropolitana di Milano: children, requests, offers, answers and first days,
// carried out through the same desk that people use. Shares, volumes and delays are those of the real year (docs/demo.md); every
// person, address, telephone and document is invented. The same seed and size give the same year.
package year2022
