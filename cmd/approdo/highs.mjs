// Solves a plan's instance as a linear program with HiGHS, which has nothing in common with the planner: what both find is compared.
// Standard input: { pupils: [{ out, places: [], costs: [] }], places: [{ sizes: [], costs: [] }] }, costs in whole numbers, the places of a
// kind in pieces of equal cost. Standard output: { optimal, seconds, at: [] }, by pupil its places or -1.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import load from 'highs';

const { pupils, places } = JSON.parse(readFileSync(0, 'utf8'));
const highs = await load();
const began = performance.now();
const cost = [], upper = [], starts = [0], rows = [], values = [];
const column = (c, most, ...entries) => {
  cost.push(c);
  upper.push(most);
  for (const [row, value] of entries) { rows.push(row); values.push(value); }
  starts.push(rows.length);
};
for (const [i, p] of pupils.entries()) {
  p.places.forEach((j, k) => column(p.costs[k], 1, [i, 1], [pupils.length + j, 1]));
  column(p.out, 1, [i, 1]);
}
for (const [j, s] of places.entries()) s.sizes.forEach((n, k) => column(s.costs[k], n, [pupils.length + j, -1]));
const model = highs.createModel({
  numCols: cost.length, numRows: pupils.length + places.length,
  colCost: cost, colLower: cost.map(() => 0), colUpper: upper,
  rowLower: [...pupils.map(() => 1), ...places.map(() => -highs.infinity)], rowUpper: [...pupils.map(() => 1), ...places.map(() => 0)],
  matrix: { format: 'csc', numRows: pupils.length + places.length, numCols: cost.length, starts, indices: rows, values },
});
model.options.set('output_flag', false);
model.run();
const optimal = model.getModelStatus() === highs.constants.modelStatus.optimal;
const x = model.getSolution().colValue;
const at = [];
let n = 0;
for (const p of pupils) {
  at.push(p.places.find((j, k) => x[n + k] > 0.5) ?? -1);
  n += p.places.length + 1;
}
process.stdout.write(JSON.stringify({ optimal, seconds: (performance.now() - began) / 1000, at }));
