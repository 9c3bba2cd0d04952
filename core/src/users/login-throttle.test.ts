import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hash } from 'bcryptjs';
import { hasCode } from '../kernel/errors.ts';
import { LoginThrottle } from './login-throttle.ts';
import { PasswordCheck } from './password-check.ts';
import { adminUser } from './user-secret.ts';
import { secretTexts } from '../apps/secret-data.ts';
import { templateName } from '../apps/names.ts';

describe('the throttle of logins', () => {
  it('doubles the time up to a minute, and forgets', () => {
    let now = 0;
    const throttle = new LoginThrottle({ now: () => now });
    for (let failure = 0; failure < 30; failure++) throttle.failed('admin', 'a');
    assert.equal(throttle.retryAfterSeconds('admin', 'a'), 60);
    assert.equal(throttle.retryAfterSeconds('admin', 'b'), 0, 'nobody is locked out from elsewhere');
    throttle.succeeded('admin', 'a');
    assert.ok(throttle.retryAfterSeconds('admin', 'a') > 0, 'the address has failed with others too often');
    now += 15 * 60_000;
    assert.equal(throttle.retryAfterSeconds('admin', 'a'), 0);
  });

  it('counts an address that tries many names', () => {
    const throttle = new LoginThrottle({ now: () => 0 });
    for (let user = 0; user < 30; user++) throttle.failed(`user${user}`, 'a');
    assert.ok(throttle.retryAfterSeconds('new', 'a') > 0, "throttle.retryAfterSeconds('new', 'a') > 0");
  });

  it('slows down guesses from made-up addresses, without locking anybody out', () => {
    let now = 0;
    const throttle = new LoginThrottle({ now: () => now });
    for (let guess = 0; guess < 1_000; guess++) throttle.failed('admin', `made-up-${guess}`);
    assert.equal(throttle.retryAfterSeconds('admin', 'elsewhere'), 2);
    now += 2_000;
    assert.equal(throttle.retryAfterSeconds('admin', 'elsewhere'), 0);
  });

  it('remembers no more than it has room for', () => {
    const throttle = new LoginThrottle({ now: () => 0 });
    for (let user = 0; user < 6; user++) throttle.failed('old', 'old');
    for (let user = 0; user < 20_000; user++) throttle.failed('x', `address${user}`);
    assert.equal(throttle.retryAfterSeconds('old', 'old'), 0);
  });
});

describe('the check of passwords', () => {
  const user = async (password: string) => ({
    username: 'u',
    passwordHash: await hash(password, 4),
    roles: [],
    namespaces: [],
    gitconfigs: [],
  });

  it('remembers what was right, for that Secret only', async () => {
    const check = new PasswordCheck();
    const one = await user('right');
    assert.equal(check.isRemembered(one, 'right'), false);
    assert.equal(await check.isRight(one, 'right'), true);
    assert.equal(check.isRemembered(one, 'right'), true);
    assert.equal(await check.isRight(one, 'wrong'), false);
    assert.equal(check.isRemembered(await user('other'), 'right'), false);
  });

  it('does not let a long password match another with the same beginning', async () => {
    const long = 'x'.repeat(72);
    assert.equal(await new PasswordCheck().isRight(await user(long), `${long}y`), false);
  });

  it('refuses a flood instead of queueing it', async () => {
    const check = new PasswordCheck();
    const one = await user('right');
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) => check.isRight(one, `guess${index}`)),
    );
    const refused = results.filter(
      (result) => result.status === 'rejected' && hasCode(result.reason, 'LOGIN_BUSY'),
    );
    assert.equal(refused.length, 100 - 32);
  });
});

describe('the first user', () => {
  it('is a published user Secret with a password of its own', async () => {
    const { secret, password } = await adminUser({ namespace: 'epinio' });
    assert.equal(secret.metadata.name, templateName('user-admin'));
    assert.equal(secret.metadata.labels?.['epinio.io/api-user-credentials'], 'true');
    assert.equal(secret.metadata.annotations?.['epinio.io/roles'], 'admin');
    assert.equal(password.length, 24);
    const { username, password: stored } = secretTexts(secret);
    assert.equal(username, 'admin');
    const { compare } = await import('bcryptjs');
    assert.ok(await compare(password, stored ?? ''), "await compare(password, stored ?? '')");
  });
});
