"""Make `salient_client/generated` from docs/openapi.json: `make client`.

Models are datamodel-code-generator's; methods, one an operation, come of `client.py.jinja`.
Bounds and formats stay out of the models: the service judges what it is sent, and says so.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import jinja2

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
DESCRIPTION = HERE.parent / "docs/openapi.json"
GENERATED = HERE / "salient_client/generated"
BIN = Path(sys.executable).parent

_JSON = "application/json"
_KEPT = {"$ref", "type", "properties", "required", "items", "anyOf", "oneOf", "allOf", "enum"}
_KEPT |= {"const", "description", "discriminator", "propertyName", "mapping", "format"}
_AS_THEY_ARE = {"default", "mapping"}
_TYPES = {"string": "str", "integer": "int", "boolean": "bool", "number": "float", "null": "None"}
_FORMATS = {"date": "date", "date-time": "datetime"}
_MODEL_OPTIONS = """
--input-file-type openapi --output-model-type pydantic_v2.BaseModel --target-python-version 3.11
--base-class salient_client.wire.Wire --use-standard-collections --use-union-operator
--use-annotated --use-schema-description --use-single-line-docstring --use-inline-field-description
--use-field-description --strict-nullable --enum-field-as-literal all --collapse-root-models
--keep-model-order --use-exact-imports --disable-timestamp --formatters builtin
"""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of a method, and what it is called in the request."""

    name: str
    wire: str
    where: str  # path | query | header
    type: str
    default: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method."""

    name: str
    method: str
    path: str
    about: str
    parameters: tuple[Parameter, ...]
    body: str = ""
    uploads: tuple[str, ...] = ()  # media types of a body that is no JSON
    answers: tuple[str, ...] = ()  # what may come back, as in Python; none: nothing does

    @property
    def models(self) -> list[str]:
        """What an answer is read as, one after the other; none: as text, or not at all."""
        return [one for one in self.answers if one != "str"]

    @property
    def within(self) -> list[Parameter]:
        """The arguments that stand in the path."""
        return self._at("path")

    @property
    def query(self) -> list[Parameter]:
        """The arguments of the query string."""
        return self._at("query")

    @property
    def headers(self) -> list[Parameter]:
        """The arguments that are sent as headers."""
        return self._at("header")

    @property
    def named(self) -> list[Parameter]:
        """The arguments that are given by name, those without a default first."""
        found = [one for one in self.parameters if one.where != "path"]
        if self.uploads:
            allowed = ", ".join(json.dumps(one) for one in self.uploads)
            found.append(Parameter("content_type", "", "", f"Literal[{allowed}]"))
        return sorted(found, key=lambda one: bool(one.default))

    def _at(self, where: str) -> list[Parameter]:
        return [one for one in self.parameters if one.where == where]


def slim(node: Any, *, names: bool = False) -> Any:
    """A schema without bounds and examples; `names`: the keys are those of fields."""
    if isinstance(node, list):
        return [slim(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: value if key in _AS_THEY_ARE and not names else slim(value, names=key == "properties")
        for key, value in node.items()
        if names or _says_something(key, value)
    }


def _says_something(key: str, value: Any) -> bool:
    """Whether a model needs this key: it takes unknown fields, and no whole objects by default."""
    if key == "default":
        return not isinstance(value, dict)
    return key in _KEPT or (key == "additionalProperties" and value is not False)


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """What can be called as a method: what answers JSON, or nothing."""
    for path, item in document["paths"].items():
        for method, content in item.items():
            answers = _answers(content)
            if answers is not None:
                yield _operation(document, path, method, answers)


def _answers(content: dict[str, Any]) -> tuple[str, ...] | None:
    """What a successful answer may be; None for pixels, redirects and the like."""
    response = next((one for code, one in content["responses"].items() if code[0] == "2"), None)
    if response is None or "content" not in response:
        return None if response is None else ()
    media = response["content"]
    if all(name.startswith("text/") for name in media):
        return ("str",)
    schema = media.get(_JSON, {}).get("schema", {})
    found = (_model(one) for one in schema.get("anyOf", [schema]))
    return tuple(f"models.{name}" for name in found if name) or None


def _operation(
    document: dict[str, Any], path: str, method: str, answers: tuple[str, ...]
) -> Operation:
    content = document["paths"][path][method]
    body, uploads = _body(content.get("requestBody", {}).get("content", {}))
    found = (_parameter(document, one) for one in content.get("parameters", ()))
    return Operation(
        name=content["operationId"],
        method=method.upper(),
        path=path,
        about=_indented(content["description"]),
        parameters=tuple(found),
        body=body,
        uploads=uploads,
        answers=answers,
    )


def _indented(text: str) -> str:
    """As a docstring of a method; one of several lines ends on a line of its own."""
    return "\n        ".join([*text.splitlines(), ""] if "\n" in text else [text])


def _body(media: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    if not media:
        return "", ()
    model = _model(media.get(_JSON, {}).get("schema", {}))
    return (f"models.{model}", ()) if model else ("bytes", tuple(media))


def _parameter(document: dict[str, Any], content: dict[str, Any]) -> Parameter:
    name = re.sub(r"\W", "_", content["name"]).lower()
    type_ = _type(document, content["schema"])
    default = "" if content.get("required") else repr(content["schema"].get("default"))
    return Parameter(name, content["name"], content["in"], type_, default)


def _type(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """What a parameter is in Python."""
    if "anyOf" in schema:
        return " | ".join(_type(document, one) for one in schema["anyOf"])
    if name := _model(schema):
        return _type(document, document["components"]["schemas"][name])
    if "enum" in schema:
        return f"Literal[{', '.join(json.dumps(one) for one in schema['enum'])}]"
    return _FORMATS.get(schema.get("format", "")) or _TYPES[schema["type"]]


def _model(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def write_models(document: dict[str, Any], out: Path) -> None:
    """Write the models of all schemas into `out`."""
    schemas = {name: slim(one) for name, one in document["components"]["schemas"].items()}
    head = {name: document[name] for name in ("openapi", "info")}
    with TemporaryDirectory() as folder:
        source = Path(folder, "openapi.json")
        source.write_text(json.dumps({**head, "paths": {}, "components": {"schemas": schemas}}))
        command: list[str | Path] = [BIN / "datamodel-codegen", "--input", source, "--output", out]
        header = '"""What is sent and received. Made by `make client`; do not edit."""'
        command += [*_MODEL_OPTIONS.split(), "--custom-file-header", header]
        subprocess.run(command, check=True)  # noqa: S603 - our own command


def write_methods(document: dict[str, Any], folder: Path) -> None:
    """Write both clients: the one that waits and the one that is awaited."""
    source = (HERE / "client.py.jinja").read_text(encoding="utf-8")
    template = jinja2.Template(source, trim_blocks=True)
    found = list(operations(document))
    summary = document["info"]["summary"]
    for prefix in ("", "Async"):
        text = template.render(
            {"await": prefix},
            name=f"{prefix}Salient",
            base=f"{prefix}Connection",
            summary=summary,
            operations=found,
        )
        module = f"{prefix.lower()}_client.py".lstrip("_")
        (folder / module).write_text(text, encoding="utf-8")


def main(folder: Path) -> None:
    """Make everything anew in `folder`."""
    document = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").write_text(
        '"""Made by `make client`; do not edit."""\n', encoding="utf-8"
    )
    write_models(document, folder / "models.py")
    write_methods(document, folder)
    tidy: list[str | Path] = [BIN / "ruff", "format", "--quiet", "--isolated"]
    subprocess.run([*tidy, "--line-length", "99", folder], check=True)  # noqa: S603 - as above


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else GENERATED)
