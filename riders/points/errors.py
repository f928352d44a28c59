"""What is refused about points, in the words a rider or a secretary reads."""

from core.errors import Conflict, NotAllowed, Refusal, Text


class AlreadyReversed(Conflict):
    """An entry can be taken back once; what took it back can be reversed in its turn."""

    slug = "points-already-reversed"
    title = Text("该积分已撤销", "These points were taken back already")
    detail = Text(
        "该条积分已撤销；如需恢复，请撤销那条撤销记录。",
        "This entry has been reversed already; to undo that, reverse the reversal.",
    )


class NothingToReverse(Conflict):
    """The entry gives nothing."""

    slug = "no-points-to-reverse"
    title = Text("该条没有积分", "No points in this entry")
    detail = Text("该条记录为 0 分，无须撤销。", "This entry gives no points, so there is nothing to take back.")


class AwardOverCap(Refusal):
    """Staff have given this rider by hand what they may in one month."""

    status = 422
    slug = "award-over-cap"
    title = Text("超过奖励上限", "More than may be awarded")
    detail = Text(
        "每位骑手每月人工奖励合计不超过 {most} 分，本月还可奖励 {left} 分。",
        "Staff may award a rider {most} points a month altogether; {left} are left this month.",
    )


class ObjectionTooLate(Conflict):
    """The time for contesting is over."""

    slug = "objection-too-late"
    title = Text("已超过申诉期限", "Too late to object")
    detail = Text("申诉须在 {days} 天内提出。", "An objection must be made within {days} days.")


class AlreadyObjected(Conflict):
    """This entry or report has been contested before; the answer stands with it."""

    slug = "already-objected"
    title = Text("已提出过申诉", "Already contested")
    detail = Text("您已就此提出过申诉，请查看处理结果。", "You have contested this before; see the answer to it.")


class ObjectionDecided(Conflict):
    """Somebody decided on this objection first."""

    slug = "objection-already-decided"
    title = Text("申诉已处理", "Already decided")
    detail = Text("该申诉已处理，结果：{status}。", "This objection has been decided already; it is now: {status}.")


class OwnDecisionContested(NotAllowed):
    """What is contested was this person's own act; someone else must decide."""

    slug = "own-decision-contested"
    title = Text("须由他人处理", "Someone else must decide")
    detail = Text(
        "被申诉的积分由您经手，请由同事或上级处理。",
        "The contested entry was your own act; a colleague or the level above decides.",
    )
