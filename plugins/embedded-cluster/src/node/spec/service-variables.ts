import type { Service } from '@epinio/core';

/**
 * The variables that tell a container where Services are, as the kubelet makes them: `NAME_SERVICE_HOST` and its
 * kin, and the older ones that links of containers had. Services without an address have none. Pure.
 */
export function serviceVariables(services: readonly Service[]): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const { metadata, spec } of services) {
    const { clusterIP = '', ports = [] } = spec;
    if (clusterIP === '' || clusterIP === 'None') continue;
    const name = variableName(metadata.name);
    variables.set(`${name}_SERVICE_HOST`, clusterIP);
    variables.set(`${name}_SERVICE_PORT`, String(ports[0]?.port ?? ''));
    for (const port of ports) {
      if (port.name !== undefined && port.name !== '')
        variables.set(`${name}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
    }
    for (const [index, { port, protocol = 'TCP' }] of ports.entries()) {
      const prefix = `${name}_PORT_${port}_${protocol}`;
      const url = `${protocol.toLowerCase()}://${clusterIP}:${port}`;
      if (index === 0) variables.set(`${name}_PORT`, url);
      variables.set(prefix, url);
      variables.set(`${prefix}_PROTO`, protocol.toLowerCase());
      variables.set(`${prefix}_PORT`, String(port));
      variables.set(`${prefix}_ADDR`, clusterIP);
    }
  }
  return variables;
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
