import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { chartOptions, chartPart, mergeValues } from './index.ts';

const config = z.strictObject(
  chartOptions({ chart: 'door', repository: 'https://charts.example.com', version: '1.2.3' }),
);
const release = { release: 'door', namespace: 'house', values: { a: { b: 1, c: [1, 2] }, d: 1 } };

describe('options of charts', () => {
  it('merge values as Helm does: maps by key, all else as a whole', () => {
    const merged = mergeValues(release.values, { a: { c: [3], e: null }, d: { f: 1 } });
    assert.deepEqual(merged, { a: { b: 1, c: [3], e: null }, d: { f: 1 } });
    assert.deepEqual(release.values, { a: { b: 1, c: [1, 2] }, d: 1 }, 'what was given is as it was');
  });

  it('take keys such as "constructor" for data', () => {
    assert.deepEqual(mergeValues({}, { constructor: { a: 1 } }), { constructor: { a: 1 } });
  });

  it('make a part with the defaults, and one with what a person wrote', () => {
    assert.deepEqual(chartPart(release, config.parse({})), {
      kind: 'chart',
      ...release,
      chart: 'door',
      repository: 'https://charts.example.com',
      version: '1.2.3',
    });
    const own = chartPart(release, config.parse({ version: 'v2.0.0-rc.1', values: { d: 2 } }));
    assert.equal(own.version, 'v2.0.0-rc.1');
    assert.deepEqual(own.values, { a: { b: 1, c: [1, 2] }, d: 2 });
  });

  it('use the repository only for a chart that is a name in it', () => {
    for (const chart of ['oci://registry.example.com/door', './door', '/charts/door', 'door-1.2.3.tgz'])
      assert.equal(chartPart(release, config.parse({ chart })).repository, undefined, chart);
  });

  it('refuse what is no version and no address', () => {
    assert.throws(() => config.parse({ version: 'latest' }));
    assert.throws(() => config.parse({ repository: 'charts.example.com' }));
  });
});
