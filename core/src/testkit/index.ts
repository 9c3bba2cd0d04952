export { testKube } from './contracts/kube.ts';
export { FakeKube } from './fake-kube.ts';
export type { FakeKubeOptions, KubeVerb } from './fake-kube.ts';
