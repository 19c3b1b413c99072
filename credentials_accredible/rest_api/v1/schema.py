"""How the API describes itself, through drf-yasg: on the host's page of API documentation, and in docs/openapi.yaml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.utils.decorators import method_decorator
from django_filters.fields import IsoDateTimeField
from drf_yasg import openapi
from drf_yasg.inspectors import FieldInspector, FilterInspector, NotHandled, PaginatorInspector
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework import serializers
from rest_framework.viewsets import ViewSetMixin

from credentials_accredible.rest_api.v1.base import MAX_PAGE, Pages
from credentials_accredible.rest_api.v1.errors import ErrorSerializer, InvalidSerializer
from credentials_accredible.rest_api.v1.input_serializers import StrictSerializer

F = TypeVar("F", bound=Callable[..., Any])
V = TypeVar("V", bound=type[ViewSetMixin])

TAG = "accredible"

_ANYWHERE: dict[int, Any] = {
    401: openapi.Response("Not logged in, or a token that cannot be used.", ErrorSerializer),
    403: openapi.Response(
        "A permission is missing, which the answer names; or nobody is logged in, where the service asks for no token.",
        ErrorSerializer,
    ),
    405: openapi.Response("Not with this method.", ErrorSerializer),
    406: openapi.Response("Answers are JSON and nothing else.", ErrorSerializer),
    429: openapi.Response("Too many requests: Retry-After says how many seconds to wait.", ErrorSerializer),
    500: openapi.Response("A setting that cannot be used, or something that should not happen.", ErrorSerializer),
}
_INVALID = {400: openapi.Response("Input that cannot be used.", InvalidSerializer)}
_NO_SUCH_PAGE = {404: openapi.Response("There are not so many pages, or there is none of that id.", ErrorSerializer)}
_NOT_THERE = {404: openapi.Response("There is none of that id.", ErrorSerializer)}
_NOT_JSON = {415: openapi.Response("What is sent has to be JSON.", ErrorSerializer)}


class AnswerFields(FieldInspector):
    """Says what holds for answers: drf-yasg describes all as if it were sent, with limits and with omissions."""

    def process_result(self, result: Any, method_name: str, obj: Any, **kwargs: Any) -> Any:
        """The same, if ``obj`` is a part of an answer: all its fields are there, and its texts can be empty."""
        if result is NotHandled or isinstance(obj.parent, StrictSerializer):
            return result
        schema = openapi.resolve_ref(result, self.components) if isinstance(result, openapi.SchemaRef) else result
        if isinstance(obj, StrictSerializer):
            schema["additionalProperties"] = False
            return result
        for name in ("minLength", "readOnly", "title"):
            schema.pop(name, None)
        if isinstance(obj, serializers.ChoiceField) and obj.allow_blank and "" not in schema["enum"]:
            schema["enum"] = ["", *schema["enum"]]
        if isinstance(obj, serializers.Serializer):
            schema["required"] = [name for name, field in obj.fields.items() if field.required or field.read_only]
            if isinstance(obj.parent, serializers.ListSerializer):
                # It is the list that can be null.
                schema.pop("x-nullable", None)
        return result


class FilterParameters(FilterInspector):
    """The filters of a list, with the types and limits that hold for them."""

    def get_filter_parameters(self, filter_backend: Any) -> list[openapi.Parameter]:
        filterset = self.view.filterset_class
        return [
            openapi.Parameter(name, openapi.IN_QUERY, description=str(found.label), **_type_of(found.field))
            for name, found in filterset.base_filters.items()
        ]


class PageParameters(PaginatorInspector):
    """The parameters of pages, and what a page looks like."""

    def get_paginator_parameters(self, paginator: Any) -> list[openapi.Parameter]:
        return [
            _number("page", "The number of the page, from 1.", MAX_PAGE),
            _number("page_size", f"How many of them, {Pages.page_size} if not said.", Pages.max_page_size),
        ]

    def get_paginated_response(self, paginator: Any, response_schema: Any) -> openapi.Schema:
        link = openapi.Schema(type=openapi.TYPE_STRING, format=openapi.FORMAT_URI, x_nullable=True)
        return openapi.Schema(
            type=openapi.TYPE_OBJECT,
            required=["count", "next", "previous", "results"],
            properties={
                "count": openapi.Schema(type=openapi.TYPE_INTEGER, description="On all pages."),
                "next": link,
                "previous": link,
                "results": response_schema,
            },
        )


def resource(name: str, *, listed: str, read: str) -> Callable[[V], V]:
    """Describes a view: its list in pages, and the reading of a single object."""
    reading = _described(f"{name}_read", read, _sorted(_ANYWHERE, _NOT_THERE))

    def describe(view: V) -> V:
        method_decorator(listing(f"{name}_list", listed), name="list")(view)
        method_decorator(reading, name="retrieve")(view)
        return view

    return describe


def listing(operation_id: str, text: str) -> Callable[[F], F]:
    """Describes a list in pages."""
    return _described(
        operation_id,
        text,
        _sorted(_ANYWHERE, _INVALID, _NO_SUCH_PAGE),
        filter_inspectors=[FilterParameters],
        paginator_inspectors=[PageParameters],
    )


def acting(operation_id: str, text: str, body: Any, answers: dict[int, tuple[str, Any]]) -> Callable[[F], F]:
    """Describes an action; ``body`` None where nothing is sent."""
    own = {status: openapi.Response(description, schema) for status, (description, schema) in answers.items()}
    return _described(
        operation_id,
        text,
        _sorted(_ANYWHERE, _NOT_THERE, {**_INVALID, **_NOT_JSON} if body else {}, own),
        request_body=body or no_body,
        filter_inspectors=[],
        paginator_inspectors=[],
    )


def _described(operation_id: str, text: str, responses: dict[int, Any], **more: Any) -> Callable[[F], F]:
    return swagger_auto_schema(
        operation_id=operation_id,
        operation_summary=text.partition(". ")[0].rstrip("."),
        operation_description=text,
        tags=[TAG],
        responses=responses,
        field_inspectors=[AnswerFields],
        **more,
    )


def _sorted(*parts: dict[int, Any]) -> dict[int, Any]:
    return dict(sorted({status: answer for part in parts for status, answer in part.items()}.items()))


def _number(name: str, text: str, most: int) -> openapi.Parameter:
    return openapi.Parameter(
        name, openapi.IN_QUERY, description=text, type=openapi.TYPE_INTEGER, minimum=1, maximum=most
    )


def _type_of(field: forms.Field) -> dict[str, Any]:
    if isinstance(field, forms.IntegerField):
        return {"type": openapi.TYPE_INTEGER, "minimum": field.min_value, "maximum": field.max_value}
    if isinstance(field, forms.TypedChoiceField):
        return {"type": openapi.TYPE_BOOLEAN}
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        return {"type": openapi.TYPE_STRING, "enum": [value for value, _label in choices if value]}
    if isinstance(field, forms.UUIDField):
        return {"type": openapi.TYPE_STRING, "format": openapi.FORMAT_UUID}
    if isinstance(field, IsoDateTimeField):
        return {"type": openapi.TYPE_STRING, "format": openapi.FORMAT_DATETIME}
    return {"type": openapi.TYPE_STRING, "maxLength": field.max_length}  # type: ignore[attr-defined]
