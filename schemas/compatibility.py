"""Whether a JSON Schema may follow another: FULL compatibility, for readers that ignore fields they do not know.

New readers must read old records (replay starts at offset 0), and old readers new ones (services are upgraded one by
one). For the schemas that pydantic writes, both hold exactly when every field keeps its meaning and only optional
fields come.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard

_ANNOTATIONS: Final = frozenset({"title", "description", "default", "examples", "$schema", "$id", "$defs"})
_Schema = Mapping[str, Any]


def breaking_changes(old: _Schema, new: _Schema) -> list[str]:
    """Each change that breaks a reader or a writer, as a sentence with the path of the field; empty if none does."""
    return list(_compare(old, new, old_root=old, new_root=new, path="", seen=frozenset()))


def _compare(
    old: _Schema, new: _Schema, *, old_root: _Schema, new_root: _Schema, path: str, seen: frozenset[tuple[str, str]]
) -> Iterator[str]:
    step = (str(old.get("$ref")), str(new.get("$ref")))
    if "$ref" in old and step in seen:
        return
    roots: dict[str, Any] = {"old_root": old_root, "new_root": new_root, "seen": seen | {step}}
    old, new = _resolve(old, old_root), _resolve(new, new_root)
    yield from _compare_fields(old, new, roots, path)
    for keyword in sorted((old.keys() | new.keys()) - _ANNOTATIONS - {"properties", "required"}):
        before, after = old.get(keyword), new.get(keyword)
        where = f"{path or 'record'}: {keyword}"
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _compare(before, after, path=f"{path}/{keyword}", **roots)
        elif _is_list_of_schemas(before) and _is_list_of_schemas(after):
            if len(before) != len(after):
                yield f"{where} has {len(after)} alternatives instead of {len(before)}"
            for index, (one, other) in enumerate(zip(before, after, strict=False)):
                yield from _compare(one, other, path=f"{path}/{keyword}/{index}", **roots)
        elif before != after:
            yield f"{where} was {before!r} and is {after!r}"


def _compare_fields(old: _Schema, new: _Schema, roots: dict[str, Any], path: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    old_required, new_required = set(old.get("required", ())), set(new.get("required", ()))
    for name in before:
        if name not in after:
            yield f"{path}/{name} is gone"
        else:
            yield from _compare(before[name], after[name], path=f"{path}/{name}", **roots)
    for name in sorted(new_required - old_required):
        yield f"{path}/{name} is required now, and old records lack it"
    for name in sorted(old_required - new_required):
        yield f"{path}/{name} is optional now, and old readers need it"


def _resolve(schema: _Schema, root: _Schema) -> _Schema:
    """Follow one `$ref` into the root's `$defs`."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    resolved: _Schema = root["$defs"][reference.rsplit("/", 1)[1]]
    return resolved


def _is_list_of_schemas(value: object) -> TypeGuard[list[_Schema]]:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)
