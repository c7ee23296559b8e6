"""Senders whose bodies keep names and values apart: the two are brought together."""

from __future__ import annotations

import re
from typing import Any

from server.mapping.aliases import meaning_of

_LINE = re.compile(r"([a-z_]+) = (.*?)\r?")
"""How Formstack writes the parts of a field into a form's value, a line each."""

_PRETTY = re.compile(r"([^:]+):(.*?)(?:, (?=[^,:]+:)|$)", re.DOTALL)
"""How Jotform writes a submission for people: `Name:Ada Byron, Phone:(202) 555-0146`."""

_HEADS = ("headers", "header", "columns", "column_names", "keys", "titles", "labels", "questions")
_ROWS = ("values", "row", "rows", "answers", "responses", "data", "cells")
"""What scripts call the two."""

_TELLING = frozenset(
    (
        *("form_response", "FieldStructure", "FormID", "formID", "form", "_model", "rawRequest"),
        *("payload", *_HEADS),
    )
)
"""A member of each body that is to be straightened."""

_WRAPPERS = frozenset(
    (
        *("body", "data", "payload", "json", "event", "trigger", "request", "content", "record"),
        *("submission", "form_data", "object", "lead", "message", "result", "output", "input"),
    )
)
"""What automation tools call the branch with the body that they hand on."""
_MOST_WRAPPED = 3


def straightened(tree: Any, depth: int = 0) -> Any:
    """A tree with the values of the builders that need it beside their names.

    Args:
        tree: The body, or what a tool wrapped it into.
        depth: In how many wrappers it was found.
    """
    if type(tree) is not dict:
        return tree
    made = tree if tree.keys().isdisjoint(_TELLING) else _straightened(tree)
    if made is not tree or depth == _MOST_WRAPPED:
        return made
    for key in tree.keys() & _WRAPPERS:
        value = tree[key]
        if type(value) is dict:
            inner = straightened(value, depth + 1)
            if inner is not value:
                made = made | {key: inner}
    return made


def _straightened(tree: dict[str, Any]) -> dict[str, Any]:
    response = tree.get("form_response")
    if type(response) is dict and type(response.get("answers")) is list:
        return tree | {"form_response": _typeform(response)}
    structure = tree.get("FieldStructure")
    if type(structure) is dict and type(structure.get("Fields")) is list:
        return _wufoo(tree, structure["Fields"])
    if "FormID" in tree and "UniqueID" in tree:
        return {name: _formstack(value) for name, value in tree.items()}
    asked, given = _linkedin(tree)
    if asked and given:
        rest = {key: value for key, value in tree.items() if key not in ("form", "formResponse")}
        return rest | {"answers": [_linkedin_answer(answer, asked) for answer in given]}
    table = _table(tree) or _titled(tree)
    if table is not None:
        return table
    if "_model" in tree and "_id" in tree and tree.get("contact_name"):
        # Odoo: the record is an opportunity or a ticket, and has a name of its own.
        return {key: value for key, value in tree.items() if key != "name"}
    if "rawRequest" in tree and type(tree["rawRequest"]) is dict:
        # Everything else at the top is about the form.
        about = {
            key: value for key, value in tree.items() if key in ("submissionID", "formID", "ip")
        }
        return about | {"rawRequest": tree["rawRequest"]}
    pretty = tree.get("pretty")
    if "formID" in tree and type(pretty) is str:
        return tree | {"pretty": dict(_PRETTY.findall(pretty))}
    return _calendly(tree)


def _calendly(tree: dict[str, Any]) -> dict[str, Any]:
    """With the number that a host is to call, which is the place where people meet."""
    payload = tree.get("payload")
    meeting = payload.get("scheduled_event") if type(payload) is dict else None
    place = meeting.get("location") if type(meeting) is dict else None
    if type(payload) is dict and type(place) is dict and place.get("type") == "outbound_call":
        return tree | {"payload": payload | {"other_phone": place.get("location")}}
    return tree


def _typeform(response: dict[str, Any]) -> dict[str, Any]:
    """Answers by the title of their question; the definition stands beside them."""
    definition = response.get("definition")
    fields = definition.get("fields") if type(definition) is dict else None
    titles: dict[str, str] = {}
    for field in _objects(fields):
        titles[str(field.get("id"))] = str(field.get("title") or "")
        properties = field.get("properties")
        for inner in _objects(properties.get("fields") if type(properties) is dict else None):
            titles[str(inner.get("id"))] = str(inner.get("title") or "")
    made = {key: value for key, value in response.items() if key not in ("answers", "definition")}
    if "token" in made:
        made["submission_id"] = made.pop("token")
    made["answers"] = [_typeform_answer(one, titles) for one in _objects(response["answers"])]
    return made


