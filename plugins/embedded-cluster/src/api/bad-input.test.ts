import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { TestApi, type Call } from './testing/test-api.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const JSON_PATCH = 'application/json-patch+json';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const APPLY = 'application/apply-patch+yaml';
const YAML = 'application/yaml';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

function map(name: string, data: object): object {
  return { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data };
}

describe('bad input is answered with a Status, and the next request as ever', () => {
  let test: TestApi;
  before(async () => {
    test = await TestApi.start();
    const { status } = await test.client.call('POST', MAPS, { body: map('a', { k: 'v' }) });
    assert.equal(status, 201);
  });
  after(() => test[Symbol.asyncDispose]());

  /** Sends it, and looks whether the server goes on with what it had. */
  const refused = async (code: number, method: string, path: string, call: Call = {}): Promise<string> => {
    const { status, body, text: answer } = await test.client.call(method, path, call);
    const shown = `${method} ${path}: ${status} ${answer.slice(0, 200)}`;
    assert.equal(status, code, shown);
    assert.equal(body.kind, 'Status', shown);
    assert.equal(body.code, code, shown);
    const next = await test.client.call('GET', `${MAPS}/a`);
    assert.deepEqual(next.body.data, { k: 'v' }, 'the object that was there is as it was');
    assert.deepEqual(
      test.log.entries.filter(({ level }) => level === 'error'),
      [],
      'nothing failed inside',
    );
    return body.message ?? '';
  };
  const post = (code: number, body: unknown, contentType = 'application/json') =>
    refused(code, 'POST', MAPS, { body, contentType });
  const patch = (code: number, body: unknown, contentType: string) =>
    refused(code, 'PATCH', `${MAPS}/a?${contentType === APPLY ? 'fieldManager=m' : ''}`, {
      body,
      contentType,
    });

  it('bytes that are no text', async () => {
    const around = (bytes: readonly number[]): Buffer =>
      Buffer.concat([Buffer.from('{"data":{"k":"'), Buffer.from(bytes), Buffer.from('"')]);
    for (const bytes of [[0xff], [0xe2, 0x82], [0], [0xed, 0xa0, 0x80]]) {
      for (const type of ['application/json', YAML, PROTOBUF]) await post(400, around(bytes), type);
      for (const type of [JSON_PATCH, MERGE, STRATEGIC, APPLY]) await patch(400, around(bytes), type);
    }
    assert.match(
      await post(400, '{"metadata":{"name":"nul"},"data":{"k":"\0"}}'),
      /invalid character '\\x00' in string literal/,
    );
  });

  it('addresses that lead nowhere', async () => {
    for (const path of ['%00', 'a%00b', 'a/__proto__', 'a/constructor', '%EF%BF%BD'])
      await refused(404, 'GET', `${MAPS}/${path}`);
    for (const path of ['__proto__', 'constructor', 'toString'])
      await refused(404, 'GET', `/api/v1/namespaces/default/${path}`);
    for (const query of [
      'labelSelector=%00',
      'labelSelector=a%20in%20(',
      'fieldSelector=__proto__%3Dx',
      'fieldSelector=constructor%3Dx',
      'fieldSelector=nonsense',
      'continue=%00',
      'continue=__proto__',
      'resourceVersion=-1',
      'limit=99999999999999999999',
      'watch=1&resourceVersion=__proto__',
    ])
      await refused(400, 'GET', `${MAPS}?${query}`);
    const { status } = await test.client.call('GET', `${MAPS}/%ff`); // no Status: what is no path is nobody's
    assert.equal(status, 404);
  });

  it('objects that are too big', async () => {
    const big = 'x'.repeat(1.6 * 1024 * 1024);
    await post(422, map('big', { big })); // a ConfigMap has a limit of its own
    const annotated = { metadata: { annotations: { big } } };
    await patch(422, annotated, MERGE); // and so have annotations
    const pod = { metadata: { name: 'big' }, spec: { containers: [{ name: 'c', image: 'i', args: [big] }] } };
    const pods = '/api/v1/namespaces/default/pods';
    assert.match(await refused(413, 'POST', pods, { body: pod }), /too large/);
    await post(413, map('big', { big: big + big }));
  });

  it('YAML that grows when it is read', async () => {
    const letters = 'a,b,c,d,e,f,g,h'.split(',');
    const bomb = letters
      .map(
        (name, index) =>
          `${name}: &${name} [${Array(9)
            .fill(index === 0 ? 'x' : `*${letters[index - 1] ?? ''}`)
            .join(',')}]`,
      )
      .join('\n');
    assert.match(await post(400, bomb, YAML), /Excessive alias count/);
    assert.match(await patch(400, bomb, APPLY), /Excessive alias count/);
    assert.match(await post(400, '&a\nmetadata: {name: self}\nx: *a\n', YAML), /exceeded max depth/);
  });

  it('YAML with more keys than one can compare with each other', async () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `  k${index}: a`);
    await post(422, `data:\n${keys.join('\n')}\n`, YAML); // it has no name
  });

  it('documents that are nested too deeply', async () => {
    const objects = (levels: number): string => `{"a":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`;
    for (const levels of [1000, 9990]) {
      for (const type of ['application/json', YAML])
        assert.match(await post(400, objects(levels), type), /max depth/);
      for (const type of [MERGE, STRATEGIC, APPLY])
        assert.match(await patch(400, objects(levels), type), /max depth/);
      const add = `[{"op":"add","path":"/x","value":${objects(levels)}}]`;
      assert.match(await patch(400, add, JSON_PATCH), /max depth/);
    }
    for (const opening of ['[', '{a: ', '- ', '? '])
      assert.match(await post(400, opening.repeat(200_000), YAML), /max depth/);
    assert.match(await post(400, '['.repeat(3_000_000)), /max depth/);
    await patch(422, objects(900).replace('"a"', '"data"'), STRATEGIC); // deep, and no more than wrong
  });

  it('patches that are none', async () => {
    for (const type of [JSON_PATCH, MERGE, STRATEGIC, APPLY])
      for (const body of ['', '{', '[1', '"x"', '7']) await patch(400, body, type);
    await patch(400, '{}', JSON_PATCH);
    await patch(422, [{ op: 'nonsense', path: '/data' }], JSON_PATCH);
    await patch(422, [{ op: 'add', path: '/__proto__/polluted', value: 1 }], JSON_PATCH);
    await patch(422, [{ op: 'add', path: '/constructor/prototype/polluted', value: 1 }], JSON_PATCH);
    const doubled = Array<object>(40).fill({ op: 'copy', from: '/x', path: '/x/-' });
    await patch(422, [{ op: 'add', path: '/x', value: ['x'.repeat(1000)] }, ...doubled], JSON_PATCH);
    await patch(500, { $patch: 'nonsense' }, STRATEGIC); // as the real one has it
    await patch(415, {}, 'application/x-patch');
    await patch(400, { kind: 'Secret', apiVersion: 'v1' }, APPLY);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });

  // What is no HTTP is answered by the HTTP server, which knows of no Status: so do others.
  it('a length that is not the length', async () => {
    const body = JSON.stringify(map('cut', {}));
    const head = (length: string): string =>
      `POST ${MAPS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token(test)}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
    for (const length of ['-1', 'x', '1e3', ''])
      assert.match(await raw(test, `${head(length)}${body}`), /^HTTP\/1.1 400 /);
    assert.match(await raw(test, `${head('9999999')}${body}`), /^HTTP\/1.1 413 .*"kind":"Status"/s);
    assert.match(await raw(test, `${head(String(body.length - 5))}${body}`), /^HTTP\/1.1 400 /);
    await raw(test, `${head(String(body.length + 5))}${body}`); // it goes away before it has sent all
    await refused(404, 'GET', `${MAPS}/cut`);
  });

  it('names that JavaScript has for itself', async () => {
    const names = '{"constructor":"1","toString":"2","hasOwnProperty":"3"}';
    const own = JSON.parse(names) as object;
    const labels = { metadata: { labels: own } };
    const made = await test.client.call('POST', MAPS, { body: map('own', own) });
    assert.equal(made.status, 201, made.text);
    assert.deepEqual(made.body.data, own);
    for (const contentType of [MERGE, STRATEGIC]) {
      const labelled = await test.client.call('PATCH', `${MAPS}/own`, { body: labels, contentType });
      assert.deepEqual(labelled.body.metadata.labels, own);
      const selected = await test.client.call('GET', `${MAPS}?labelSelector=constructor`);
      assert.deepEqual(
        selected.body.items?.map(({ metadata }) => metadata.name),
        ['own'],
      );
      const none = { metadata: { labels: { constructor: null, toString: null, hasOwnProperty: null } } };
      const without = await test.client.call('PATCH', `${MAPS}/own`, { body: none, contentType });
      assert.equal(without.body.metadata.labels, undefined, 'they can be removed');
    }
    const polluting =
      '{"metadata":{"name":"own"},"__proto__":{"polluted":1},"data":{"__proto__":{"polluted":1}}}';
    await test.client.call('PUT', `${MAPS}/own`, { body: polluting });
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });

  it('managers that are none', async () => {
    for (const fieldsV1 of [
      '{"f:data":null}',
      '{"f:data":5}',
      '{"f:data":{"k:{":{}}}',
      '{"constructor":{}}',
      '"x"',
      '[]',
    ]) {
      const entry = `{"manager":"z","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":${fieldsV1}}`;
      const body = `{"metadata":{"name":"managed","managedFields":[${entry}]},"data":{"k":"1"}}`;
      assert.equal((await test.client.call('POST', MAPS, { body })).status, 201, fieldsV1);
      assert.equal((await test.client.call('PUT', `${MAPS}/managed`, { body })).status, 200, fieldsV1);
      const path = `${MAPS}/managed?fieldManager=m`;
      const message = await refused(409, 'PATCH', path, {
        body: map('managed', { k: '2' }),
        contentType: APPLY,
      });
      assert.equal(message, 'Apply failed with 1 conflict: conflict with "test" using v1: .data.k');
      await test.client.call('DELETE', `${MAPS}/managed`);
    }
  });
});

it('a body that does not come is not waited for', async () => {
  await using test = await TestApi.start({ requestTimeout: 300 });
  const head = `POST ${MAPS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token(test)}\r\ncontent-type: application/json\r\n`;
  for (const stalled of [
    `${head}content-length: 100\r\n\r\n{"a":`,
    `${head}transfer-encoding: chunked\r\n\r\n5\r\n{"a":\r\n`,
    head,
  ])
    assert.match(await raw(test, stalled, 'stay'), /^HTTP\/1.1 408 /);
  assert.equal((await test.client.call('GET', MAPS)).status, 200);
});

function token(test: TestApi): string {
  return readFileSync(join(test.directory, 'pki', 'admin.token'), 'utf8').trim();
}

/** Sends bytes that no HTTP client would, and reads what comes until the server hangs up. */
async function raw(test: TestApi, bytes: string, then: 'end' | 'stay' = 'end'): Promise<string> {
  const socket = connect({ port: test.api.port, host: '127.0.0.1', rejectUnauthorized: false });
  socket.on('error', () => undefined); // the server may hang up while it is written to
  socket.write(bytes);
  if (then === 'end') socket.end();
  return text(socket);
}
