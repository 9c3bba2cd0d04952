import { z } from 'zod';

/** There is nothing to choose. */
export const config = z.strictObject({});
