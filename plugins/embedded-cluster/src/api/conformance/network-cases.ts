import { type Case } from './case.ts';

const ENDPOINTS = '/api/v1/namespaces/{ns}/endpoints';
const DEPRECATED = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"';

/** What the API says of objects that say where Services lead. */
export const NETWORK_CASES: readonly Case[] = [
  {
    name: 'whoever uses Endpoints is told what to use instead',
    steps: [
      {
        request: `POST ${ENDPOINTS}`,
        body: {
          apiVersion: 'v1',
          kind: 'Endpoints',
          metadata: { name: 'web' },
          subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 80 }] }],
        },
        status: 201,
        warning: DEPRECATED,
        expect: { subsets: [{ ports: [{ port: 80, protocol: 'TCP' }] }] },
      },
      { request: `GET ${ENDPOINTS}/web`, status: 200, warning: DEPRECATED },
      { request: `GET ${ENDPOINTS}`, status: 200, warning: DEPRECATED },
      { request: `GET ${ENDPOINTS}/none`, status: 404, warning: DEPRECATED },
      {
        request: `PUT ${ENDPOINTS}/web`,
        body: { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'web' }, subsets: [{}] },
        status: 422,
        warning: DEPRECATED,
        message:
          'Endpoints "web" is invalid: subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
      },
      {
        request: `POST ${ENDPOINTS}`,
        body: {
          apiVersion: 'v1',
          kind: 'Endpoints',
          metadata: { name: 'wrong' },
          subsets: [
            {
              addresses: [{ ip: 'here' }, { ip: '192.0.2.1', hostname: 'A_b', nodeName: 'N' }],
              ports: [{ port: 80 }, { port: 0, name: 'a', protocol: 'X' }],
            },
          ],
        },
        status: 422,
      },
      { request: `DELETE ${ENDPOINTS}/web`, status: 200, warning: DEPRECATED },
    ],
  },
];