def _typeform_answer(answer: dict[str, Any], titles: dict[str, str]) -> dict[str, Any]:
    field = answer.get("field")
    known = field if type(field) is dict else {}
    kind = str(answer.get("type") or known.get("type") or "")
    value = answer.get(kind)
    if type(value) is dict:
        value = value.get("label", value.get("labels", value))
    return {
        "label": titles.get(str(known.get("id")), ""),
        "ref": str(known.get("ref") or ""),
        "id": str(known.get("id") or ""),
        "type": kind,
        "value": value,
    }


def _wufoo(tree: dict[str, Any], fields: list[Any]) -> dict[str, Any]:
    """`Field1` and so on by the titles that the form's structure gives them."""
    made: list[dict[str, Any]] = []
    rest = {key: value for key, value in tree.items() if key != "FieldStructure"}
    # The values stand beside their numbers, or in a list of their own.
    rest |= {str(one.get("ID")): one.get("Value") for one in _objects(rest.pop("Fields", None))}
    for field in _objects(fields):
        title, kind = str(field.get("Title") or ""), str(field.get("Type") or "")
        for part in _objects(field.get("SubFields")) or [field]:
            name = str(part.get("ID") or "")
            if name in rest:
                label = str(part.get("Label") or "")
                made.append(
                    {
                        "label": f"{title} {label}".strip() or name,
                        "id": name,
                        "type": kind,
                        "value": rest.pop(name),
                    }
                )
    rest.pop("FormStructure", None)
    return rest | {"fields": made}


def _formstack(value: Any) -> Any:
    if type(value) is not str or " = " not in value:
        return value
    lines = [_LINE.fullmatch(line) for line in value.strip().split("\n")]
    return {line[1]: line[2] for line in lines if line} if all(lines) else value


def _table(tree: dict[str, Any]) -> dict[str, Any] | None:
    """One row of a spreadsheet beside its headers, as scripts post it; None where it is none."""
    heads = next((name for name in _HEADS if type(tree.get(name)) is list), None)
    row = next((name for name in _ROWS if type(tree.get(name)) is list), None)
    if heads is None or row is None:
        return None
    names, values = tree[heads], tree[row]
    if len(values) == 1 and type(values[0]) is list:
        values = values[0]
    if len(names) != len(values) or not all(type(name) is str for name in names):
        return None
    rest = {key: value for key, value in tree.items() if key not in (heads, row)}
    fields = [{"label": name, "value": value} for name, value in zip(names, values, strict=True)]
    return rest | {"fields": fields}


def _titled(tree: dict[str, Any]) -> dict[str, Any] | None:
    """Values by keys beside the titles of these keys; None where a body has no such two."""
    heads = next((name for name in _HEADS if type(tree.get(name)) is dict), None)
    row = next((name for name in _ROWS if type(tree.get(name)) is dict), None)
    if (
        heads is None
        or row is None
        or not any(type(name) is str and meaning_of(name) for name in tree[heads].values())
    ):
        return None
    titles, values = tree[heads], tree[row]
    rest = {key: value for key, value in tree.items() if key not in (heads, row)}
    fields = [
        {"label": titles.get(key) or key, "id": key, "value": value}
        for key, value in values.items()
    ]
    return rest | {"fields": fields}


def _linkedin(tree: dict[str, Any]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The names of a lead form's questions by their ids, and its answers."""
    form, response = tree.get("form"), tree.get("formResponse")
    content = form.get("content") if type(form) is dict else None
    questions = _objects(content.get("questions") if type(content) is dict else None)
    asked = {
        str(one.get("questionId")): str(one.get("predefinedField") or one.get("name") or "")
        for one in questions
    }
    return asked, _objects(response.get("answers") if type(response) is dict else None)


def _linkedin_answer(answer: dict[str, Any], asked: dict[str, str]) -> dict[str, Any]:
    details = answer.get("answerDetails")
    text = details.get("textQuestionAnswer") if type(details) is dict else None
    value = text.get("answer") if type(text) is dict else details
    return {"label": asked.get(str(answer.get("questionId")), ""), "value": value}


def _objects(node: Any) -> list[dict[str, Any]]:
    return [one for one in node if type(one) is dict] if type(node) is list else []
