"""How meters are checked, what was learned about them, and what waits for a person."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from energy.models import ClassSettings, LearnedLimits, Review, ReviewState
from energy.selectors.reviews import found_words
from members.admin.roles import FactAdmin, RoleAdmin, label_said
from members.models import Role

STATE_COLOURS = {
    ReviewState.OPEN: "warning",
    ReviewState.ACCEPTED: "success",
    ReviewState.EDITED: "success",
    ReviewState.EXPIRED: "info",
    ReviewState.SUPERSEDED: "info",
}


@admin.register(ClassSettings)
class ClassSettingsAdmin(RoleAdmin):
    """How strictly each class of meters is checked."""

    cooperative_path = "microgrid__cooperative"
    change_roles = add_roles = delete_roles = (Role.OPERATOR,)
    list_display = ("meter_class", "microgrid", "limit_factor", "stuck_intervals", "night_percent", "review_working_days")
    list_filter = ("microgrid", "meter_class")
    list_select_related = ("microgrid",)
    ordering = ("microgrid", "meter_class")


@admin.register(LearnedLimits)
class LearnedLimitsAdmin(FactAdmin):
    """What is usual for each meter, with when and from what it was learned."""

    cooperative_path = "meter__microgrid__cooperative"
    list_display = ("meter", "channel", "meter_class", "days", "first_day", "last_day", "learned_at")
    list_filter = ("meter__microgrid", "channel", "meter_class")
    list_select_related = ("meter",)
    search_fields = ("meter__code",)
    ordering = ("meter__code", "channel")


@admin.register(Review)
class ReviewAdmin(FactAdmin):
    """Reviews; they are decided on the operators' page."""

    cooperative_path = "microgrid__cooperative"
    list_display = ("meter", "day", "channel", "found_label", "state_label", "deadline_at", "decided_by", "page")
    list_filter = ("microgrid", "state", "channel")
    list_select_related = ("meter", "decided_by")
    search_fields = ("meter__code", "reason")
    date_hierarchy = "day"
    ordering = ("-day", "meter__code")

    @display(description=gettext_lazy("Found"))
    def found_label(self, row: Review) -> str:
        return ", ".join(map(label_said, found_words(row.found)))

    @display(description=gettext_lazy("State"), ordering="state", label=STATE_COLOURS)
    def state_label(self, row: Review) -> tuple[str, str]:
        return row.state, label_said(row.get_state_display())

    @display(description=gettext_lazy("Page"))
    def page(self, row: Review) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("review", args=[row.public_id]), _("Look"))
