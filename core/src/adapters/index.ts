export { createKube } from './kube-client.ts';
export type { KubeClient, KubeClientOptions } from './kube-client.ts';
export { systemClock } from './system-clock.ts';
