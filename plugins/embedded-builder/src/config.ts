import { z } from 'zod';

/** A Kubernetes quantity of bytes: "512Mi", "2Gi", "1000000". */
const quantity = z
  .string()
  .regex(/^[1-9][0-9]*(?:Ki|Mi|Gi|Ti|k|M|G|T)?$/, 'must be bytes as Kubernetes writes them: "512Mi", "2Gi"');
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable');

/** What a build on this machine needs to reach package registries as anything else here does. Values are never logged. */
export const HOST_VARIABLES: readonly string[] = [
  ...['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'GIT_SSL_CAINFO'],
  ...['npm_config_registry', 'NPM_CONFIG_REGISTRY'],
  ...['PIP_CERT', 'PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'PIP_TRUSTED_HOST', 'PIP_DEFAULT_TIMEOUT'],
  ...['GOPROXY', 'GONOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GOPRIVATE', 'GOFLAGS'],
];

export const config = z.strictObject({
  buildpacks: z
    .array(z.string().startsWith('/', 'must be an absolute path'))
    .default([])
    .describe(
      'Folders of further buildpacks, each tried before the built-in ones; one with the same id replaces that one',
    ),
  buildTimeoutSeconds: z.int().min(10).max(86_400).default(600).describe('After this time a build fails'),
  memory: quantity.default('2Gi').describe('Memory that a build may use'),
  disk: quantity
    .default('8Gi')
    .describe('Disk space that a build may use: sources, layers and temporary files'),
  cacheSize: quantity
    .default('2Gi')
    .describe("Disk space for what an application's builds keep for the next one"),
  environment: z
    .record(variable, z.string())
    .default({})
    .describe("Variables of every build, such as package mirrors; an application's own come before them"),
  hostVariables: z
    .array(variable)
    .default([...HOST_VARIABLES])
    .describe(
      "Variables that builds get from the platform's own environment where they are set: proxies, certificates, mirrors",
    ),
});

export type Config = z.output<typeof config>;

const FACTORS: Readonly<Record<string, number>> = {
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 },
  ...{ k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
};

/** The bytes of a quantity that the schema has accepted. */
export function bytesOf(quantity: string): number {
  return parseInt(quantity, 10) * (FACTORS[quantity.replace(/^[0-9]+/, '')] ?? 1);
}
