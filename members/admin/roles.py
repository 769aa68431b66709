"""What roles may do in the admin: every page of every room goes through this one scope.

Staff of a cooperative see and change its rows only; Django's own permissions are not used. A superuser sees everything and
still cannot change what a page declares a fact.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache, lru_cache
from html import unescape
from typing import Any

from django.contrib import admin
from django.contrib.admin.filters import ChoicesFieldListFilter, FieldListFilter
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import escape
from django.utils.translation import get_language, gettext_lazy
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from kernel.intervals import Month
from kernel.written import whole_number
from members.language import amount, day_in_words, month_in_words, say_kept
from members.models import Membership, Role
from members.selectors.scope import user_of

LAST_MONTH = 999_912  # YYYYMM
KEPT = frozenset(
    (
        "based_on",
        "cause",
        "course_note",
        "decided_why",
        "detail",
        "mending",
        "note",
        "problem",
        "problem_detail",
        "reason",
        "sentence",
        "what",
        "why",
        "why_not",
    )
)
"""Fields that hold sentences kept in English; what people typed into them stays as it is."""
READING_ROLES = (Role.OPERATOR, Role.AUDITOR, Role.SUPPORT, Role.TARIFF_ADMIN)


def served_ids(request: HttpRequest, roles: Sequence[Role]) -> set[int]:
    """Ids of the cooperatives in which the user has one of `roles`; asked once per request."""
    if not hasattr(request, "_roles_served"):
        rows = Membership.objects.filter(user=user_of(request), member__isnull=True)
        request._roles_served = list(rows.values_list("cooperative_id", "role"))  # type: ignore[attr-defined]
    return {cooperative for cooperative, role in request._roles_served if role in roles}  # type: ignore[attr-defined]


class RoleScope(BaseModelAdmin):
    """Permissions by role; `cooperative_path` leads from a row to its cooperative, empty for the cooperative itself."""

    view_roles: Sequence[Role] = READING_ROLES
    change_roles: Sequence[Role] = ()
    add_roles: Sequence[Role] = ()
    delete_roles: Sequence[Role] = ()
    cooperative_path = "cooperative"

    def _may(self, request: HttpRequest, roles: Sequence[Role]) -> bool:
        if not (request.user.is_active and request.user.is_staff):
            return False
        return bool(roles) and (request.user.is_superuser or bool(served_ids(request, roles)))

    def _may_row(self, request: HttpRequest, roles: Sequence[Role], row: Model | None) -> bool:
        if not self._may(request, roles) or request.user.is_superuser or row is None:
            return self._may(request, roles)
        return self.cooperative_id_of(row) in served_ids(request, roles)

    def cooperative_id_of(self, row: Model) -> int | None:
        """The cooperative that a row belongs to."""
        found: Any = row
        for name in filter(None, self.cooperative_path.split("__")):
            found = getattr(found, name)
        return None if found is None else found.pk

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        roles = [*self.view_roles, *self.change_roles]
        return self._may_row(request, roles, self._judged(obj))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_row(request, self.change_roles, self._judged(obj))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, self.add_roles)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_row(request, self.delete_roles, self._judged(obj))

    def _judged(self, row: Model | None) -> Model | None:
        """The row by which permissions are judged; an inline is asked about its parent, which was judged already."""
        return row if isinstance(row, self.model) else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        path = f"{self.cooperative_path}__in" if self.cooperative_path else "pk__in"
        return rows.filter(**{path: served_ids(request, [*self.view_roles, *self.change_roles])})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only rows that the user sees on their own page."""
        related = self.admin_site._registry.get(db_field.related_model)
        if "queryset" not in kwargs and isinstance(related, RoleScope):
            kwargs["queryset"] = related.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Kinds and states in the reader's language; what is stored stays as it is."""
        offered: Any = super().formfield_for_choice_field(db_field, request, **kwargs)
        offered.choices = [(value, label_said(str(label))) for value, label in offered.choices]
        return offered

    @property
    def readonly_preprocess_fields(self) -> dict[str, Callable[[str], str]]:
        """How the theme says kinds, states and kept sentences that only show."""
        fields = self.model._meta.fields
        return {field.name: shown_label_said for field in fields if is_said(field)}


def is_said(field: Any) -> bool:
    """Whether a field holds a kind or state, or a sentence that was kept in English."""
    return bool(field.choices) or field.name in KEPT


def label_said(label: str) -> str:
    """The name of a kind, a state or a cause, or a kept sentence, in the reader's language."""
    return _label_in(get_language() or "", label)


@lru_cache(maxsize=4096)
def _label_in(language: str, label: str) -> str:
    return say_kept(label)


