import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { needProgram } from '@epinio/core/testkit';
import { BuildMachine } from '../lifecycle/testkit/build-machine.ts';
import { writeFiles } from '../lifecycle/testkit/write-files.ts';
import { ourBuilder } from './testkit/our-builder.ts';
import { webProcess } from './testkit/web-process.ts';

const builder = ourBuilder();
after(() => builder[Symbol.dispose]());

/** Writes a wheel, which is a zip: a package that pip installs without a network. */
const MAKE_WHEEL = `
import sys, zipfile
folder, version = sys.argv[1:]
info = f"greeting-{version}.dist-info"
with zipfile.ZipFile(f"{folder}/greeting-{version}-py3-none-any.whl", "w") as wheel:
    wheel.writestr("greeting.py", f"HELLO = 'hello from {version}'\\n")
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: greeting\\nVersion: {version}\\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{info}/RECORD", "")
`;

function addWheels(machine: BuildMachine): void {
  mkdirSync(machine.path('app/wheels'));
  for (const version of ['1.0', '2.0'])
    execFileSync('python3', ['-c', MAKE_WHEEL, machine.path('app/wheels'), version]);
}

const requirements = (version: string): string =>
  `# pinned\n--no-index\n--find-links wheels\ngreeting==${version}\n`;

describe('a Python application', () => {
  it('needs nothing but a file with a usual name', async (t) => {
    if (needProgram(t, 'python3', 'build Python applications') === undefined) return;
    using machine = new BuildMachine(builder);
    await machine.build({
      'main.py': '',
      'logging.py': 'raise SystemExit("the build must not import this")',
    });
    assert.deepEqual(webProcess(machine), ['python3', 'main.py']);
    assert.match(machine.log, /No dependencies/);
  });

  it('gets its requirements in a layer, which stays while they do', async (t) => {
    if (needProgram(t, 'python3', 'build Python applications') === undefined) return;
    using machine = new BuildMachine(builder);
    const packages = machine.path('layers/epinio_python/packages');
    const build = async (version: string): Promise<void> => {
      machine.renew();
      addWheels(machine);
      await machine.build({ 'app.py': '', 'requirements.txt': requirements(version) });
    };
    await build('1.0');
    assert.match(readFileSync(`${packages}/greeting.py`, 'utf8'), /hello from 1\.0/);
    assert.equal(readFileSync(`${packages}/env.launch/PYTHONPATH.prepend`, 'utf8'), packages);
    assert.ok(existsSync(`${packages}/__pycache__`), 'compiled beforehand');
    await machine.keepCache();

    await build('1.0');
    assert.match(machine.log, /Dependencies: unchanged/);
    assert.ok(!existsSync(packages), 'the layer is in the image');
    await machine.keepCache();

    await build('2.0');
    assert.match(readFileSync(`${packages}/greeting.py`, 'utf8'), /hello from 2\.0/);
  });

  const failures: readonly (readonly [files: Readonly<Record<string, string>>, reason: RegExp])[] = [
    [{ 'requirements.txt': '--no-index\nnowhere' }, /failed: "pip install -r requirements\.txt" failed/],
    [
      { 'requirements.txt': '-r other.txt' },
      /failed: requirements\.txt names "other\.txt", which is not there/,
    ],
    [{ 'pyproject.toml': '[project' }, /failed: pyproject\.toml is not valid TOML: /],
    [
      { 'pyproject.toml': '[project]\nname = "x"\ndependencies = []' },
      /failed: nothing says how to start: there is none of app\.py/,
    ],
    [{ Pipfile: '' }, /failed: Pipfile is not read: write requirements\.txt/],
  ];
  for (const [files, reason] of failures) {
    it(`fails for ${JSON.stringify(files)}`, async (t) => {
      if (needProgram(t, 'python3', 'build Python applications') === undefined) return;
      using machine = new BuildMachine(builder);
      await assert.rejects(machine.build(files), reason);
    });
  }

  it('says that Python is missing where it is', async () => {
    using machine = new BuildMachine(builder);
    writeFiles(machine.path('programs'), { python3: '#!/bin/sh\nexit 127\n' });
    await assert.rejects(
      machine.build({ 'app.py': '' }, { PATH: machine.path('programs') }),
      /failed: python3 is not on the PATH of the machine that builds; install Python 3 there/,
    );
  });
});
