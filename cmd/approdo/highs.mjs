// Solves a plan's instance as a linear program with HiGHS, which has nothing in common with the planner: what both find is compared. With
// households it is one of whole numbers.
// Standard input: { pupils: [{ out, places: [], costs: [] }], places: [{ institution, sizes: [], costs: [] }], households: [[]], split, limit },
// costs in whole numbers, the places of a kind in pieces of equal cost, households by pupils. Without out a pupil must be placed, without split
// a household must stay together. The limit is in seconds. Standard output: { optimal, found, seconds, objective, bound, at: [] }, by pupil its
// places or -1, what that costs, and the cost below which nothing is possible.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import load from 'highs';

const { pupils, places, households, split, limit } = JSON.parse(readFileSync(0, 'utf8'));
const highs = await load();
const began = performance.now();
const { integer, continuous } = highs.constants.variableType;
const whole = households.length > 0 ? integer : continuous;
const cost = [], upper = [], kind = [], starts = [0], rows = [], values = [], rowUpper = [], rowLower = [];
const row = (lower, most) => { rowLower.push(lower); return rowUpper.push(most) - 1; };
const column = (c, most, of, ...entries) => {
  cost.push(c);
  upper.push(most);
  kind.push(of);
  for (const [at, value] of entries) { rows.push(at); values.push(value); }
  starts.push(rows.length);
};
for (const _ of pupils) row(1, 1);
for (const _ of places) row(-highs.infinity, 0);
// A member sits at an institution only where the household is, or where it is split.
const tied = pupils.map(() => new Map());
for (const members of households) {
  const here = new Map(), one = row(-highs.infinity, 1), all = [];
  for (const i of members) {
    for (const j of pupils[i].places) {
      const at = places[j].institution;
      if (tied[i].has(at)) continue;
      const r = row(-highs.infinity, 0);
      tied[i].set(at, r);
      all.push([r, -1]);
      here.set(at, [...(here.get(at) ?? []), [r, -1]]);
    }
  }
  for (const entries of here.values()) column(0, 1, whole, [one, 1], ...entries);
  if (split !== undefined) column(split, 1, whole, ...all);
}
const first = cost.length;
for (const [i, p] of pupils.entries()) {
  p.places.forEach((j, k) => {
    const r = tied[i].get(places[j].institution);
    column(p.costs[k], 1, whole, [i, 1], [pupils.length + j, 1], ...(r === undefined ? [] : [[r, 1]]));
  });
  column(p.out ?? 0, p.out === undefined ? 0 : 1, whole, [i, 1]);
}
for (const [j, s] of places.entries()) s.sizes.forEach((n, k) => column(s.costs[k], n, whole, [pupils.length + j, -1]));
const model = highs.createModel({
  numCols: cost.length, numRows: rowUpper.length,
  colCost: cost, colLower: cost.map(() => 0), colUpper: upper, rowLower, rowUpper,
  ...(whole === integer ? { integrality: kind } : {}),
  matrix: { format: 'csc', numRows: rowUpper.length, numCols: cost.length, starts, indices: rows, values },
});
// Costs are whole numbers: what is proven to less than one is proven.
model.options.set({ output_flag: false, time_limit: limit, mip_rel_gap: 0, mip_abs_gap: 0.9 });
model.run();
const seconds = (performance.now() - began) / 1000;
const optimal = model.getModelStatus() === highs.constants.modelStatus.optimal;
const found = optimal || (whole === integer && model.info.get('primal_solution_status') === 2);
const bound = whole === integer ? model.info.get('mip_dual_bound') : model.getObjectiveValue();
const objective = found ? model.getObjectiveValue() : 0;
const at = [];
if (found) {
  const x = model.getSolution().colValue;
  let n = first;
  for (const p of pupils) {
    at.push(p.places.find((j, k) => x[n + k] > 0.5) ?? -1);
    n += p.places.length + 1;
  }
}
process.stdout.write(JSON.stringify({ optimal, found, seconds, objective, bound: Number.isFinite(bound) ? bound : 0, at }));
