import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { EpinioError } from '../kernel/errors.ts';
import { createLog, type CreateLogOptions, type SecretiveLog } from './pino-log.ts';

async function open(
  options: CreateLogOptions = {},
): Promise<{ log: SecretiveLog; lines: () => Record<string, unknown>[]; text: () => string }> {
  let text = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const log = await createLog({ destination, level: 'debug', ...options });
  const lines = (): Record<string, unknown>[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, text: () => text };
}

test('a line is JSON with level, time, message and fields; children carry theirs', async () => {
  const { log, lines } = await open();
  log
    .child({ plugin: 'x' })
    .child({ app: 'y' })
    .info('Started', { port: 1, list: [1, 'a'], none: undefined });
  const [line] = lines();
  assert.match(String(line?.['time']), /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.deepEqual(
    { ...line, time: '' },
    { level: 'info', time: '', plugin: 'x', app: 'y', port: 1, list: [1, 'a'], msg: 'Started' },
  );
});

test('less important lines are dropped', async () => {
  const { log, lines } = await open({ level: 'warn' });
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  assert.deepEqual(
    lines().map(({ level, msg }) => [level, msg]),
    [
      ['warn', 'c'],
      ['error', 'd'],
    ],
  );
  const silent = await open({ level: 'silent' });
  silent.log.error('e');
  assert.deepEqual(silent.lines(), []);
});

const SECRET = 'hunter2-hunter2';

test('values under secret keys are redacted at any depth, and names that only look so are not', async () => {
  const { log, lines, text } = await open();
  log.info('x', {
    password: SECRET,
    user: { dbPassword: SECRET, nested: [{ access_token: SECRET }, { 'tls.key': SECRET }] },
    headers: new Map([['k', { Authorization: SECRET, 'set-cookie': [SECRET] }]]),
    object: {
      kind: 'Secret',
      metadata: { name: 'visible' },
      data: { anything: SECRET },
      stringData: { a: SECRET },
    },
    secretName: 'visible',
    tokenFile: '/visible',
    passed: true,
  });
  assert.equal(text().includes(SECRET), false);
  const [line] = lines();
  assert.deepEqual(line?.['user'], {
    dbPassword: '[redacted]',
    nested: [{ access_token: '[redacted]' }, { 'tls.key': '[redacted]' }],
  });
  assert.deepEqual([line['secretName'], line['tokenFile'], line['passed']], ['visible', '/visible', true]);
  assert.equal(JSON.stringify(line['object']).includes('visible'), true);
});

test('secrets in texts are redacted: known values, URLs, tokens, in fields, messages, errors and children', async () => {
  const { log, text } = await open({ secrets: ['known-one-1'] });
  const child = log.child({ url: `https://me:${SECRET}@host/path` });
  log.hide('known-two-2');
  child.warn('known-one-1 and known-two-2', {
    list: [`Bearer ${SECRET}`, `https://host/?token=${SECRET}&x=1`],
    error: new Error(`failed with known-two-2`, { cause: new EpinioError('X', `basic ${SECRET}`) }),
  });
  for (const secret of [SECRET, 'known-one-1', 'known-two-2'])
    assert.equal(text().includes(secret), false, text());
  assert.match(text(), /https:\/\/\[redacted\]@host\/path/);
  assert.match(text(), /token=\[redacted\]&x=1/);
});

test('errors keep name, message, code and causes', async () => {
  const { log, lines } = await open();
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  log.error('x', {
    error: new EpinioError('KUBE_UNREACHABLE', 'no answer', { fix: 'start it', cause }),
    err: new TypeError('bug'),
  });
  const [line] = lines();
  const error = line?.['error'] as Record<string, unknown>;
  assert.deepEqual(
    [error['name'], error['message'], error['code'], error['fix']],
    ['EpinioError', 'no answer', 'KUBE_UNREACHABLE', 'start it'],
  );
  assert.equal((error['cause'] as Record<string, unknown>)['code'], 'ECONNREFUSED');
  assert.match(String((line?.['err'] as Record<string, unknown>)['stack']), /pino-log\.test/);
});

test('a line is bounded, whatever it is given', async () => {
  const { log, lines, text } = await open();
  const circular: Record<string, unknown> = {
    big: 12n,
    bytes: Buffer.alloc(1000),
    when: new Date(0),
    f: () => 1,
  };
  circular['self'] = circular;
  let deep: Record<string, unknown> = {};
  for (let depth = 0; depth < 1000; depth += 1) deep = { deep };
  log.info('y'.repeat(100_000), {
    circular,
    deep,
    list: Array.from({ length: 10_000 }, () => 'z'.repeat(10)),
  });
  assert.ok(text().length < 30_000, 'text().length < 30_000');
  const [line] = lines();
  assert.deepEqual(line?.['circular'], {
    big: '12',
    bytes: '[1000 bytes]',
    when: '1970-01-01T00:00:00.000Z',
    self: '[circular]',
  });
});
