/**
 * The commands that only ask the server, in one module: each is small, and to load one file is quicker than to
 * load the ten that they share.
 */
export { default as appCreate } from './app/create.ts';
export { default as appDelete } from './app/delete.ts';
export { default as appList } from './app/list.ts';
export { default as appLogs } from './app/logs.ts';
export { default as appRestart } from './app/restart.ts';
export { default as appShow } from './app/show.ts';
export { default as appUpdate } from './app/update.ts';
export { default as appEnvList } from './app-env/list.ts';
export { default as appEnvSet } from './app-env/set.ts';
export { default as appEnvShow } from './app-env/show.ts';
export { default as appEnvUnset } from './app-env/unset.ts';
export { default as info } from './info.ts';
export { default as login } from './login.ts';
export { default as logout } from './logout.ts';
export { default as namespaceCreate } from './namespace/create.ts';
export { default as namespaceDelete } from './namespace/delete.ts';
export { default as namespaceList } from './namespace/list.ts';
export { default as namespaceShow } from './namespace/show.ts';
export { default as settingsShow } from './settings/show.ts';
export { default as target } from './target.ts';
export { default as version } from './version.ts';
