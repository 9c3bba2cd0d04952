import { DEPLOYMENTS, deployment, type Case } from './case.ts';

/** How `scale` is shown as a table. */
export const SCALE_CASES: readonly Case[] = [
  {
    name: 'the scale of an object is shown as a table of its own',
    steps: [
      { request: `POST ${DEPLOYMENTS}`, body: deployment('web', {}, { replicas: 3 }), status: 201 },
      {
        request: `GET ${DEPLOYMENTS}/web/scale`,
        headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
        status: 200,
        expect: {
          kind: 'Table',
          columnDefinitions: [
            { name: 'Name', type: 'string' },
            { name: 'Desired', type: 'integer' },
            { name: 'Available', type: 'integer' },
            { name: 'Age', type: 'string' },
          ],
          rows: [{ object: { metadata: { name: 'web' } } }],
        },
      },
    ],
  },
];
