import { numberAt, stringAt, type JsonObject } from '../../json.ts';
import type { Admission } from '../../registry/resource.ts';
import { forbiddenRequest } from '../../status.ts';
import type { ApiObject } from '../../storage/api-object.ts';

const CLASSES = 'scheduling.k8s.io/priorityclasses';

/** Gives a new pod the priority of its class, or of the class that is the default. Fails with 403 for unknown ones. */
export function admitPriority(pod: ApiObject, spec: JsonObject, admission: Admission): void {
  const refuse = (why: string): never => {
    throw forbiddenRequest({ group: '', resource: 'pods' }, pod.metadata.name, why);
  };
  const named = stringAt(spec, 'priorityClassName') ?? '';
  const found =
    named === ''
      ? admission.list(CLASSES).find((candidate) => candidate['globalDefault'] === true)
      : admission.find(CLASSES, named);
  if (found === undefined && named !== '') refuse(`no PriorityClass with name ${named} was found`);
  if (found !== undefined) spec['priorityClassName'] = found.metadata.name;
  const priority = numberAt(found, 'value') ?? 0;
  const policy = stringAt(found, 'preemptionPolicy') ?? 'PreemptLowerPriority';
  const given = numberAt(spec, 'priority');
  if (given !== undefined && given !== priority)
    refuse(
      `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    );
  const givenPolicy = stringAt(spec, 'preemptionPolicy');
  if (givenPolicy !== undefined && givenPolicy !== policy)
    refuse(
      `the string value of PreemptionPolicy (${givenPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    );
  spec['priority'] = priority;
  spec['preemptionPolicy'] = policy;
}