def shown_label_said(shown: str) -> str:
    """As `label_said`, of a label that is markup already."""
    return escape(label_said(unescape(shown)))


class SaidChoicesFilter(ChoicesFieldListFilter):
    """Rows by kind or state, offered in the reader's language."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield choice | {"display": label_said(str(choice["display"]))}


FieldListFilter.register(lambda field: bool(field.choices), SaidChoicesFilter, take_priority=True)


def for_people(page: Any, names: Sequence[Any]) -> list[Any]:
    """Fields and columns of a page's model, amounts written in the currency and months by name; what the page has itself stays its own."""

    def shown(name: Any) -> Any:
        if not isinstance(name, str) or hasattr(page, name):
            return name
        writer = period_written if name == "period" else money_written if name.endswith("_minor") else None
        if writer is None or page.model._meta.get_field(name).is_relation:
            return name
        label = str(page.model._meta.get_field(name).verbose_name)
        return written_column(name, label.removesuffix(" minor").removesuffix(" [Cent]"), writer)

    return [shown(name) for name in names]


def money_written(amount_minor: int | None) -> str:
    """An amount in minor units in the currency, with two decimals."""
    return "–" if amount_minor is None else amount(amount_minor)


def period_written(period: int) -> str:
    """A month kept as YYYYMM by its name, a day kept as YYYYMMDD as pages write it."""
    if period > LAST_MONTH:
        return day_in_words(date.fromisoformat(str(period)))
    return month_in_words(Month(period // 100, period % 100).first_day)


def kinds_said(page: Any, names: Sequence[Any]) -> list[Any]:
    """Columns of a page's list, kinds, states and kept sentences in the reader's language; what the page has itself stays its own."""
    kinds = {field.name: field for field in page.model._meta.fields if is_said(field)}

    def shown(name: Any) -> Any:
        if name == "__str__":
            return row_column(page.model)
        return kind_column(kinds[name]) if name in kinds and not hasattr(page, name) else name

    return [shown(name) if isinstance(name, str) else name for name in names]


@cache
def row_column(model: type[Model]) -> Callable[[Any], str]:
    """A column of what rows call themselves."""

    @admin.display(description=model._meta.verbose_name)
    def column(row: Any) -> str:
        return label_said(str(row))

    return column


@cache
def kind_column(field: Any) -> Callable[[Any], str]:
    """A column that says a kind, a state or a kept sentence."""
    labels = dict(field.flatchoices)  # not as text yet: the column outlives its first reader, a label may be said in another language next

    @admin.display(description=field.verbose_name, ordering=field.name)
    def column(row: Any) -> str:
        value = getattr(row, field.name)
        return label_said(str(labels.get(value, "–") if labels else value or "–"))

    column.__name__ = field.name
    return column


@cache
def written_column(name: str, label: str, writer: Callable[[Any], str]) -> Callable[[Any], str]:
    """A column that writes a value for people."""

    @admin.display(description=label, ordering=name)
    def column(row: Any) -> str:
        return writer(getattr(row, name))

    column.__name__ = name
    return column


class MonthFilter(admin.SimpleListFilter):
    """Rows by their month."""

    title = gettext_lazy("month")
    parameter_name = "period"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        periods = model_admin.get_queryset(request).order_by("-period").values_list("period", flat=True)
        return [(str(period), period_written(period)) for period in periods.distinct()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = whole_number(self.value() or "", most=99_999_999)
        return queryset if chosen is None else queryset.filter(period=chosen)


class RoleAdmin(RoleScope, ModelAdmin):
    """A page of a model, scoped by role. Amounts and months in lists are written for people."""

    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True
    warn_unsaved_form = True

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        return kinds_said(self, for_people(self, super().get_list_display(request)))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """The window's title names the row in the reader's language."""
        subtitle = label_said(str(context.get("subtitle") or ""))
        return super().render_change_form(request, {**context, "subtitle": subtitle}, *args, **kwargs)


class FactAdmin(RoleAdmin):
    """A page that only shows: what happened is not edited by hand. Amounts are written in the currency."""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return for_people(self, super().get_fields(request, obj))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class RoleTabularInline(RoleScope, TabularInline):
    """Rows inside another page; the parent was scoped already. Amounts that only show are written in the currency."""

    extra = 0
    tab = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super(RoleScope, self).get_queryset(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return for_people(self, super().get_readonly_fields(request, obj))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        shown = set(super().get_readonly_fields(request, obj))
        return [
            for_people(self, [name])[0] if isinstance(name, str) and name in shown else name for name in super().get_fields(request, obj)
        ]


class RoleStackedInline(RoleScope, StackedInline):
    """As RoleTabularInline, one form below the other."""

    extra = 0
    tab = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super(RoleScope, self).get_queryset(request)
