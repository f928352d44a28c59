"""The kinds of traffic and their limits, all in one place; operators read them in docs/operations.md.

An address may be one phone or a campus of thousands behind one: limits of addresses are wide where one only reads, and
what is written in somebody's name is limited by the person instead.
"""

from core.http.traffic import READ, WRITE, Traffic
from core.limits.models import Lane, Rate

HEALTH = Traffic("health", address=None, lane=Lane.FREE)
#: Nearness, locating and typed places: answered from memory, or by a paid geocoder.
SEARCH = Traffic("search", address=Rate(500, 6_000), person=Rate(60, 240), lane=Lane.SEARCH)
SIGN_IN = Traffic("sign-in", address=Rate(60, 120), lane=Lane.SIGN_IN)
#: Each who is signed in renews every quarter of an hour, a campus of thousands too; tokens cannot be guessed.
RENEWAL = Traffic("renewal", address=Rate(600, 3_000), lane=Lane.SIGN_IN)
REPORT = Traffic("report", address=Rate(300, 1_200), person=Rate(30, 60), lane=Lane.INTAKE)
#: What anybody may send without a name: appeals, answers to follow-ups.
APPEAL = Traffic("appeal", address=Rate(30, 60), person=Rate(20, 30), area=Rate(60, 120), lane=Lane.INTAKE)
TAP = Traffic("tap", address=Rate(30, 120), person=Rate(20, 60), lane=Lane.INTAKE)
PHOTO = Traffic("photo", address=Rate(300, 1_200), person=Rate(40, 120), lane=Lane.UPLOADS)
#: Whole lists in or out, and points by the thousand.
BULK = Traffic("bulk", address=Rate(20, 60), person=Rate(6, 12), lane=Lane.EXPORTS)
#: The stream has caps of its own (community.stream) and would hold a place for hours.
STREAM = Traffic("stream", address=Rate(600, 3_000), person=Rate(20, 60), lane=Lane.FREE)

ALL = (HEALTH, READ, WRITE, SEARCH, SIGN_IN, RENEWAL, REPORT, APPEAL, TAP, PHOTO, BULK, STREAM)
