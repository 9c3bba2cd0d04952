import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SignJWT, generateKeyPair } from 'jose';
import { templateName } from '../apps/names.ts';
import type { Pod } from '../kube/pod-kinds.ts';
import type { LogFrame } from '../models/deployment.ts';
import { eventually } from '../testkit/eventually.ts';
import { HttpApi, Refused } from './testkit/http-api.ts';
import { tarball } from './testkit/test-api.ts';

const APP_LOGS = 'namespaces/workspace/applications/sample/logs';
const messages = (frames: readonly string[]): string[] =>
  frames.map((frame) => (JSON.parse(frame) as LogFrame).Message);

async function podOf(http: HttpApi): Promise<{ namespace: string; name: string }> {
  const { items } = await http.test.kube.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'workspace' });
  const [pod] = items;
  assert.ok(pod !== undefined, 'pod !== undefined');
  return { namespace: 'workspace', name: pod.metadata.name };
}

async function refusal(promise: Promise<unknown>): Promise<[number, string]> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Refused) return [error.status, error.title];
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the log of an application', () => {
  it('comes a frame a line, and ends with a normal close', async () => {
    await using http = await HttpApi.open();
    await http.test.push('sample');
    const pod = await podOf(http);
    const container = templateName('sample');
    http.test.kube.writeLog(pod, container, 'two   ');
    const { closed } = await http.socket(APP_LOGS);
    const { frames, code } = await closed;
    assert.equal(code, 1000);
    assert.equal(frames.length, 2);
    const [first = '', second = ''] = frames;
    assert.deepEqual(Object.keys(JSON.parse(first) as object), [
      'Message',
      'ContainerName',
      'PodName',
      'Namespace',
      'Timestamp',
    ]);
    const frame = JSON.parse(second) as LogFrame;
    assert.equal(frame.Message, 'two', 'published: without white space at the end');
    assert.equal(frame.ContainerName, container);
    assert.equal(frame.PodName, pod.name);
    assert.equal(frame.Namespace, 'workspace');
    assert.match(frame.Timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    const tail = await http.socket(`${APP_LOGS}?tail=1`);
    assert.deepEqual(messages((await tail.closed).frames), ['two']);
    const none = await http.socket(`${APP_LOGS}?include_containers=other`);
    assert.deepEqual((await none.closed).frames, []);
  });

  it('is followed, also into instances that come later', async () => {
    await using http = await HttpApi.open();
    await http.test.push('sample');
    const { socket, frames } = await http.socket(`${APP_LOGS}?follow=true`);
    const before = await podOf(http);
    http.test.kube.writeLog(before, templateName('sample'), 'first');
    await eventually(() => assert.equal(messages(frames).at(-1), 'first'));
    await http.test.push('sample', tarball('v2'));
    await eventually(() => assert.match(messages(frames).at(-1) ?? '', /^hello from /));
    socket.close();
    await eventually(() => assert.equal(socket.readyState, socket.CLOSED));
  });

  it('begins anew with other parameters, between the published markers', async () => {
    await using http = await HttpApi.open();
    await http.test.push('sample');
    const pod = await podOf(http);
    for (const line of ['one', 'two', 'three']) http.test.kube.writeLog(pod, templateName('sample'), line);
    const { socket, frames } = await http.socket(`${APP_LOGS}?follow=true`);
    await eventually(() => assert.equal(frames.length, 4));
    socket.send('not json');
    socket.send(
      JSON.stringify({
        type: 'filter_params',
        params: { since: '', since_time: '', tail: 2, follow: false },
      }),
    );
    await eventually(() => assert.equal(messages(frames).at(-1), '___FILTER_COMPLETE___'));
    assert.deepEqual(messages(frames.slice(4)), [
      '___FILTER_START___',
      'two',
      'three',
      '___FILTER_COMPLETE___',
    ]);
    socket.send(JSON.stringify({ type: 'filter_params', params: { tail: 1, follow: true } }));
    await eventually(() => assert.deepEqual(messages(frames.slice(8)), ['___FILTER_START___', 'three']));
    http.test.kube.writeLog(pod, templateName('sample'), 'four');
    await eventually(() => assert.equal(messages(frames).at(-1), 'four'));
    socket.close();
  });

  it('is refused before the upgrade, with the published errors', async () => {
    await using http = await HttpApi.open();
    const { test } = http;
    assert.deepEqual(await refusal(http.socket(APP_LOGS)), [404, "application 'sample' does not exist"]);
    await test.json(201, 'POST', 'namespaces/workspace/applications', { name: 'sample' });
    assert.deepEqual(await refusal(http.socket(APP_LOGS)), [
      400,
      'No logs available for application without workload',
    ]);
    await test.push('sample');
    const cases: readonly (readonly [string, string])[] = [
      ['tail=-1', 'tail parameter must be non-negative, got: -1'],
      ['tail=100001', 'tail parameter exceeds maximum of 100000 lines, got: 100001'],
      ['tail=x', 'invalid tail parameter: x'],
      ['since=-1s', 'since parameter must be non-negative, got: -1s'],
      ['since=5', 'invalid since parameter: 5'],
      ['since_time=now', 'invalid since_time parameter: now (must be RFC3339 format)'],
    ];
    for (const [query, title] of cases) {
      assert.deepEqual(await refusal(http.socket(`${APP_LOGS}?${query}`)), [400, title]);
    }
    const [status, title] = await refusal(
      http.socket(`${APP_LOGS}?include_containers=${encodeURIComponent('a(')}`),
    );
    assert.equal(status, 400);
    assert.match(title, /^invalid include_containers pattern: /);
  });
});

