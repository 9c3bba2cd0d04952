import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { ContainerProbe } from '@epinio/core';
import { FakeClock } from '@epinio/core/testkit';
import { checkProbe, type ProbeContext } from './check.ts';
import { runProber, type ProberOptions } from './prober.ts';

const never = new AbortController().signal;

/** A container whose exec probe answers what the test says. */
function container(): { context: ProbeContext; ok: boolean; asked: number } {
  const state: ReturnType<typeof container> = {
    ok: false,
    asked: 0,
    context: {
      port: () => undefined,
      exec: async () => {
        state.asked += 1;
        return { exitCode: state.ok ? 0 : 1, output: 'no' };
      },
    },
  };
  return state;
}

function start(kind: ProberOptions['kind'], probe: ContainerProbe) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const target = container();
  const verdicts: boolean[] = [];
  const failures: string[] = [];
  const done = runProber({
    ...{ kind, clock, context: target.context, signal: stop.signal },
    probe: { exec: { command: ['check'] }, ...probe },
    onVerdict: (ok) => verdicts.push(ok),
    onFailure: (reason) => failures.push(reason),
  });
  const end = async (): Promise<void> => {
    stop.abort();
    await clock.advance(0);
    await done;
  };
  return { clock, target, verdicts, failures, done, end };
}

test('readiness comes with the first success, goes after the threshold, and comes back', async () => {
  const { clock, target, verdicts, end } = start('readiness', { periodSeconds: 1, failureThreshold: 2 });
  await clock.advance(0);
  assert.deepEqual(verdicts, []);
  target.ok = true;
  await clock.advance(1000);
  assert.deepEqual(verdicts, [true]);
  target.ok = false;
  await clock.advance(1000);
  assert.deepEqual(verdicts, [true]);
  await clock.advance(1000);
  assert.deepEqual(verdicts, [true, false]);
  target.ok = true;
  await clock.advance(1000);
  assert.deepEqual(verdicts, [true, false, true]);
  await end();
});

test('liveness gives up after the threshold of failures, not before', async () => {
  const { clock, verdicts, failures, done } = start('liveness', { periodSeconds: 10, failureThreshold: 3 });
  await clock.advance(19_000);
  assert.deepEqual(verdicts, []);
  await clock.advance(2000);
  await done;
  assert.deepEqual(verdicts, [false]);
  assert.deepEqual(failures, ['no', 'no', 'no']);
});

test('an initial delay is kept', async () => {
  const { clock, target, end } = start('readiness', { initialDelaySeconds: 5 });
  await clock.advance(4000);
  assert.equal(target.asked, 0);
  await clock.advance(1000);
  assert.equal(target.asked, 1);
  await end();
});

test('http: 2xx and 3xx will do, others and silence will not, and each says why', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/slow') return;
    assert.equal(request.headers['x-probe'], 'yes');
    response.writeHead(Number(request.url?.slice(1))).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const context: ProbeContext = { port: () => port, exec: async () => ({ exitCode: 1, output: '' }) };
  const ask = (path: string, timeoutMs = 5000) =>
    checkProbe(
      { httpGet: { port: 'http', path, httpHeaders: [{ name: 'X-Probe', value: 'yes' }] } },
      context,
      timeoutMs,
      never,
    );
  assert.deepEqual(await ask('/204'), { ok: true, reason: '' });
  assert.deepEqual(await ask('/302'), { ok: true, reason: '' });
  assert.deepEqual(await ask('/503'), { ok: false, reason: 'HTTP probe failed with statuscode: 503' });
  assert.match((await ask('/slow', 50)).reason, /context deadline exceeded/);
  assert.deepEqual(await checkProbe({ tcpSocket: { port } }, context, 5000, never), { ok: true, reason: '' });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.match((await checkProbe({ tcpSocket: { port } }, context, 5000, never)).reason, /ECONNREFUSED/);
  const unknown = await checkProbe({ grpc: { port } } as ContainerProbe, context, 5000, never);
  assert.match(unknown.reason, /knows exec, httpGet and tcpSocket/);
});
