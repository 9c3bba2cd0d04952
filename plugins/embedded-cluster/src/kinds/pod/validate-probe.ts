import { isObject, numberAt, stringAt } from '../../json.ts';
import { forbidden, invalid, required, type FieldError } from '../../schema/field-error.ts';
import { portName, portNumber } from '../../schema/names.ts';

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'] as const;

/** Findings in a probe; none when there is no probe. */
export function checkProbe(probe: unknown, path: string): readonly FieldError[] {
  if (!isObject(probe)) return [];
  const errors: FieldError[] = [];
  const given = HANDLERS.filter((name) => isObject(probe[name]));
  if (given.length === 0) errors.push(required(path, 'must specify a handler type'));
  for (const extra of given.slice(1)) {
    errors.push(forbidden(`${path}.${extra}`, 'may not specify more than 1 handler type'));
  }
  for (const handler of ['httpGet', 'tcpSocket'] as const) {
    const target = probe[handler];
    if (isObject(target)) errors.push(...checkPort(target['port'], `${path}.${handler}.port`));
  }
  const { exec } = probe;
  if (isObject(exec) && (!Array.isArray(exec['command']) || exec['command'].length === 0)) {
    errors.push(required(`${path}.exec.command`));
  }
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ]) {
    const value = numberAt(probe, name) ?? 0;
    if (value < 0) errors.push(invalid(`${path}.${name}`, value, 'must be greater than or equal to 0'));
  }
  return errors;
}

function checkPort(port: unknown, path: string): readonly FieldError[] {
  if (typeof port === 'number') return portNumber(port).map((complaint) => invalid(path, port, complaint));
  return portName(stringAt({ port }, 'port') ?? '').map((complaint) => invalid(path, port, complaint));
}
