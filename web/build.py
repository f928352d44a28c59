"""Runs npm for `web/`, with the Node.js of this machine or, where there is none that will do, with one from PyPI.

`python web/build.py build|check|format`. Needs nothing but the virtual environment of `make`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
LOCK = WEB / "requirements-node.lock"


def is_good_enough(node: str | None) -> bool:
    """Tell whether this Node.js can run Vite 8: 20.19, 22.12 or later."""
    if node is None or shutil.which("npm") is None:
        return False
    words = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    major, minor = (int(number) for number in words.strip().lstrip("v").split(".")[:2]) if words else (0, 0)
    return (major, minor) >= (22, 12) or (major == 20 and minor >= 19)


def environment() -> dict[str, str]:
    """Give the environment in which `npm` and `node` are found."""
    if is_good_enough(shutil.which("node")):
        return dict(os.environ)
    if not (BIN / "node").exists():
        print("没有可用的 Node.js，正在安装 / no Node.js that will do, installing one …", flush=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, "--require-hashes", "--only-binary", ":all:", "-r", LOCK], check=True)  # noqa: S603
    return os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


def main() -> None:
    """Install what the lock names, if that has changed, and run the script."""
    known = environment()
    npm = shutil.which("npm", path=known["PATH"]) or "npm"
    installed = WEB / "node_modules/.package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
        print("正在安装页面的依赖 / installing what the pages are built with …", flush=True)
        quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([npm, "ci", *quiet], cwd=WEB, env=known, check=True)  # noqa: S603
        installed.touch()
    sys.exit(subprocess.run([npm, "run", "--silent", *sys.argv[1:]], cwd=WEB, env=known, check=False).returncode)  # noqa: S603


if __name__ == "__main__":
    main()
