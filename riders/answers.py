"""Answers to a category's questions: checked against what the category asks, all at once. Pure."""

from collections.abc import Mapping, Sequence

from community.models import Question
from core.errors import FieldError, Text

LONGEST_ANSWER = 500


def check_answers(questions: Sequence[Question], answers: Mapping[str, str]) -> list[FieldError]:
    """Name every answer that is missing, not asked for, or none of the choices offered (`/answers/{variable}`).

    Several choices of a `multivaluelist` are joined by commas.
    """
    asked = {question.variable: question for question in questions}
    errors = [
        FieldError(f"/answers/{variable}", Text("该类别没有这个问题。", "This category does not ask this."))
        for variable in answers
        if variable not in asked
    ]
    for question in questions:
        reason = _find_fault(question, answers.get(question.variable, "").strip())
        if reason is not None:
            errors.append(FieldError(f"/answers/{question.variable}", reason))
    return errors


def _find_fault(question: Question, answer: str) -> Text | None:
    if not answer:
        missing = Text(f"请回答：{question.zh}", f"Please answer: {question.en}")
        return missing if question.required else None
    if len(answer) > LONGEST_ANSWER:
        return Text(f"最多 {LONGEST_ANSWER} 个字符。", f"At most {LONGEST_ANSWER} characters.")
    if not question.values:
        return None
    given = answer.split(",") if question.datatype == "multivaluelist" else [answer]
    offered = [choice.key for choice in question.values]
    if all(key.strip() in offered for key in given):
        return None
    listed = ", ".join(offered)
    return Text(f"只能是 {listed} 之一。", f"Must be one of {listed}.")
