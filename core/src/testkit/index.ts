export { testKube } from './contracts/kube.ts';
export { FakeKube } from './fake-kube.ts';
export type { FakeKubeOptions, KubeVerb } from './fake-kube.ts';
export { FakeClock } from './fake-clock.ts';
export { FakeLog } from './fake-log.ts';
export type { LoggedEntry } from './fake-log.ts';

export { systemClock } from '../adapters/system-clock.ts';
export { testIngress } from './contracts/ingress.ts';
export type { IngressContext } from './contracts/ingress.ts';
export { eventually } from './eventually.ts';
export { openPublic, requestPublic } from './https-request.ts';
export type { PublicRequest, PublicResponse } from './https-request.ts';
export { selfSigned } from './self-signed.ts';
export type { TestCertificate } from './self-signed.ts';
export { testStorage } from './contracts/storage.ts';
export type { OpenStorage } from './contracts/storage.ts';
