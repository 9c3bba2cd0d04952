import { testPlugin, testRegistry } from '@epinio/core/testkit';
import { openRegistry } from './fixtures/open-registry.ts';
import plugin from './index.ts';

testRegistry('embedded-registry', () => openRegistry());

testPlugin(plugin, {
  from: import.meta.url,
  valid: [
    {},
    { listen: '::1', port: 5001, collectEveryMinutes: 5, keepUnreferencedMinutes: 0, keepUntaggedHours: 1 },
  ],
  invalid: [
    [{ port: 0 }, /port/],
    [{ collectEveryMinutes: 0 }, /collectEveryMinutes/],
  ],
});
