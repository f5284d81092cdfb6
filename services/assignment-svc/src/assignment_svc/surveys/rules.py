"""Which answers fit which questions (A3.4). Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

LONGEST_TEXT: Final = 4000
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
Question = Mapping[str, Any]


def answered(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was left open is no answer, however a form sends it."""
    return {key: answer for key, answer in given.items() if answer is not None and answer not in ("", [])}


def misfits(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """All that is wrong: the key of the question, a code, and words. `answers`: those that were given."""
    known = {question["key"]: question for question in questions}
    wrong = [(key, "question-unknown", "There is no such question.") for key in answers if key not in known]
    for key, question in known.items():
        if key not in answers:
            if question["required"]:
                wrong.append((key, "answer-missing", "This question has to be answered."))
        elif not _FITS[question["type"]](answers[key], question["choices"]):
            wrong.append((key, "answer-does-not-fit", f"This is no answer to a question of type {question['type']}."))
    return wrong


def _is_text(answer: Any, _: Sequence[str]) -> bool:
    return isinstance(answer, str) and len(answer) <= LONGEST_TEXT


def _is_number(answer: Any, _: Sequence[str]) -> bool:
    return isinstance(answer, int | float) and not isinstance(answer, bool)


def _is_choice(answer: Any, choices: Sequence[str]) -> bool:
    return isinstance(answer, str) and answer in choices


def _are_choices(answer: Any, choices: Sequence[str]) -> bool:
    return isinstance(answer, list) and set(answer) <= set(choices) and len(set(answer)) == len(answer)


def _is_date(answer: Any, _: Sequence[str]) -> bool:
    if not isinstance(answer, str) or not _DATE.fullmatch(answer):
        return False
    try:
        date.fromisoformat(answer)
    except ValueError:
        return False
    return True


_FITS: Final[Mapping[str, Callable[[Any, Sequence[str]], bool]]] = {
    "text": _is_text,
    "number": _is_number,
    "choice": _is_choice,
    "multi-choice": _are_choices,
    "date": _is_date,
}
