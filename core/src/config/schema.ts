import { z } from 'zod';
import type { Slot } from './slots.ts';

/** The config file's version. A new one is a new value here and a conversion to this shape. */
export const CONFIG_API = 'epinio/v1';

const SLOT_MEANINGS: Readonly<Record<Slot, string>> = {
  cluster: 'The Kubernetes API that the platform runs on',
  ingress: 'Publishes applications outside the cluster',
  mesh: 'Secures the traffic between pods; false for none',
  certs: 'Issues and renews certificates',
  secretSync: 'Makes copies of secrets follow them into other namespaces',
  storage: 'Keeps the sources of applications',
  registry: 'Stores the images of applications',
  builder: 'Turns sources into images',
  catalog: 'Presents the services of all brokers',
};

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;

const use = z
  .string()
  .min(1)
  .describe(
    'The component: its short name, an npm package, or a path that begins with "./", from this file\'s folder',
  );
const options = z
  .record(z.string(), z.unknown())
  .describe("The component's own options; its README lists them");

/** A component by name, or with options. `use` may be left to the profile. */
const component = z.union([use, z.strictObject({ use: use.optional(), with: options.optional() })]);

const broker = z.union([
  use,
  z.strictObject({
    use,
    name: z
      .string()
      .regex(DNS_LABEL, 'it must be lower-case letters, digits and dashes')
      .optional()
      .describe('Tells two uses of one component apart; default: the name of the component'),
    with: options.optional(),
  }),
]);

const slots = Object.fromEntries(
  Object.entries(SLOT_MEANINGS).map(([slot, meaning]) => [
    slot,
    z
      .union([z.literal(false), ...component.options])
      .optional()
      .describe(meaning),
  ]),
) as Record<
  Slot,
  z.ZodOptional<z.ZodUnion<readonly [z.ZodLiteral<false>, ...(typeof component)['options']]>>
>;

/** What one source of configuration may say: every key may be left out. */
export const configSource = z.strictObject({
  api: z.literal(CONFIG_API).optional().describe('The version of this file format'),
  profile: z
    .string()
    .min(1)
    .optional()
    .describe('The set of components and defaults for what this file leaves out'),
  domain: z
    .string()
    .max(253)
    .regex(DNS_NAME, 'it must be a DNS name: lower-case letters, digits, dashes and dots')
    .optional()
    .describe('Base domain: the API answers at epinio.<domain>, applications at <name>.<domain>'),
  namespace: z
    .string()
    .regex(DNS_LABEL, 'it must be a namespace name: lower-case letters, digits and dashes, at most 63')
    .optional()
    .describe("The namespace of the platform's own objects"),
  tlsIssuer: z
    .string()
    .max(253)
    .regex(DNS_NAME, 'it must be the name of a ClusterIssuer: lower-case letters, digits, dashes and dots')
    .optional()
    .describe('The ClusterIssuer that signs certificates unless a route says otherwise'),
  components: z
    .strictObject({ ...slots, brokers: z.array(broker).optional().describe('Service brokers; any number') })
    .optional()
    .describe('Which component plays each part'),
});

/** A config file: a source that names its version. */
export const configFile = configSource.extend({
  api: z.literal(CONFIG_API).describe('The version of this file format'),
});

/** What one source says, as people write it; also the shape of a profile. */
export type ConfigSource = z.input<typeof configSource>;
