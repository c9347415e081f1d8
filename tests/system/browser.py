"""A page in a real browser: chromium, driven by playwright-core (tests/browser/visit.mjs)."""

import json
import shutil
import subprocess

from server import PATIENCE, ROOT

FOLDER = ROOT / "build" / "browser"
LOCK = ROOT / "web" / "package-lock.json"


def packages():
    """What the lock file names, fetched once; fails, and says why, where npm cannot."""
    have = FOLDER / "package-lock.json"
    if (FOLDER / "node_modules" / "playwright-core").is_dir() and \
            have.read_bytes() == LOCK.read_bytes():
        return FOLDER
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "web" / name, FOLDER)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit",
                           "--no-fund"], cwd=FOLDER, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"npm ci cannot fetch playwright-core: {done.stderr}"
    return FOLDER


class Browser:
    """One page.  Use as `with Browser(address) as page:`."""

    def __init__(self, address):
        self.url = f"http://{address[0]}:{address[1]}/"

    def __enter__(self):
        self.process = subprocess.Popen(
            ["node", ROOT / "tests" / "browser" / "visit.mjs", packages(), self.url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.open()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def step(self, name, **more):
        self.process.stdin.write(json.dumps({"do": name, **more}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the browser's driver has ended: what it said is above"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["is"]

    def __getattr__(self, name):
        return lambda **more: self.step(name, **more)

    def wait(self, what, within=20):
        """Until this JavaScript expression is true in the page."""
        return self.step("wait", what=what, within=within * 1000 * PATIENCE)

    def wait_live(self):
        self.wait("window.littled && document.getElementById('link').textContent === 'live'")