describe('a websocket', () => {
  it('needs a token of this platform that has not expired', async () => {
    await using http = await HttpApi.open();
    await http.test.push('sample');
    const socket = (token: string): Promise<unknown> => http.socket(APP_LOGS, {}, token);
    assert.deepEqual(await refusal(socket('')), [401, 'malformed token format']);
    assert.deepEqual(await refusal(socket('abc')), [401, 'malformed token format']);
    const { privateKey } = await generateKeyPair('RS384');
    const forged = await new SignJWT({ user: 'admin' })
      .setProtectedHeader({ alg: 'RS384' })
      .setIssuer('epinio-server')
      .setExpirationTime('1m')
      .sign(privateKey);
    assert.deepEqual(await refusal(socket(forged)), [401, 'cannot handle token']);
    const late = { now: () => Date.now() - 60_000 };
    const { AuthTokens } = await import('../users/auth-token.ts');
    const old = await new AuthTokens({ kube: http.test.kube, clock: late, namespace: 'epinio' }).create(
      'admin',
    );
    assert.deepEqual(await refusal(socket(old)), [401, 'token expired']);
    // A token of another server of the same platform is good: the key is shared.
    const other = new AuthTokens({ kube: http.test.kube, clock: Date, namespace: 'epinio' });
    const accepted = await http.socket(APP_LOGS, {}, await other.create('admin'));
    assert.equal((await accepted.closed).code, 1000);
    await http.test.addUser('dev', 'pass', ['user']);
    assert.deepEqual(await refusal(socket(await other.create('dev'))), [403, 'user unauthorized']);
    const { payload, header } = decode(await http.token());
    assert.equal(header['alg'], 'RS384');
    assert.equal(payload['iss'], 'epinio-server');
    assert.equal(payload['user'], 'admin');
    assert.ok(
      Math.abs(Number(payload['exp']) - Date.now() / 1000 - 30) < 10,
      "Math.abs(Number(payload['exp']) - Date.now() / 1000 - 30) < 10",
    );
  });

  it('is refused for strange hosts and origins', async () => {
    await using http = await HttpApi.open();
    await http.test.push('sample');
    const [host] = await refusal(http.socket(APP_LOGS, { host: 'evil.example' }));
    assert.equal(host, 421);
    const [origin] = await refusal(http.socket(APP_LOGS, { origin: 'https://evil.example' }));
    assert.equal(origin, 403);
    const { socket: own } = await http.socket(`${APP_LOGS}?follow=true`, {
      origin: 'https://epinio.apps.test:8443',
    });
    own.close();
  });

  it('is no ordinary route', async () => {
    await using http = await HttpApi.open();
    await http.test.push('sample');
    const response = await http.test.request('GET', `/wapi/v1/${APP_LOGS}?authtoken=${await http.token()}`);
    assert.equal(response.status, 400);
  });

  it('is told when the server goes', async () => {
    await using http = await HttpApi.open();
    await http.test.push('sample');
    const { closed } = await http.socket(`${APP_LOGS}?follow=true`);
    await http.test.api.close(AbortSignal.timeout(5_000));
    assert.equal((await closed).code, 1001);
  });
});

