"""Lists come in pages."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

MAX_PAGE = 2**31 - 1


class Pages(PageNumberPagination):
    """Numbered pages; anything but a number in its limits is refused, so that nobody gets something else unnoticed."""

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100

    def get_page_size(self, request: Request) -> int:
        """The size that was asked for; ValidationError where it is no number from 1 to the maximum."""
        return self._number(request, self.page_size_query_param, self.page_size, self.max_page_size)

    def get_page_number(self, request: Request, paginator: Any) -> int:
        """The page that was asked for; ValidationError where it is no number, NotFound where there is no such page."""
        number = self._number(request, self.page_query_param, 1, MAX_PAGE)
        if number > paginator.num_pages:
            raise NotFound(f"There is no such page: the last one is {paginator.num_pages}.")
        return number

    @staticmethod
    def _number(request: Request, name: str, default: int, most: int) -> int:
        written = request.query_params.get(name, str(default))
        number = int(written) if written.isascii() and written.isdigit() and len(written) <= 10 else 0
        if not 1 <= number <= most:
            raise ValidationError({name: [f"This must be a whole number from 1 to {most}."]})
        return number
