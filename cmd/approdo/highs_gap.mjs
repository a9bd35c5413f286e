// Solves generalised assignment problems as integer programs with HiGHS, which has nothing in common with the planner: what both find is
// compared. Standard input: [{ costs: [[]], resources: [[]], capacities: [] }], by agent and job. Standard output: [{ status, at: [] }],
// by job its agent.
import { readFileSync } from 'node:fs';
import load from 'highs';

const problems = JSON.parse(readFileSync(0, 'utf8'));
const highs = await load();
const known = highs.constants.modelStatus;

const solved = ({ costs, resources, capacities }) => {
  const agents = capacities.length, jobs = costs[0].length, pairs = agents * jobs;
  const starts = [0], rows = [], values = [];
  for (let i = 0; i < agents; i++) {
    for (let j = 0; j < jobs; j++) {
      rows.push(j, jobs + i);
      values.push(1, resources[i][j]);
      starts.push(rows.length);
    }
  }
  const model = highs.createModel({
    numCols: pairs, numRows: jobs + agents,
    colCost: costs.flat(), colLower: Array(pairs).fill(0), colUpper: Array(pairs).fill(1),
    integrality: Array(pairs).fill(highs.constants.variableType.integer),
    rowLower: [...Array(jobs).fill(1), ...capacities.map(() => -highs.infinity)], rowUpper: [...Array(jobs).fill(1), ...capacities],
    matrix: { format: 'csc', numRows: jobs + agents, numCols: pairs, starts, indices: rows, values },
  });
  // Costs are whole numbers: what is proven to less than one is proven.
  model.options.set({ output_flag: false, mip_rel_gap: 0, mip_abs_gap: 0.9 });
  model.run();
  const is = model.getModelStatus();
  const status = is === known.optimal ? 'optimal' : is === known.infeasible ? 'infeasible' : 'open';
  const x = model.getSolution().colValue;
  const at = status === 'optimal' ? costs[0].map((_, j) => costs.findIndex((_, i) => x[i * jobs + j] > 0.5)) : [];
  return { status, at };
};
process.stdout.write(JSON.stringify(problems.map(solved)));
