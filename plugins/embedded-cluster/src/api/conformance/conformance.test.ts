import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { eventually } from '@epinio/core/testkit';
import { at, isObject } from '../../json.ts';
import type { ApiClient } from '../testing/test-api.ts';
import { TestApi, type Answer, type Body } from '../testing/test-api.ts';
import { ACCESS_CASES } from './access-cases.ts';
import { APPLY_CASES } from './apply-cases.ts';
import { BODY_CASES } from './body-cases.ts';
import type { Case, Step } from './case.ts';
import { customCases } from './custom-resource-cases.ts';
import { differences } from './differences.ts';
import { EVICTION_CASES } from './eviction-cases.ts';
import { LIST_CASES } from './list-cases.ts';
import { MANAGER_CASES } from './manager-cases.ts';
import { NETWORK_CASES } from './network-cases.ts';
import { OBJECT_CASES } from './object-cases.ts';
import { OPTION_CASES } from './option-cases.ts';
import { PATCH_CASES } from './patch-cases.ts';
import { POD_ACCOUNT_CASES } from './pod-account-cases.ts';
import { QUOTA_CASES } from './quota-cases.ts';
import { SCALE_CASES } from './scale-cases.ts';
import { SELECTOR_CASES } from './selector-cases.ts';
import { TOKEN_CASES } from './token-cases.ts';
import { VALIDATION_CASES } from './validation-cases.ts';
import { RealApiServer } from './real-api-server.ts';

const CASES: readonly Case[] = [
  ...ACCESS_CASES,
  ...OBJECT_CASES,
  ...BODY_CASES,
  ...OPTION_CASES,
  ...VALIDATION_CASES,
  ...PATCH_CASES,
  ...APPLY_CASES,
  ...MANAGER_CASES,
  ...LIST_CASES,
  ...SELECTOR_CASES,
  ...TOKEN_CASES,
  ...NETWORK_CASES,
  ...POD_ACCOUNT_CASES,
  ...QUOTA_CASES,
  ...SCALE_CASES,
  ...EVICTION_CASES,
  ...customCases(`g${randomBytes(3).toString('hex')}`),
];

describe('the API answers a table of requests', () => {
  let ours: TestApi;
  before(async () => {
    ours = await TestApi.start();
  });
  after(() => ours[Symbol.asyncDispose]());
  for (const each of CASES)
    it(each.name, async () => {
      await runCase(ours.client, each);
    });
});

describe('the API answers as a real kube-apiserver does', () => {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  let ours: TestApi;
  let real: RealApiServer | undefined;
  before(async () => {
    if (assets === undefined) return;
    [ours, real] = await Promise.all([TestApi.start(), RealApiServer.start(assets)]);
  });
  after(async () => {
    if (real === undefined) return;
    await Promise.all([ours[Symbol.asyncDispose](), real[Symbol.asyncDispose]()]);
  });
  for (const each of CASES) {
    it(each.name, async (t) => {
      if (real === undefined) {
        t.skip('SKIPPED: KUBEBUILDER_ASSETS does not point at an etcd and a kube-apiserver to compare with');
        return;
      }
      const answers = await Promise.all([runCase(ours.client, each), runCase(real.client, each)]);
      each.steps.forEach((step, index) => {
        const [mine, theirs] = answers.map((list) => list[index]?.body as unknown);
        const [allowed] = step.mayDiffer ?? [];
        const found = differences(mine, theirs, '', step.compareAll).filter(
          (text) => allowed?.test(text.split(': ', 1).join()) !== true,
        );
        assert.deepEqual(found, [], step.request);
      });
    });
  }
});

/** The real one goes by what it knows of a token for ten seconds. */
const EVENTUALLY_MS = 15_000;

/** Runs the steps in a fresh namespace, and checks each answer. */
async function runCase(client: ApiClient, { steps }: Case): Promise<readonly Answer[]> {
  const ns = `case-${randomBytes(4).toString('hex')}`;
  const created = await client.call('POST', '/api/v1/namespaces', { body: { metadata: { name: ns } } });
  assert.equal(created.status, 201);
  // No controllers run here; both want it for pods.
  const account = { body: { metadata: { name: 'default' } } };
  await client.call('POST', `/api/v1/namespaces/${ns}/serviceaccounts`, account);
  const answers: Answer[] = [];
  const names = new Map([['ns', ns]]);
  for (const step of steps) {
    const answer =
      step.eventually === true
        ? await eventually(() => arrived(client, step, names), EVENTUALLY_MS)
        : await runStep(client, step, names);
    check(step, answer, names);
    for (const [name, path] of Object.entries(step.save ?? {}))
      names.set(name, String(at(answer.body, ...path.split('.'))));
    answers.push({
      ...answer,
      body: JSON.parse(JSON.stringify(answer.body).replaceAll(ns, 'NS')) as Body,
    });
  }
  return answers;
}

/** With the names that stand in braces replaced. */
function named<T>(value: T, names: ReadonlyMap<string, string>): T {
  const replace = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (whole, name: string) => names.get(name) ?? whole);
  if (typeof value === 'string') return replace(value) as T;
  return JSON.parse(replace(JSON.stringify(value))) as T;
}

async function arrived(client: ApiClient, step: Step, names: ReadonlyMap<string, string>): Promise<Answer> {
  const answer = await runStep(client, step, names);
  assert.equal(answer.status, step.status, step.request);
  return answer;
}

async function runStep(
  client: ApiClient,
  { request, body, contentType, headers }: Step,
  names: ReadonlyMap<string, string>,
): Promise<Answer> {
  const [method = '', path = ''] = named(request, names).split(' ');
  return client.call(method, path, {
    ...(body === undefined ? {} : { body: named(body, names) }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(headers === undefined ? {} : { headers: named(headers, names) }),
  });
}

function check(step: Step, { status, body, headers }: Answer, names: ReadonlyMap<string, string>): void {
  const shown = `${step.request}: ${JSON.stringify(body)}`;
  assert.equal(status, step.status, shown);
  if (step.expect !== undefined) {
    assert.equal(missing(named(step.expect, names), body, ''), undefined, shown);
  }
  const message = body.message ?? '';
  if (typeof step.message === 'string') assert.equal(message, named(step.message, names));
  else if (step.message !== undefined) assert.match(message, step.message);
  if (step.warning !== undefined) assert.equal(headers['warning'], step.warning);
  if (step.answerType !== undefined) assert.equal(headers['content-type'], step.answerType);
}

/** The first place where `actual` does not have what is expected; lists must have the same length. */
function missing(expected: unknown, actual: unknown, path: string): string | undefined {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length)
      return `${path} is no list of ${expected.length}`;
    return first(expected.map((item, index) => missing(item, actual[index], `${path}[${index}]`)));
  }
  if (isObject(expected)) {
    if (!isObject(actual)) return `${path} is no object`;
    return first(
      Object.keys(expected).map((name) => missing(expected[name], actual[name], `${path}.${name}`)),
    );
  }
  return expected === actual
    ? undefined
    : `${path} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`;
}

function first(findings: readonly (string | undefined)[]): string | undefined {
  return findings.find((finding) => finding !== undefined);
}
