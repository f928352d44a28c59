"""The demonstration's sign-ins: made at random when it is loaded, kept in a file that only its owner can read.

All its staff share one authenticator secret, so that whoever tries it out needs one entry in his app, or none:
`python -m app demo-code` shows the code of the moment.
"""

import os
import secrets
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyotp

from app.demo.people import RIDERS, DemoStaff

FILE_NAME = "demo-sign-ins.txt"
_PASSWORD_BYTES = 12  # 16 characters
_SECOND_FACTOR = "  验证器密钥（所有演示账号共用） / authenticator secret, the same for all: "


@dataclass(frozen=True, slots=True)
class SignIn:
    """A staff account and its password in the clear, which is stored nowhere else."""

    staff: DemoStaff
    password: str


@dataclass(frozen=True, slots=True)
class DemoSignIns:
    """All staff sign-ins; riders sign in by phone, and the code is shown on the terminal."""

    staff: tuple[SignIn, ...]
    second_factor: str

    def text(self) -> str:
        """Write them as a page for a terminal."""
        rows = [f"  {entry.staff.username:<18} {entry.password:<18} {entry.staff.name}" for entry in self.staff]
        riders = [f"  {rider.phone:<18} {'':<18} {rider.name}" for rider in RIDERS]
        return "\n".join(
            [
                "演示数据登录账号 / demonstration sign-ins（演示数据，请勿用于正式环境 / never for real use）",
                "工作人员：用户名、密码、姓名 / staff: name, password, who",
                "  验证码 / code: python -m app demo-code",
                f"{_SECOND_FACTOR}{self.second_factor}",
                *rows,
                "骑手：手机号；验证码显示在服务的终端上 / riders: phone; the code is shown on the terminal",
                *riders,
                "",
            ]
        )


def make_password() -> str:
    """Make a password of 16 characters."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def write_sign_ins(data_dir: Path, sign_ins: DemoSignIns) -> Path:
    """Put the sign-ins into the data folder, readable by the owner only, and give the file."""
    data_dir.mkdir(parents=True, exist_ok=True)
    place = data_dir / FILE_NAME
    handle, temporary = tempfile.mkstemp(dir=data_dir, prefix=".sign-ins-")  # made with mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(sign_ins.text())
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(place)
    return place


def code_at(page: str, now: datetime) -> str:
    """Give the code with which the sign-ins of `page` work at `now`; each account takes it once."""
    secret = page.partition(_SECOND_FACTOR)[2].split("\n", 1)[0]
    return pyotp.TOTP(secret).at(now)


def read_sign_ins(data_dir: Path) -> str | None:
    """Give the page written when the demonstration was loaded; None when there is none."""
    place = data_dir / FILE_NAME
    return place.read_text(encoding="utf-8") if place.exists() else None
