import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  appSecretNames,
  releaseName,
  resourceName,
  serviceReleaseName,
  stagingName,
  templateName,
  truncatedName,
} from './names.ts';

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');

describe('published names', () => {
  it('keeps what is readable and adds the hash of the unmodified text', () => {
    assert.equal(resourceName('sample-env'), `sample-env-${sha1('sample-env')}`);
    assert.equal(
      resourceName('stage', 'workspace', 'Sample_1'),
      `stage-workspace-sample-${sha1('stage-workspace-Sample_1')}`,
    );
    assert.equal(
      resourceName('this-is.-un.a-cceptable'),
      `this-is-una-cceptable-${sha1('this-is.-un.a-cceptable')}`,
    );
    assert.equal(resourceName('123epinio-is-awesome'), `epinio-is-awesome-${sha1('123epinio-is-awesome')}`);
  });

  it('never exceeds 63 characters, and doubles the dash when the cut falls on one', () => {
    const long = resourceName('this', 'is', 'going', 'to', 'be', 'too', 'long', 'of', 'a', 'string');
    assert.equal(long.length, 63);
    assert.ok(long.startsWith('this-is-going-to-be-to-'), "long.startsWith('this-is-going-to-be-to-')");
    assert.equal(resourceName('123456789012345678901-x'), `x-${sha1('123456789012345678901-x')}`);
    assert.equal(
      resourceName('abcdefghijklmnopqrstu-x'),
      `abcdefghijklmnopqrstu--${sha1('abcdefghijklmnopqrstu-x')}`,
    );
  });

  it('is the hash alone when nothing is readable', () => {
    assert.equal(resourceName('123'), sha1('123'));
  });

  it('truncates as published', () => {
    const name = 'this-is-47-characters-long-01234567890123456789';
    const sum = sha1(name);
    assert.equal(truncatedName(name, 42), `t-${sum}`);
    assert.equal(truncatedName(name, 50), `this-is-4-${sum}`);
    assert.equal(truncatedName(name, 41), `x${sum.slice(1, 40)}`);
    assert.equal(truncatedName(name, 40), `x${sum.slice(1, 39)}`);
  });

  it('names releases', () => {
    assert.equal(
      releaseName('a-rather-long-application'),
      `a-rather-lon-${sha1('a-rather-long-application')}`,
    );
    assert.equal(releaseName('x'.repeat(80)).length, 53);
    assert.match(serviceReleaseName('mysql'), /^x[0-9a-f]{28}$/);
    assert.equal(serviceReleaseName('mysql'), `x${sha1('mysql').slice(1, 29)}`);
  });

  it('names the objects of the application chart', () => {
    assert.equal(templateName('sample'), `rsample-${sha1('sample')}`);
    assert.equal(
      templateName('My.App_1 is longer than twenty-one'),
      `rypp1islongerthantwent-${sha1('My.App_1 is longer than twenty-one')}`,
    );
    assert.equal(templateName('x'.repeat(100)).length, 63);
  });

  it('names an application’s own objects', () => {
    assert.equal(appSecretNames('sample').scaling, `sample-scale-${sha1('sample-scale')}`);
    assert.equal(stagingName('ns', 'app', '0123456789abcdef'), resourceName('stage-ns-app-0123456789abcdef'));
  });
});
