import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesOf, config } from './config.ts';
import { hostEnvironment } from './host-environment.ts';

describe('the configuration of embedded-builder', () => {
  it('has defaults for everything', () => {
    const { buildTimeoutSeconds, memory, disk, cacheSize, buildpacks, environment } = config.parse({});
    assert.deepEqual(
      [buildTimeoutSeconds, memory, disk, cacheSize, buildpacks, environment],
      [600, '2Gi', '8Gi', '2Gi', [], {}],
    );
  });

  for (const [text, bytes] of [
    ['1024', 1024],
    ['1k', 1000],
    ['512Mi', 512 * 2 ** 20],
    ['2Gi', 2 ** 31],
    ['3G', 3e9],
  ] as const) {
    it(`reads ${text} as ${bytes} bytes`, () =>
      assert.equal(bytesOf(config.parse({ disk: text }).disk), bytes));
  }

  for (const wrong of [
    { memory: '2 GB' },
    { memory: '0' },
    { buildpacks: ['relative'] },
    { environment: { 'a-b': '' } },
    { unknown: 1 },
  ]) {
    it(`refuses ${JSON.stringify(wrong)}`, () => assert.equal(config.safeParse(wrong).success, false));
  }

  it('takes from the machine what it is told to, where it is set', () => {
    process.env['EPINIO_TEST_MIRROR'] = 'https://mirror';
    assert.deepEqual(hostEnvironment(['EPINIO_TEST_MIRROR', 'EPINIO_TEST_UNSET']), {
      EPINIO_TEST_MIRROR: 'https://mirror',
    });
    delete process.env['EPINIO_TEST_MIRROR'];
  });
});
