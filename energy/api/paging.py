"""How long a list of the API may be."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """A bounded page."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500
