/** Ends the build with one sentence for people. */
export class Failure extends Error {}