describe('staging', () => {
  it('is followed by its log and its end', async () => {
    await using http = await HttpApi.open();
    const { test } = http;
    test.builder.automatic = false;
    await test.startPush('sample');
    const stageId = await eventually(() => {
      const [found] = test.builder.runs.keys();
      assert.ok(found !== undefined, 'found !== undefined');
      return found;
    });
    const path = `namespaces/workspace/staging/${stageId}`;
    const log = await http.socket(`${path}/logs?follow=true&stage_id=${stageId}`);
    const end = await http.socket(`${path}/complete`);
    const blocking = test.request('GET', `${path}/complete`);
    await eventually(() => assert.equal(end.frames.length, 1));
    assert.deepEqual(JSON.parse(end.frames[0] ?? ''), {
      stage_id: stageId,
      namespace: 'workspace',
      status: 'waiting',
      message: 'waiting for staging job to finish',
      completed: false,
    });
    test.builder.write(stageId, 'compiling');
    await eventually(() => assert.deepEqual(messages(log.frames), ['building sample', 'compiling']));
    test.builder.end(stageId, { phase: 'succeeded' });
    assert.equal((await log.closed).code, 1000);
    const { frames, code } = await end.closed;
    assert.equal(code, 1000);
    assert.deepEqual(JSON.parse(frames.at(-1) ?? ''), {
      stage_id: stageId,
      namespace: 'workspace',
      status: 'succeeded',
      completed: true,
    });
    assert.deepEqual(await (await blocking).json(), { status: 'ok' });
  });

  it('that failed says so', async () => {
    await using http = await HttpApi.open();
    const { test } = http;
    test.builder.automatic = false;
    const { id } = await test.startPush('sample');
    const stageId = await eventually(() => {
      const [found] = test.builder.runs.keys();
      assert.ok(found !== undefined, 'found !== undefined');
      return found;
    });
    test.builder.end(stageId, { phase: 'failed' });
    await test.deployed('sample', id);
    const path = `namespaces/workspace/staging/${stageId}/complete`;
    const { frames } = await (await http.socket(path)).closed;
    const last = JSON.parse(frames.at(-1) ?? '') as { status: string; message: string };
    assert.deepEqual([last.status, last.message], ['failed', `stage-id = ${stageId} failed to complete`]);
    const { errors } = await test.json<{ errors: object[] }>(500, 'GET', path);
    assert.deepEqual(errors, [{ status: 500, title: 'Failed to stage', details: `stage-id = ${stageId}` }]);
  });

  it('of another namespace is not shown', async () => {
    await using http = await HttpApi.open();
    const { stage_id: stageId = '' } = await http.test.push('sample');
    await http.test.json(201, 'POST', 'namespaces', { name: 'other' });
    const [status] = await refusal(http.socket(`namespaces/other/staging/${stageId}/logs`));
    assert.equal(status, 500);
  });

  it('that was not needed says so to who follows, and shows the log to who asks for it', async () => {
    await using http = await HttpApi.open();
    await http.test.push('sample');
    const { stage_id: stageId = '', reused } = await http.test.push('sample');
    assert.equal(reused, true);
    const path = `namespaces/workspace/staging/${stageId}/logs`;
    const followed = await (await http.socket(`${path}?follow=true`)).closed;
    assert.equal(followed.frames.length, 1);
    assert.match(messages(followed.frames)[0] ?? '', /^Sources, builder and environment are unchanged/);
    const asked = await (await http.socket(path)).closed;
    assert.deepEqual(messages(asked.frames), ['building sample']);
  });
});

function decode(token: string): { header: Record<string, unknown>; payload: Record<string, unknown> } {
  const [header, payload] = token
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
  return { header: header ?? {}, payload: payload ?? {} };
}
