"""The base of everything the service refuses to do, told in Chinese and English.

A room subclasses `Refusal` in its own `errors.py` and raises it plainly; `core.http.problems` turns it into an
RFC 9457 answer. Nothing here knows HTTP beyond the status number, which is part of what a refusal means.
"""

from typing import ClassVar, NamedTuple


class Text(NamedTuple):
    """The same words in both languages of the service; Chinese is the default."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Give the words for a reader of `language` (`"zh"` or `"en"`)."""
        return self.en if language == "en" else self.zh


class Refusal(Exception):
    """A request that is understood and not carried out.

    `detail` may hold `{name}` places, filled from the keyword arguments; `pointer` names the wrong field
    (`/hours` in a body, `/query/lat`, `/path/station_id` or `/header/Idempotency-Key` elsewhere).
    `retry_after_s` is set where trying again later may help. `account_id` says for the log whose account was tried.
    """

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "bad-request"
    title: ClassVar[Text] = Text("请求有误", "Bad request")
    detail: ClassVar[Text] = Text("请检查后重试。", "Please check and try again.")
    #: Somebody did not prove who he is: a password, code or token is wrong.
    is_failed_proof: ClassVar[bool] = False

    def __init__(
        self,
        *,
        pointer: str | None = None,
        retry_after_s: int | None = None,
        account_id: int | None = None,
        **fields: object,
    ) -> None:
        self.pointer = pointer
        self.retry_after_s = retry_after_s
        self.account_id = account_id
        self.fields = fields
        super().__init__(self.explain("en"))

    def explain(self, language: str) -> str:
        """Say what is wrong and what to do, in `language`."""
        values = {
            name: value.in_language(language) if isinstance(value, Text) else value
            for name, value in self.fields.items()
        }
        return self.detail.in_language(language).format_map(values)


class FieldError(NamedTuple):
    """One wrong field: where it is and why it cannot be taken."""

    pointer: str
    reason: Text


class InvalidInput(Refusal):
    """One or more fields cannot be taken; all of them are named at once and nothing was stored."""

    status = 422
    slug = "invalid-input"
    title = Text("填写有误", "Some fields cannot be accepted")
    detail = Text(
        "有 {count} 处需要修改，内容尚未保存。", "{count} field(s) need a correction; nothing has been stored."
    )

    def __init__(self, errors: list[FieldError]) -> None:
        self.errors = errors
        super().__init__(count=len(errors))


class NotFound(Refusal):
    """There is no such thing, or not for this caller: both are answered alike, so that nothing can be probed."""

    status = 404
    slug = "not-found"
    title = Text("未找到", "Not found")
    detail = Text("没有找到您要的内容，或您无权查看。", "It does not exist, or it is not yours to see.")


class Conflict(Refusal):
    """What was asked contradicts what is stored."""

    status = 409
    slug = "conflict"
    title = Text("与现有数据冲突", "Conflict with stored data")
    detail = Text("与已保存的数据冲突，请刷新后再试。", "It contradicts stored data; reload and try again.")


class SignInRequired(Refusal):
    """The caller has not proved who he is."""

    status = 401
    slug = "sign-in-required"
    title = Text("请先登录", "Please sign in")
    detail = Text("请先登录后再操作。", "This needs a sign-in; send a valid bearer token.")


class NotAllowed(Refusal):
    """The caller is known and his role does not include this action."""

    status = 403
    slug = "not-allowed"
    title = Text("没有权限", "Not allowed")
    detail = Text("您的角色不能进行此操作。", "Your role does not include this action.")


class Unavailable(Refusal):
    """The service cannot do this now; the same request may be repeated."""

    status = 503
    slug = "unavailable"
    title = Text("服务暂时不可用", "Temporarily unavailable")
    detail = Text(
        "服务暂时不可用，请稍后用同一请求重试，已提交的内容不会重复。",
        "The service is briefly unavailable; repeat the same request, nothing will be doubled.",
    )
