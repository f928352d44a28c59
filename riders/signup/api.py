"""Signing in by phone, the rider's own page and his consents over HTTP."""

from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, StringConstraints

from core.access.api import SessionOpened, admit_sign_in, hand_over
from core.access.device import describe_device
from core.http.callers import client_address
from core.http.endpoint import Created, Input
from core.http.fields import SHOWN
from core.http.wiring import POOL, RING, actor, district_id, now, transaction
from riders.models import Consent, Rider
from riders.signup import consents, profile, sign_in, sign_out
from riders.signup.codes import proof, send
from riders.signup.codes.models import CODE_LIFE, WAIT_BETWEEN_CODES

CODE_DESK = web.AppKey("code_desk", send.Desk)


Short = Annotated[str, StringConstraints(max_length=40), SHOWN]
DeviceNonce = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class PhoneBody(Input):
    """The number a code is sent to. `device_nonce` is a random word that the client makes and sends with the code too.

    `proof` is asked for by the refusal `proof-needed`.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"phone": "19900000001", "device_nonce": "b7c1f09e55aa40d2"}]}
    )

    phone: str = Field(max_length=32)
    device_nonce: DeviceNonce
    proof: str | None = Field(None, max_length=200)


class CodeBody(Input):
    """The number, the code it got, and the `device_nonce` that the code was asked for with.

    `cookies` asks for the tokens as cookies, which no script can read.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"phone": "19900000001", "code": "123456", "device_nonce": "b7c1f09e55aa40d2"}]}
    )

    phone: str = Field(max_length=32)
    device_nonce: DeviceNonce
    code: str = Field(pattern=r"^\s*[0-9]{6}\s*$")
    cookies: bool = False


class ProfileBody(Input):
    """What is left out stays; an empty name or platform removes it. `languages` are BCP 47, the preferred one first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "骑手甲", "languages": ["zh"]}]})

    name: Short | None = None
    platform: Short | None = None
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=8)] | None = None


class ConsentBody(Input):
    """A decision on the text of `purpose` in its newest `version`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"purpose": "report_location", "version": 1, "is_given": True}]}
    )

    purpose: str = Field(max_length=40)
    version: int = Field(ge=1, le=10**6)
    is_given: bool


class SignOutBody(Input):
    """Why the rider is signed out; it is kept with who did it and when."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "本人来电，手机遗失"}]})

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


@dataclass(frozen=True, slots=True)
class RiderSignedIn:
    """The rider, whether this made him, and his session."""

    rider_id: int
    is_new: bool
    session: SessionOpened


@dataclass(frozen=True, slots=True)
class CodeSent:
    """How long the code works and when another may be asked for, in seconds; the same for every number."""

    works_for_s: int
    next_after_s: int


@dataclass(frozen=True, slots=True)
class Challenge:
    """Find a number n so that the SHA-256 of `challenge.n` begins with `bits` zero bits: that text is the proof."""

    challenge: str
    bits: int
    works_for_s: int


async def get_challenge(request: web.Request) -> Challenge:
    """Give a challenge: a second of computing, asked for before a third code in a day, to be used once."""
    challenge = proof.make_challenge(request.app[RING], now=now(request))
    return Challenge(challenge, proof.BITS, int(proof.LIFE.total_seconds()))


async def send_code(request: web.Request, body: PhoneBody) -> CodeSent:
    """Send a one-time sign-in code to a phone; the answer is the same whether the number is known or not."""
    await send.send_code(
        request.app[POOL],
        district_id=district_id(request),
        phone=body.phone,
        asker=send.Asker(body.device_nonce, client_address(request)),
        solved=body.proof,
        desk=request.app[CODE_DESK],
        now=now(request),
    )
    return CodeSent(int(CODE_LIFE.total_seconds()), int(WAIT_BETWEEN_CODES.total_seconds()))


async def sign_in_rider(request: web.Request, body: CodeBody) -> Created[RiderSignedIn]:
    """Sign in as a rider by phone and code; the first time makes the rider."""
    admit_sign_in(request, by_cookie=body.cookies)
    entered = await sign_in.sign_in(
        request.app[POOL],
        ring=request.app[RING],
        district_id=district_id(request),
        phone=body.phone,
        code=body.code,
        asker=send.Asker(body.device_nonce, client_address(request)),
        desk=request.app[CODE_DESK],
        device=describe_device(request.headers.get("User-Agent", "")),
        now=now(request),
    )
    session = await hand_over(request, entered.tokens, by_cookie=body.cookies)
    return Created(RiderSignedIn(entered.rider_id, entered.is_new, session), location="/api/v1/session")


async def get_rider_profile(request: web.Request) -> Rider:
    """Show the rider his own page."""
    async with transaction(request) as conn:
        return await profile.get_profile(conn, ring=request.app[RING], actor=actor(request))


async def update_rider_profile(request: web.Request, body: ProfileBody) -> Rider:
    """Change name, platform or languages."""
    async with transaction(request) as conn:
        return await profile.update_profile(
            conn,
            ring=request.app[RING],
            actor=actor(request),
            name=body.name,
            platform=body.platform,
            languages=body.languages,
        )


async def list_consents(request: web.Request) -> list[Consent]:
    """List what the rider is asked to agree to and what he decided."""
    async with transaction(request) as conn:
        return await consents.list_consents(conn, actor=actor(request))


async def decide_consent(request: web.Request, body: ConsentBody) -> list[Consent]:
    """Give or withdraw consent to one purpose."""
    async with transaction(request) as conn:
        return await consents.decide_consent(
            conn,
            actor=actor(request),
            purpose=body.purpose,
            version=body.version,
            is_given=body.is_given,
            now=now(request),
        )


async def sign_rider_out(request: web.Request, rider_id: int, body: SignOutBody) -> None:
    """End all sessions of a rider who has lost his phone, and write it into the trail.

    He is appointed or has reported in one's area. Needs a sign-in proved within the last minutes.
    """
    async with transaction(request) as conn:
        await sign_out.sign_out_rider(
            conn, actor=actor(request), rider_id=rider_id, reason=body.reason, now=now(request)
        )
