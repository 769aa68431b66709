"""What was foreseen, by which models, and how right it was; facts that nobody edits."""

from django.contrib import admin

from energy.models import ForecastModel, ForecastRun, ForecastScore
from members.admin.roles import FactAdmin


@admin.register(ForecastModel)
class ForecastModelAdmin(FactAdmin):
    """Models and why each was trained; their trees are not for reading."""

    cooperative_path = "microgrid__cooperative"
    list_display = ("microgrid", "quantity", "trained_until", "reason", "rows", "version", "made_at")
    list_filter = ("microgrid", "quantity", "reason")
    list_select_related = ("microgrid",)
    date_hierarchy = "trained_until"
    ordering = ("-trained_until",)
    fields = ("microgrid", "quantity", "trained_until", "made_at", "reason", "version", "rows")


@admin.register(ForecastRun)
class ForecastRunAdmin(FactAdmin):
    """Runs by origin."""

    cooperative_path = "microgrid__cooperative"
    list_display = ("microgrid", "kind", "origin_at", "made_at", "horizon", "model_version", "weather")
    list_filter = ("microgrid", "kind")
    list_select_related = ("microgrid",)
    date_hierarchy = "origin_at"
    ordering = ("-origin_at",)
    fields = (*list_display, "interval_minutes")


@admin.register(ForecastScore)
class ForecastScoreAdmin(FactAdmin):
    """Scores by day: the forecast's error beside habit's."""

    cooperative_path = "microgrid__cooperative"
    list_display = (
        "day",
        "microgrid",
        "quantity",
        "meter",
        "mae_wh",
        "yesterday_mae_wh",
        "last_week_mae_wh",
        "like_days_mae_wh",
        "coverage",
        "pinball_wh",
    )
    list_filter = ("microgrid", "quantity")
    search_fields = ("meter__code",)
    list_select_related = ("microgrid", "meter")
    date_hierarchy = "day"
    ordering = ("-day",)
