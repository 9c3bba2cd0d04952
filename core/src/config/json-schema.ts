import type { z } from 'zod';
import type { AnyPlugin } from '../kernel/plugin.ts';
import { SLOTS } from './slots.ts';

/** A JSON Schema document, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of what people write for a zod schema: defaults are optional, descriptions are kept. */
export async function jsonSchemaOf(schema: z.ZodType): Promise<JsonSchema> {
  const { toJSONSchema } = await import('zod');
  return toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}

/**
 * The JSON Schema of the config file, for editors. With plugins, the options of each are checked wherever
 * it is used by its id.
 */
export async function configJsonSchema(plugins: readonly AnyPlugin[] = []): Promise<JsonSchema> {
  const { configFile } = await import('./schema.ts');
  const schema = structuredClone(await jsonSchemaOf(configFile)) as SchemaObject;
  const components = schema.properties?.['components'] ?? {};
  const slots: [string, string][] = [...Object.entries(SLOTS), ['brokers', 'broker']];
  for (const [slot, contract] of slots) {
    const own = plugins.filter((plugin) => plugin.provides.id === contract);
    const place = slot === 'brokers' ? components.properties?.[slot]?.items : components.properties?.[slot];
    if (own.length === 0 || place === undefined) continue;
    place.allOf = await Promise.all(own.map(optionsRule));
  }
  return { ...schema, title: 'Epinio configuration' };
}

interface SchemaObject {
  properties?: Record<string, SchemaObject>;
  items?: SchemaObject;
  allOf?: JsonSchema[];
}

async function optionsRule(plugin: AnyPlugin): Promise<JsonSchema> {
  const options = Object.fromEntries(
    Object.entries(await jsonSchemaOf(plugin.config as z.ZodType)).filter(([key]) => key !== '$schema'),
  );
  return {
    if: { type: 'object', properties: { use: { const: plugin.id } }, required: ['use'] },
    then: { properties: { with: options } },
  };
}

/** True for an option that holds a secret: JSON Schema's `writeOnly`, set with `.meta({ writeOnly: true })`. */
export function isSecret(schema: JsonSchema): boolean {
  return schema['writeOnly'] === true || schema['format'] === 'password';
}
