"""Shell commands: `audit verify`, whose exit status is for cron."""

import argparse
import time
from argparse import Namespace
from functools import partial
from pathlib import Path

from core.shell import Shell, add_command
from core.trail.anchors import anchors_place, read_anchors
from core.trail.queries import upsert_verification
from core.trail.verify import verify_trail


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", records: Path) -> None:
    """Describe the commands; `records` is the folder of the anchors."""
    audit = commands.add_parser("audit", help="审计链 / the audit trail")
    verbs = audit.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_command(
        verbs,
        "verify",
        partial(verify, records=records),
        "核验审计链，指出第一处被篡改的行 / verify the trail and name the first row that was tampered with",
    )


async def verify(shell: Shell, _arguments: Namespace, *, records: Path) -> int:
    """Verify the trail and keep the outcome for `/readyz`; 1 when something is wrong."""
    begun = time.monotonic()
    found = await verify_trail(
        shell.conn, district_id=shell.district_id, anchors=read_anchors(records, district_id=shell.district_id)
    )
    await upsert_verification(
        shell.conn, district_id=shell.district_id, now=shell.now, rows=found.rows, finding=found.finding
    )
    if found.finding is not None:
        print(f"审计链被篡改 / the audit trail was tampered with: {found.finding.text.zh} / {found.finding.text.en}")
        return 1
    seconds = time.monotonic() - begun
    counted = f"{found.rows} 行 / rows, {found.anchors} 锚点 / anchors, {seconds:.1f} s"
    print(f"审计链完好 / the audit trail is whole: {counted}")
    if found.rows and not found.anchors:
        place = anchors_place(records, district_id=shell.district_id)
        print(f"没有库外锚点，末尾被截断将无法发现 / no anchors, so a cut-off end would not be seen: {place}")
    return 0
