import type { InstallPlan, Step } from './plan.ts';

/** What happens while a plan is carried out; told as it happens. */
export type InstallEvent =
  | { readonly type: 'planned'; readonly plan: InstallPlan }
  | { readonly type: 'started'; readonly step: Step }
  | { readonly type: 'finished'; readonly step: Step; readonly elapsedMs: number }
  | { readonly type: 'failed'; readonly step: Step; readonly error: unknown }
  /** Something stays in the cluster although its component is removed. */
  | { readonly type: 'kept'; readonly component: string; readonly what: string; readonly why: string }
  /** All steps of the component are done. */
  | { readonly type: 'ready'; readonly component: string };

export type OnInstallEvent = (event: InstallEvent) => void;
