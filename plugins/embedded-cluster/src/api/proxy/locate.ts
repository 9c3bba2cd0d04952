import type { Duplex } from 'node:stream';
import { hasCode, messageOf } from '@epinio/core';
import { isObject, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Resource } from '../../registry/resource.ts';
import { badRequest, objectNotFound, StatusError } from '../../status.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import type { NodeAccess } from '../node-access.ts';
import { parseTargetName, type TargetName } from './target-name.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';

/** Where a proxied request goes. */
export interface Location {
  readonly scheme: 'http' | 'https';
  /** Address and port, as links of the answer may name them. */
  readonly host: string;
  /** Fails with 503, in the words of a real API server. */
  connect(): Promise<Duplex>;
}

export interface Located {
  readonly registry: Registry;
  readonly resource: Resource;
  readonly namespace: string;
  /** As it is in the path. */
  readonly id: string;
  readonly node: NodeAccess | undefined;
}

/** The port that is named, else the first that the pod declares. Fails with 400 or 404. */
export function locatePod({ registry, resource, namespace, id, node }: Located): Location {
  const target = parseTargetName(id);
  if (target === undefined) throw badRequest(`invalid pod request ${JSON.stringify(id)}`);
  const pod = registry.get(resource, namespace, target.name).object;
  const address = stringAt(pod, 'status', 'podIP') ?? '';
  if (address === '') throw badRequest('address not allowed');
  const declared = objectsAt(pod, 'spec', 'containers').flatMap((container) =>
    objectsAt(container, 'ports'),
  )[0];
  const port = target.port === '' ? textOf(declared?.['containerPort']) : target.port;
  return { ...target, ...reach(node, namespace, target, address, port) };
}

/** One of the ready pods behind a Service's port, which is named by number or name. Fails with 400, 404 or 503. */
export function locateService({ registry, resource, namespace, id, node }: Located): Location {
  const target = parseTargetName(id);
  if (target === undefined) throw badRequest(`invalid service request ${JSON.stringify(id)}`);
  const { name } = target;
  const isNumber = /^[+-]?\d+$/.test(target.port);
  const service = registry.list(resource, { namespace, name }).items[0]?.object;
  if (service === undefined)
    throw objectNotFound({ group: '', resource: isNumber ? 'services' : 'endpoints' }, name);
  const port = isNumber ? portNameOf(service, Number(target.port)) : target.port;
  const endpoints = readyEndpoints(registry, namespace, name);
  if (endpoints.length === 0) throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  const fitting = endpoints.filter((each) => each.port === port && each.pod !== undefined);
  const chosen = fitting[Math.floor(Math.random() * fitting.length)];
  if (chosen?.pod === undefined)
    throw unavailable(`no endpoints available for service ${JSON.stringify(id)}`);
  const pod = { ...target, name: chosen.pod };
  return { ...target, ...reach(node, namespace, pod, chosen.address, String(chosen.number)) };
}

function portNameOf(service: ApiObject, number: number): string {
  const port = objectsAt(service, 'spec', 'ports').find((each) => each['port'] === number);
  if (port !== undefined) return typeof port['name'] === 'string' ? port['name'] : '';
  throw unavailable(`no service port ${number} found for service ${JSON.stringify(service.metadata.name)}`);
}

interface Endpoint {
  readonly address: string;
  /** The port's name, empty for the only one. */
  readonly port: string;
  readonly number: number;
  /** Only pods are proxied to: other addresses could be anything that this machine reaches. */
  readonly pod: string | undefined;
}

function readyEndpoints(registry: Registry, namespace: string, service: string): readonly Endpoint[] {
  const slices = registry.catalog.find('discovery.k8s.io', 'v1', 'endpointslices');
  if (slices === undefined) return [];
  return registry
    .list(slices, { namespace, matches: ({ metadata }) => metadata.labels?.[SERVICE_NAME] === service })
    .items.flatMap(({ object }) =>
      objectsAt(object, 'endpoints')
        .filter(isReady)
        .flatMap((endpoint) =>
          objectsAt(object, 'ports').map((port): Endpoint => ({
            address: firstAddress(endpoint),
            port: textOf(port['name']),
            number: Number(port['port']),
            pod: podOf(endpoint, namespace),
          })),
        ),
    );
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function isReady({ conditions }: JsonObject): boolean {
  return !isObject(conditions) || conditions['ready'] !== false;
}

function firstAddress({ addresses }: JsonObject): string {
  return Array.isArray(addresses) ? String(addresses[0]) : '';
}

function podOf({ targetRef }: JsonObject, namespace: string): string | undefined {
  if (!isObject(targetRef) || targetRef['kind'] !== 'Pod' || targetRef['namespace'] !== namespace)
    return undefined;
  return String(targetRef['name']);
}

function reach(
  node: NodeAccess | undefined,
  namespace: string,
  { scheme, name }: TargetName,
  address: string,
  port: string,
): Pick<Location, 'host' | 'connect'> {
  const number = port === '' ? (scheme === 'https' ? 443 : 80) : Number(port);
  const host = port === '' ? address : `${address}:${port}`;
  return {
    host,
    async connect() {
      if (!/^\d+$/.test(String(number)) || number > 0xffff)
        throw unreachable(`dial tcp: lookup tcp/${port}: unknown port`);
      try {
        if (node === undefined) throw new Error('the cluster has no node yet');
        return await node.streams.connect({ namespace, name }, number);
      } catch (error) {
        const isRefused = hasCode(error, 'PORT_UNREACHABLE') || hasCode(error, 'CONTAINER_NOT_FOUND');
        throw unreachable(
          isRefused ? `dial tcp ${address}:${number}: connect: connection refused` : messageOf(error),
        );
      }
    },
  };
}

/** A 503 for a target that does not answer. */
export function unreachable(why: string): StatusError {
  return unavailable(`error trying to reach service: ${why}`);
}

function unavailable(message: string): StatusError {
  return new StatusError(503, 'ServiceUnavailable', message);
}
