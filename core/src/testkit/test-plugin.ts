import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { z } from 'zod';
import { jsonSchemaOf, type JsonSchema } from '../config/json-schema.ts';
import { pluginProblem } from '../config/plugin-shape.ts';
import { isNamespace, MANAGED_BY, MANAGER, refKey, refOf } from '../install/part-ref.ts';
import type { Part } from '../kernel/component.ts';
import { checkConfig } from '../kernel/config-problems.ts';
import type { AnyPlugin } from '../kernel/plugin.ts';
import { problemLine } from '../kernel/problem.ts';
import { importQuietly, PluginPackage } from './plugin-package.ts';

/** What the manners of a plugin are tried with. */
export interface PluginExamples {
  /** `import.meta.url` of the test: the package around it is looked at. */
  readonly from: string;
  /** Configs that must be accepted, the smallest among them. */
  readonly valid: readonly unknown[];
  /** Configs that must be refused, each with what the person is told. */
  readonly invalid?: readonly (readonly [config: unknown, message: RegExp])[];
}

const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/**
 * The manners of any plugin, whatever its contract: it is frozen data that does nothing when imported, its
 * options are described and checked, what it installs is a pure function of them, and its README names
 * them. Passing is part of what makes a plugin one.
 */
export function testPlugin(plugin: AnyPlugin, examples: PluginExamples): void {
  const config = plugin.config as z.ZodType;
  const home = new PluginPackage(examples.from);
  const parsed = (): unknown[] => examples.valid.map((value) => accepted(config, value));

  describe(`manners of the plugin ${plugin.id}`, () => {
    it('is frozen data with an id in kebab-case, made for this contract version', () => {
      const expected = { use: plugin.id, file: examples.from, contract: plugin.provides.id };
      assert.equal(pluginProblem(plugin, expected)?.message, undefined);
      assert.ok(Object.isFrozen(plugin), 'it is made by definePlugin');
      assert.equal(plugin.provides.contract, true, 'it provides a contract, not a port');
      assert.match(plugin.id, KEBAB_CASE);
      assert.ok(plugin.id.length <= 40, 'the id fits into the names of objects');
    });

    it('accepts its valid configs, and does not change them', () => {
      assert.ok(examples.valid.length > 0, 'there is at least one valid config');
      for (const value of examples.valid) accepted(config, frozen(value));
    });

    it('refuses a key that it does not know, by name', () => {
      for (const value of examples.valid) {
        const told = refused(config, { ...(value as object), someUnknownKey: 1 });
        assert.match(told, /Unknown key "someUnknownKey"/);
      }
    });

    for (const [value, message] of examples.invalid ?? []) {
      it(`refuses ${JSON.stringify(value)}`, () => assert.match(refused(config, value), message));
    }

    it('describes every option in its JSON Schema', async () => {
      const schema = await jsonSchemaOf(config);
      assert.equal(schema['type'], 'object');
      assert.equal(schema['additionalProperties'], false, 'the config is a z.strictObject');
      assert.deepEqual(undescribed(schema, ''), [], 'these options have no description');
    });

    it('says what it installs by a pure function', () => {
      for (const value of parsed()) {
        const input = frozen(value);
        const parts = plugin.parts(input);
        assert.deepEqual(plugin.parts(input), parts, 'the same config gives the same parts');
        assert.deepEqual(JSON.parse(JSON.stringify(parts)), parts, 'parts are plain data');
        const keys = parts.map((part) => refKey(refOf(part)));
        assert.deepEqual(keys, [...new Set(keys)], 'each part is there once');
        for (const part of parts) checkPart(part);
      }
    });

    it('says when it can be used by a pure function', () => {
      for (const value of parsed()) {
        const input = frozen(value);
        const probes = plugin.probes(input);
        assert.deepEqual(plugin.probes(input), probes, 'the same config gives the same probes');
        for (const probe of probes) {
          assert.ok(probe.what.length > 0, 'a probe names what it waits for');
          assert.ok(probe.timeoutSeconds > 0, `the wait for ${probe.what} has an end`);
        }
      }
    });

    it('lives in a package that can be found by its name', () => {
      const { name, keywords = [], peerDependencies = {}, exports } = home.manifest;
      assert.ok(name.endsWith(`plugin-${plugin.id}`), `"${name}" ends with "plugin-${plugin.id}"`);
      assert.ok(keywords.includes('epinio-plugin'), 'the keyword "epinio-plugin" is set');
      assert.ok('@epinio/core' in peerDependencies, '@epinio/core is a peer, so that npm installs one copy');
      assert.ok(exports !== undefined, 'it exports its entry');
    });

    it('has a README that names its options', async () => {
      const schema = await jsonSchemaOf(config);
      const readme = home.readme();
      const options = Object.keys(schema['properties'] ?? {});
      assert.deepEqual(
        options.filter((option) => !readme.includes(option)),
        [],
        'these options are not in the README',
      );
    });

    it('does nothing when it is imported', async () => {
      assert.deepEqual(await importQuietly(home), { output: '', resources: [], globals: [], variables: [] });
    });
  });
}

function accepted(config: z.ZodType, value: unknown): unknown {
  const { config: parsed, problems } = checkConfig(config, value);
  assert.deepEqual(problems.map(problemLine), []);
  return parsed;
}

/** What the person is told, a line a problem. */
function refused(config: z.ZodType, value: unknown): string {
  const { problems } = checkConfig(config, value);
  assert.notEqual(problems.length, 0, 'it was accepted');
  return problems.map(problemLine).join('\n');
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

/** Paths of options without a description, at any depth. */
function undescribed(schema: JsonSchema, path: string): string[] {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  return Object.entries(properties).flatMap(([key, inner]) => {
    const own = typeof inner['description'] === 'string' ? [] : [`${path}${key}`];
    return [...own, ...undescribed(inner, `${path}${key}.`)];
  });
}

const CLUSTER_SCOPED = new Set([
  'Namespace',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'IngressClass',
  'StorageClass',
  'PriorityClass',
  'PersistentVolume',
  'APIService',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
]);
/** Groups whose other kinds all live in a namespace. */
const BUILT_IN = new Set([
  'v1',
  'apps/v1',
  'batch/v1',
  'networking.k8s.io/v1',
  'policy/v1',
  'autoscaling/v2',
  'rbac.authorization.k8s.io/v1',
]);

function checkPart(part: Part): void {
  if (part.kind === 'chart') {
    assert.match(part.release, OBJECT_NAME);
    assert.match(part.namespace, OBJECT_NAME);
    return;
  }
  const { apiVersion, kind, metadata } = part.object;
  const text = `${kind} "${metadata.name}"`;
  // RBAC names may hold colons and more; all other names are DNS names.
  if (!apiVersion.startsWith('rbac.'))
    assert.match(metadata.name, OBJECT_NAME, `${text} has a name that Kubernetes takes`);
  if (CLUSTER_SCOPED.has(kind)) assert.equal(metadata.namespace, undefined, `${text} is in no namespace`);
  else if (BUILT_IN.has(apiVersion)) assert.ok(metadata.namespace, `${text} names its namespace`);
  const manager = metadata.labels?.[MANAGED_BY];
  assert.ok(manager === undefined || manager === MANAGER, `${text} leaves the label ${MANAGED_BY} to core`);
  assert.equal('status' in part.object, false, `${text} has no status`);
  if (isNamespace(refOf(part)))
    assert.notEqual(metadata.name, 'default', 'nobody owns the namespace "default"');
}
