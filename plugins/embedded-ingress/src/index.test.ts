import { testPlugin } from '@epinio/core/testkit';
import plugin from './index.ts';

testPlugin(plugin, {
  from: import.meta.url,
  valid: [
    {},
    { listen: '0.0.0.0', httpsPort: 443, httpPort: 80, publicHost: 'apps.example.com' },
    { className: 'edge', defaultClass: false, trustedProxies: ['10.0.0.0/8', 'fd00::/8'] },
    { sharedHosts: ['www.example.com'], retrySeconds: 0, drainSeconds: 0, maxConnections: 1 },
  ],
  invalid: [
    [{ httpsPort: 70_000 }, /httpsPort/],
    [{ listen: 'localhost' }, /listen/],
    [{ trustedProxies: ['10.0.0.1'] }, /trustedProxies/],
    [{ className: 'Not A Class' }, /className.*DNS name/],
  ],
});
