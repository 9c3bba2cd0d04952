import { setTimeout as delay } from 'node:timers/promises';

/**
 * Repeats a check until it passes, for what comes about by itself; after `timeoutMs` it fails as the last try
 * did. Give `assert.ok` a message in the check: without one, each failure parses the test's source anew, which
 * takes seconds. @returns what the check returned.
 */
export async function eventually<T>(check: () => Promise<T> | T, timeoutMs = 10_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(pause);
    }
  }
}
