import { objectsAt, stringAt } from '../../json.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { age } from './age.ts';

/** Cells of RoleBindings and ClusterRoleBindings after the name. */
export function bindingCells(binding: ApiObject, now: number): readonly unknown[] {
  const subjects = objectsAt(binding, 'subjects');
  const names = (kind: string): readonly string[] =>
    subjects.filter((subject) => subject['kind'] === kind).map((subject) => stringAt(subject, 'name') ?? '');
  const accounts = subjects
    .filter(({ kind }) => kind === 'ServiceAccount')
    .map((subject) => `${stringAt(subject, 'namespace') ?? ''}/${stringAt(subject, 'name') ?? ''}`);
  return [
    `${stringAt(binding, 'roleRef', 'kind') ?? ''}/${stringAt(binding, 'roleRef', 'name') ?? ''}`,
    age(binding.metadata.creationTimestamp, now),
    names('User').join(', '),
    names('Group').join(', '),
    accounts.join(', '),
  ];
}
