import type { CustomResourceDefinition } from '../kube/kinds.ts';

const text = { type: 'string' } as const;
const texts = { type: 'array', items: text } as const;
const object = (properties: Readonly<Record<string, unknown>>, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
});

/** The definition of the App resource, with the published fields. */
export const appCrd: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'apps.application.epinio.io' },
  spec: {
    group: 'application.epinio.io',
    scope: 'Namespaced',
    names: { plural: 'apps', singular: 'app', kind: 'App', listKind: 'AppList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: object(
            {
              apiVersion: text,
              kind: text,
              metadata: { type: 'object' },
              spec: object(
                {
                  routes: texts,
                  origin: object({
                    path: text,
                    archive: { type: 'boolean' },
                    container: text,
                    git: object(
                      { repository: text, revision: text, provider: text, branch: text, gitconfig: text },
                      ['repository'],
                    ),
                  }),
                  builderimage: text,
                  blobuid: text,
                  stageid: text,
                  imageurl: text,
                  chartname: text,
                  settings: { type: 'object', additionalProperties: text },
                },
                ['origin'],
              ),
            },
            ['spec'],
          ),
        },
        additionalPrinterColumns: [
          { name: 'Stage', type: 'string', jsonPath: '.spec.stageid' },
          { name: 'Image', type: 'string', jsonPath: '.spec.imageurl', priority: 1 },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
      },
    ],
  },
};
