"""bin/build: dependencies by pip into a layer of their own, then how to start."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys

LAYERS = os.environ["CNB_LAYERS_DIR"]
MAIN_FILES = ("app.py", "main.py", "server.py", "run.py", "wsgi.py")
SETTINGS = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_ROOT_USER_ACTION": "ignore"}


class Failure(Exception):
    """Ends the build with one sentence for people."""


def main():
    print(f"Python {platform.python_version()}", flush=True)
    runtime = declare("runtime", launch=True)
    environment(runtime, "PYTHONUNBUFFERED.default", "1")
    has_dependencies = install()
    start(has_dependencies)


def install():
    """Installs into the layer "packages", or uses that of the last build. Answers whether there is one."""
    what = requirements()
    if what is None:
        print("No dependencies", flush=True)
        return False
    arguments, content = what
    declare("pip-cache", cache=True)
    key = hashlib.sha256("\0".join([content, sys.version, sys.platform, platform.machine()]).encode()).hexdigest()
    if content and previous_key("packages") == key:
        print("Dependencies: unchanged", flush=True)
        declare("packages", launch=True, key=key, make=False)
        return True
    drop("packages")
    cache = own(declare("pip-cache", cache=True))
    packages = declare("packages", launch=True)
    pip(["--target", packages, "--cache-dir", cache, "--no-compile", "--no-warn-script-location"], arguments)
    # Compiled by content and not by time, so that the layer is the same whenever it is made.
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", packages],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,  # packages carry templates that are no valid Python; they are then compiled when used
    )
    environment(packages, "PYTHONPATH.prepend", packages)
    environment(packages, "PYTHONPATH.delim", ":")
    declare("packages", launch=True, key=key)
    return True


def requirements():
    """What pip is to install, and the text that decides it; an empty text means: always anew."""
    if os.path.isfile("requirements.txt"):
        content, whole = read_requirements("requirements.txt", set())
        if not content.strip():
            return None
        return ["-r", "requirements.txt"], content if whole else ""
    if os.path.isfile("pyproject.toml"):
        listed = project_dependencies()
        if listed is None:
            return ["."], ""
        return (listed, "\n".join(listed)) if listed else None
    if os.path.isfile("setup.py"):
        return ["."], ""
    if os.path.isfile("Pipfile"):
        raise Failure("Pipfile is not read: write requirements.txt with 'pipenv requirements > requirements.txt'")
    return None


def read_requirements(path, seen):
    """The lines that count, of included files too, and whether they alone decide what is installed."""
    seen.add(path)
    lines, whole = [], True
    with open(path, encoding="utf-8") as file:
        for raw in file:
            line = re.sub(r"(^|\s)#.*$", "", raw).strip()
            if not line:
                continue
            included = re.match(r"(?:-r|--requirement|-c|--constraint)[ =]\s*(\S+)$", line)
            if included:
                other = os.path.normpath(os.path.join(os.path.dirname(path), included.group(1)))
                if not os.path.isfile(other):
                    raise Failure(f'{path} names "{included.group(1)}", which is not there')
                if other not in seen:
                    content, inner = read_requirements(other, seen)
                    lines.append(content)
                    whole = whole and inner
            elif line.startswith(("-e", ".", "/", "file:")):
                whole = False
            lines.append(line)
    return "\n".join(lines), whole


def project_dependencies():
    """The list in pyproject.toml; None when only its build backend knows."""
    try:
        import tomllib
    except ModuleNotFoundError:  # before Python 3.11
        return None
    with open("pyproject.toml", "rb") as file:
        try:
            project = tomllib.load(file).get("project")
        except tomllib.TOMLDecodeError as error:
            raise Failure(f"pyproject.toml is not valid TOML: {error}") from error
    if project is None or "dependencies" in project.get("dynamic", []):
        return None if project is not None or has_build_backend() else []
    return project.get("dependencies", [])


def has_build_backend():
    with open("pyproject.toml", encoding="utf-8") as file:
        return "[build-system]" in file.read()


def pip(options, what):
    shown = " ".join(["pip install", *what])
    print(f"$ {shown}", flush=True)
    # -I, as for this program: the sources must not stand in for modules of pip.
    command = [sys.executable, "-I", "-m", "pip", "--quiet", "install", *options, *what]
    if subprocess.run(command, env={**SETTINGS, **os.environ}, check=False).returncode != 0:
        raise Failure(f'"{shown}" failed')


def start(has_dependencies):
    main_file = next((name for name in MAIN_FILES if os.path.isfile(name)), None)
    if main_file is not None:
        print(f"Start: python3 {main_file}", flush=True)
        launch(["python3", main_file])
    elif not os.path.isfile("Procfile"):
        hint = "gunicorn module:app --bind 0.0.0.0:$PORT" if has_dependencies else "python3 <file>"
        names = ", ".join(MAIN_FILES)
        raise Failure(f'nothing says how to start: there is none of {names}; add a Procfile with "web: {hint}"')


def toml(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def launch(command):
    words = ", ".join(toml(word) for word in command)
    with open(os.path.join(LAYERS, "launch.toml"), "w", encoding="utf-8") as file:
        file.write(f'[[processes]]\ntype = "web"\ncommand = [{words}]\ndefault = true\n')


def declare(name, launch=False, cache=False, key=None, make=True):
    """Declares a layer. With make=False its contents stay those of the last image. Answers its folder."""
    directory = os.path.join(LAYERS, name)
    if make:
        os.makedirs(directory, exist_ok=True)
    lines = ["[types]", f"launch = {str(launch).lower()}", f"cache = {str(cache).lower()}"]
    if key is not None:
        lines += ["[metadata]", f'key = "{key}"']
    with open(f"{directory}.toml", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return directory


def own(directory):
    """A layer that is restored as a link into the cache, made one that can be written to. Answers the folder."""
    if os.path.islink(directory):
        cached = os.readlink(directory)
        os.unlink(directory)
        os.mkdir(directory)
        subprocess.run(["cp", "-RpP", f"{cached}/.", directory], check=True)
    return directory


def drop(name):
    shutil.rmtree(os.path.join(LAYERS, name), ignore_errors=True)


def previous_key(name):
    try:
        with open(os.path.join(LAYERS, f"{name}.toml"), encoding="utf-8") as file:
            found = re.search(r'^key = "([0-9a-f]+)"$', file.read(), re.MULTILINE)
    except FileNotFoundError:
        return None
    return found.group(1) if found else None


def environment(layer, file_name, value):
    folder = os.path.join(layer, "env.launch")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, file_name), "w", encoding="utf-8") as file:
        file.write(value)


try:
    main()
except Failure as failure:
    print(f"ERROR: {failure}", flush=True)
    sys.exit(1)
