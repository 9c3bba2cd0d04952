/** The longest header of a request or a response. */
export const MAX_HEADER_BYTES = 32 * 1024;
