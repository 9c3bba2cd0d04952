export { testKube } from './contracts/kube.ts';
export { FakeKube } from './fake-kube.ts';
export type { FakeKubeOptions, KubeVerb } from './fake-kube.ts';
export { FakeClock } from './fake-clock.ts';
export { FakeLog } from './fake-log.ts';
export type { LoggedEntry } from './fake-log.ts';
