// The program itself as a demo on a port of its own, for whoever looks at it in Chromium.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import assert from 'node:assert/strict';
import { root } from './chromium.mjs';

const program = process.env.APPRODO_BIN || path.join(root, 'bin/approdo');

// Starts a demo with as many cases, from a fixed seed: its accounts, what to do while it stands still, and how to end it.
export async function begin(cases) {
  const dir = mkdtempSync(path.join(tmpdir(), 'approdo-demo-'));
  const port = await freePort();
  const file = path.join(dir, 'accounts.json');
  const data = path.join(dir, 'data');
  let running;
  const start = async () => {
    running = spawn(program,
      ['demo', '--data', data, '--listen', `127.0.0.1:${port}`, '--cases', String(cases), '--seed', '1', '--accounts', file],
      { stdio: ['ignore', 'ignore', 'inherit'] });
    for (let i = 0; !(await answers(`http://127.0.0.1:${port}/accedi`)); i++) {
      assert.ok(running.exitCode === null && i < 3000, 'the demo does not answer');
      await sleep(100);
    }
  };
  const stop = async () => {
    if (running.exitCode !== null) return;
    running.kill('SIGTERM');
    await once(running, 'exit');
  };
  const end = async () => {
    await stop();
    rmSync(dir, { recursive: true, force: true });
  };
  // Runs a subcommand on the data, as whoever keeps the machine does: one program at a time writes there.
  const operate = async (...args) => {
    await stop();
    execFileSync(program, [...args, '--data', data, '--key', `${data}.key`]);
    await start();
  };
  try {
    await start();
    assert.ok(existsSync(file), 'the demo has written no accounts');
    return { accounts: JSON.parse(readFileSync(file, 'utf8')), operate, end };
  } catch (e) {
    await end();
    throw e;
  }
}

export async function signIn({ page }, { url, username, password }) {
  await page.goto(new URL('/accedi', url).href);
  await page.locator('[name=username]').fill(username);
  await page.locator('[name=password]').fill(password);
  await page.locator('main button[type=submit]').click();
  assert.equal(await page.locator('[name=username]').count(), 0, `${username} was not let in`);
  return new URL('/', url).href;
}

async function answers(url) {
  try {
    return (await fetch(url, { redirect: 'manual' })).status === 200;
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
